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

# Reads the texts from standard input: a command line would be found itself.
search() {
    printf '%s\n' "$1" | grep -rlsF -f - --exclude-dir=proc --exclude-dir=sys /
    for environment in /proc/[0-9]*/environ /proc/cmdline; do
        printf '%s\n' "$1" | grep -lsF -f - "$environment"
    done
    for disk in /dev/sd?; do
        tr -s '\0' '\n' <"$disk" | { printf '%s\n' "$1" >/run/inspected; grep -qF -f /run/inspected; } &&
            echo "$disk"
        rm -f /run/inspected
    done
}

search "$control" | while read -r place; do fact control "$place"; done
search "$secret" | while read -r place; do fact secret "$place"; done

# The worker floods its console meanwhile; an old part of it is there once the
# file was full.
console=/var/lib/contractor/workers/${name#contractor-}/console.log
until [ -e "$console.0" ]; do sleep 1; done
sleep 5
for file in "$console"*; do fact console "$(wc -c <"$file")"; done
fact done 1
