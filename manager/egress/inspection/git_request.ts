/**
 * Checks the request that a client of the Git protocol (`git://`) starts with.
 *
 * gitprotocol-pack(5): one pkt-line with the command, a space, the path, NUL,
 * `host=NAME[:PORT]`, NUL, and optionally NUL and extra parameters, each
 * followed by NUL. The protocol lets a client leave out the host; here it must
 * be there.
 *
 * @module
 */

import { judgeNames } from "./claimed_name.ts";
import { decodeLatin1 } from "./latin1.ts";
import {
  type InspectionStep,
  type ProtocolCheck,
  WRONG_PROTOCOL,
} from "./protocol_step.ts";

/** Length of a pkt-line with its own four digits, at most. */
const MAX_LENGTH = 65_520;
const DIGITS = 4;
/** The longest command and what follows it, without the path. */
const LOOKED_AT = 32;

const COMMANDS = [
  "git-upload-pack ",
  "git-receive-pack ",
  "git-upload-archive ",
];
const REQUEST =
  /^[a-z-]+ [^\0]+(?:\0(?:host=([^\0]*)\0)?(?:\0(?:[^\0]+\0)+)?)?$/;

/** The check of a Git client's request. */
export class GitRequestCheck implements ProtocolCheck {
  readonly #host: string;
  readonly #port: number;

  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
  }

  step(bytes: Uint8Array): InspectionStep {
    const start = decodeLatin1(bytes.subarray(0, DIGITS + LOOKED_AT));
    if (!startsRequest(start)) return WRONG_PROTOCOL;
    if (bytes.length < DIGITS) return "more";
    const length = parseInt(start.slice(0, DIGITS), 16);
    if (length <= DIGITS || length > MAX_LENGTH) return WRONG_PROTOCOL;
    if (bytes.length < length) return "more";
    return this.#judge(decodeLatin1(bytes.subarray(DIGITS, length)));
  }

  mayEnd(): boolean {
    return false;
  }

  #judge(request: string): InspectionStep {
    const match = REQUEST.exec(request);
    if (match === null || !COMMANDS.some((it) => request.startsWith(it))) {
      return WRONG_PROTOCOL;
    }
    const names = match[1] === undefined ? [] : [match[1]];
    return judgeNames(names, this.#host, this.#port) ?? "done";
  }
}

/** Whether this can be the start of a request, as far as it goes. */
function startsRequest(start: string): boolean {
  if (!/^[0-9a-fA-F]*$/.test(start.slice(0, DIGITS))) return false;
  const command = start.slice(DIGITS);
  return COMMANDS.some((it) =>
    it.startsWith(command) || command.startsWith(it)
  );
}
