#!/bin/sh
# Runs as root in the manager of a test: waits for a worker, tells what confines
# it, and searches the whole manager for texts of the host. What it finds goes
# to the journal, in lines: FACT NAME VALUE.

fact() {
    printf 'FACT %s %s\n' "$1" "$2"
}

# The reader turns these round, so that this file holds neither.
secret=$(echo 'SECRET' | busybox rev)
control=$(echo 'CONTROL' | busybox rev)

# Sets `worker` to the process of a worker that a build may use: a clone.
find_worker() {
    for process in /proc/[0-9]*; do
        if tr '\0' ' ' <"$process/cmdline" 2>/dev/null |
            grep -q '^[^ ]*qemu-system-x86_64 .*guest=contractor-.* -incoming '; then
            worker=$process
            return 0
        fi
    done
    return 1
}

# Prints a field of a process's status, its values parted by one space.
# Usage: status FIELD [PROCESS]
status() {
    awk -v field="$1:" '$1 == field { $1 = ""; $0 = $0; $1 = $1; print }' \
        "${2:-$worker}/status"
}

until find_worker; do sleep 1; done
# QEMU confines itself last, before the worker boots.
until [ "$(status Seccomp)" = 2 ]; do sleep 1; done

fact cmdline "$(tr '\0' ' ' <"$worker/cmdline")"
for field in Uid Gid Groups NoNewPrivs Seccomp CapInh CapEff CapPrm CapBnd CapAmb; do
    fact "$field" "$(status "$field")"
done
fact cgroup "$(cat "$worker/cgroup")"
group=/sys/fs/cgroup$(sed -n 's/^0:://p' "$worker/cgroup")
while [ "$group" != /sys/fs/cgroup ]; do
    fact memory.max "$(cat "$group/memory.max" 2>/dev/null)"
    group=${group%/*}
done
fact processes "$(sed -n 's/^Max processes *\([0-9]*\).*/\1/p' "$worker/limits")"
for space in mnt net pid user; do
    same=other
    [ "$(readlink "$worker/ns/$space")" != "$(readlink /proc/1/ns/$space)" ] || same=same
    fact "namespace-$space" "$same"
done
for process in /proc/[0-9]*; do
    case $(tr '\0' ' ' <"$process/cmdline" 2>/dev/null) in
        dnsmasq\ *) ;;
        *) continue ;;
    esac
    for field in Uid Gid NoNewPrivs Seccomp CapEff CapBnd; do
        fact "dhcp-$field" "$(status "$field" "$process")"
    done
done
for file in "$worker"/root/dev/*; do
    fact dev "${file##*/}"
done
for descriptor in "$worker"/fd/*; do
    fact open "$(readlink "$descriptor")"
done
name=$(tr '\0' ' ' <"$worker/cmdline" | sed 's/.*guest=\(contractor-[0-9a-f-]*\).*/\1/')
fact name "$name"
# Its second disk is plugged in when it runs.
until devices=$(virsh -c qemu:///system qemu-monitor-command "$name" --hmp 'info qtree') &&
    echo "$devices" | grep -q contractor-trees; do
    sleep 1
done
echo "$devices" | sed -n 's/^ *dev: \([^,]*\).*/\1/p' | while read -r device; do
    fact device "$device"
done
for card in /sys/class/net/*; do
    fact interface "${card##*/}"
done
for device in /sys/bus/pci/devices/*; do
    fact manager-pci "$(cat "$device/class")"
done
fact forwarding "$(cat /proc/sys/net/ipv4/ip_forward)"
for group in kvm libvirt-qemu; do
    fact "group-$group" "$(sed -n "s/^$group:[^:]*:\([0-9]*\):.*/\1/p" /etc/group)"
done

# Prints the texts, a line each: in a command line they would be found themselves.
texts() {
    printf '%s\n' "$control" "$secret"
}

# Tells which of the texts a file or a disk has.
# Usage: search PLACE
search() {
    texts >/run/inspected
    tr -s '\0' '\n' 2>/dev/null <"$1" | grep -aoF -f /run/inspected |
        sort -u | while read -r text; do
            case $text in
                "$control") fact control "$1" ;;
                "$secret") fact secret "$1" ;;
            esac
        done
    rm -f /run/inspected
}

# The places first: a search leaves its texts in a file meanwhile.
places=$(texts | grep -rlsF -f - --exclude-dir=proc --exclude-dir=sys /)
echo "$places" | while read -r place; do [ -z "$place" ] || search "$place"; done
for place in /proc/[0-9]*/environ /proc/cmdline; do
    search "$place"
done
# The host can search the data disk, and far sooner.
data=$(awk '$5 == "/var/lib/contractor" { print $3 }' /proc/self/mountinfo)
data=$(readlink -f "/sys/dev/block/$data")
data=/dev/${data##*/}
[ -b "$data" ] || fact secret 'no data disk'
for disk in /dev/sd?; do
    [ "$disk" = "$data" ] || search "$disk"
done

# The worker floods its console meanwhile; an old part of it is there once the
# file was full.
console=/var/lib/contractor/workers/${name#contractor-}/console.log
until [ -e "$console.0" ]; do sleep 1; done
sleep 5
for file in "$console"*; do fact console "$(wc -c <"$file")"; done
fact done 1
