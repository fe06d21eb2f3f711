# Makes small initramfs archives: busybox, an init script, kernel modules with
# all they depend on. Sourced.

# Prints the modules' files below the modules folder in the order to load them.
# Usage: modules_in_order MODULES_FOLDER MODULE...
modules_in_order() {
    modules_folder=$1
    shift
    for module in "$@"; do
        # A module's file may be named with dashes instead.
        pattern=$(printf '%s' "$module" | sed 's/_/[-_]/g')
        line=$(grep -E "/$pattern\.ko[^:]*:" "$modules_folder/modules.dep") || {
            # Built into the kernel, or not part of it: nothing to load.
            continue
        }
        # Dependencies come after the module's own file, last one first to load.
        printf '%s\n' "$line" | tr -d ':' | awk '{ for (i = NF; i > 0; i--) print $i }'
    done | awk '!seen[$0]++'
}

# Usage: add_modules TREE MODULES_FOLDER MODULE...
# Puts uncompressed modules into TREE/modules and their order into TREE/modules/order.
add_modules() {
    modules_tree=$1
    shift
    modules_folder=$1
    mkdir -p "$modules_tree/modules"
    modules_in_order "$@" | while read -r path; do
        module_file=$(basename "$path" | sed 's/\.ko.*/.ko/')
        case $path in
            *.xz) xz -dc "$modules_folder/$path" >"$modules_tree/modules/$module_file" ;;
            *.zst) zstd -qdc "$modules_folder/$path" >"$modules_tree/modules/$module_file" ;;
            *) cp "$modules_folder/$path" "$modules_tree/modules/$module_file" ;;
        esac
        printf '%s\n' "$module_file" >>"$modules_tree/modules/order"
    done
}

# Usage: add_busybox TREE BUSYBOX INIT
add_busybox() {
    mkdir -p "$1/bin" "$1/dev" "$1/proc" "$1/sys" "$1/root"
    install -m 755 "$2" "$1/bin/busybox"
    for applet in sh mount mkdir insmod cat sleep switch_root cp ls echo umount chroot \
        poweroff findfs reboot mv chown ln grep; do
        ln -sf busybox "$1/bin/$applet"
    done
    install -m 755 "$3" "$1/init"
}

# Usage: pack_initramfs TREE OUTPUT
pack_initramfs() {
    (cd "$1" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0) |
        zstd -q -9 -f -o "$2"
}
