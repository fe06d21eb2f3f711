/**
 * What a worker runs before a build's steps, for GNU and busybox userlands alike.
 *
 * @module
 */

import { keepFactsThrough, layGroundwork } from "./groundwork.ts";

/** Exit status of a clone that keeps the random numbers it was saved with. */
export const STATUS_NOT_RENEWED = 3;

/**
 * Tells the time, in seconds since the epoch. Busybox knows no fractions of a
 * second: rather early than late by one.
 */
export function setTimeScript(seconds: number): string {
  return `date -u -s @${seconds.toFixed(2)} >/dev/null 2>&1 ||
  date -u -s @${Math.ceil(seconds)} >/dev/null 2>&1 || :
`;
}

/**
 * Gives a clone random numbers and identifiers of its own. The kernel renews its random numbers when it learns of its virtual machine's
 * new generation, and says so (drivers/char/random.c). What it and systemd drew
 * at their start is put in place of the old by a mount: the boot id, and a
 * machine id that was not to stay.
 */
export const renewScript = `\
tries=0
until dmesg | grep -q 'crng reseeded due to virtual machine fork'; do
  tries=$((tries + 1))
  [ "$tries" -lt 100 ] || exit ${STATUS_NOT_RENEWED}
  sleep 0.02
done
${
  keepFactsThrough(`\
cat /proc/sys/kernel/random/uuid >/run/contractor-boot-id
mount --bind /run/contractor-boot-id /proc/sys/kernel/random/boot_id
`)
}\
if [ -s /run/machine-id ]; then
  tr -d - </proc/sys/kernel/random/uuid >/run/machine-id
fi
`;

/** Has the programs in memory that steps need, and what they read. */
export const rehearseScript = `\
${layGroundwork}\
folder=$(mktemp -d)
tar -c -f "$folder/archive" -C / etc/hostname
tar -x -f "$folder/archive" -C "$folder"
find "$folder" -type f >/dev/null
rm -rf "$folder"
`;
