/**
 * The tiny worker's image with a start-up that tries to reach an address.
 *
 * @module
 */

import { makeImageWithProgram } from "./image_file.ts";

/** What keeps the card's address, and here also what else it is used for. */
const network = `#!/bin/sh
(
    until ip route | grep -q default; do sleep 0.1; done
    ping -c 3 192.0.2.7
) &
grep -qsx 0x0001 /sys/bus/virtio/devices/*/device || exit 0
for card in /sys/class/net/*/device; do
    name=$(basename "$(dirname "$card")")
    ip link set "$name" up
    busybox udhcpc -f -i "$name" -t 100 -T 1 -A 1 -s "$1" >/dev/null 2>&1 &
done
wait
`;

/** Makes the image. */
export async function makeNoisyImage(path: string): Promise<void> {
  await makeImageWithProgram(path, "/usr/lib/contractor/network", network);
}
