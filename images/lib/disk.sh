# Makes bootable disks for any PC with a BIOS, without root: a FAT partition
# with syslinux, kernel and initramfs, and an ext4 partition with the root file
# system. Sourced, also by hooks of mmdebstrap.

# Where both partitions start, in MiB.
disk_boot_start=1
disk_boot_size=32
disk_root_start=33

# Name by which the initramfs finds the root file system.
disk_root_label=contractor-root

# Quiet, since each byte on a serial console costs a nested machine dearly; but
# errors, such as a process killed for want of memory, are to be seen. All devices
# are found from the first PCI bus: to ask for 255 more takes 16,000 exits from the
# virtual machine, which is a second under emulation. The kernel's
# own defences are off: they part a worker's root from its build user,
# who may become root anyway, not the worker from the manager.
disk_kernel_arguments="console=ttyS0 quiet pci=lastbus=0 loglevel=4 panic=-1 random.trust_cpu=on mitigations=off lsm=landlock,yama"

# Usage: make_boot_partition FILE KERNEL INITRAMFS KERNEL_ARGUMENTS
make_boot_partition() {
    rm -f "$1"
    # 2048 sectors come before the partition. Large clusters: the boot loader
    # follows the chain of each file step by step, slowly on an emulated CPU.
    mkfs.fat -F 12 -s 64 -h 2048 -n BOOT -C "$1" $((disk_boot_size * 1024)) >/dev/null
    printf 'DEFAULT linux\nPROMPT 0\nTIMEOUT 0\nLABEL linux\nKERNEL vmlinuz\nINITRD initrd.img\nAPPEND %s\n' \
        "$4" >"$1.cfg"
    mcopy -i "$1" "$2" ::vmlinuz
    mcopy -i "$1" "$3" ::initrd.img
    mcopy -i "$1" "$1.cfg" ::syslinux.cfg
    rm "$1.cfg"
    syslinux --install "$1"
}

# Usage: make_disk FILE SIZE_MIB BOOT_PARTITION ROOT_TREE MKE2FS_OPTION...
make_disk() {
    disk_file=$1
    disk_size=$2
    disk_boot=$3
    disk_tree=$4
    shift 4
    rm -f "$disk_file"
    truncate -s "${disk_size}M" "$disk_file"
    sfdisk --quiet "$disk_file" <<TABLE
label: dos
start=${disk_boot_start}MiB, size=${disk_boot_size}MiB, type=1, bootable
start=${disk_root_start}MiB, type=83
TABLE
    dd if=/usr/lib/syslinux/mbr/mbr.bin of="$disk_file" bs=440 count=1 conv=notrunc status=none
    dd if="$disk_boot" of="$disk_file" bs=1M seek="$disk_boot_start" conv=notrunc,sparse status=none
    mke2fs -q -t ext4 -L "$disk_root_label" -m 0 \
        -E "offset=$((disk_root_start * 1048576)),lazy_itable_init=1,lazy_journal_init=1,root_owner=0:0" \
        "$@" -d "$disk_tree" "$disk_file" "$((disk_size - disk_root_start))M"
}
