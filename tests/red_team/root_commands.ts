/**
 * What root in the tiny worker can do to the ways that lead to the manager; in
 * the words of busybox, for scripts that `sudo sh` runs.
 *
 * @module
 */

/**
 * Opens a port of the runner as descriptor 5. A port is open but once at a time,
 * so the runner and its children go first, and no other one comes.
 */
export function takePort(name: "control" | "log"): string {
  return `
rm /usr/lib/contractor/runner
for port in /sys/class/virtio-ports/*; do
  [ "$(cat $port/name)" != org.contractor.${name} ] || device=/dev/\${port##*/}
done
for descriptor in /proc/[0-9]*/fd/*; do
  [ "$(readlink $descriptor)" = $device ] || continue
  process=\${descriptor#/proc/}
  kill -KILL \${process%%/*}
done
until (: 5<>$device) 2>/dev/null; do :; done
exec 5<>$device
`;
}

/**
 * Writes an archive onto the disk where the host expects it, behind sources of
 * less than a mebibyte, and sets \`disk\` to its device.
 */
export function writeExport(archive: string): string {
  return `
for serial in /sys/block/*/serial; do
  [ "$(cat $serial)" = contractor-trees ] || continue
  disk=\${serial%/serial}
  disk=/dev/\${disk##*/}
done
dd if=${archive} of=$disk bs=64k seek=16 conv=fsync
`;
}

/** Runs a script of the source tree as root, which nothing ends with the build. */
export function startAsRoot(file: string): string {
  return `sudo sh -c 'setsid sh ${file} </dev/null >/dev/null 2>&1 &'`;
}
