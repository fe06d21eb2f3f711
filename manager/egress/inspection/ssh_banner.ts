/**
 * Checks that a client starts with an SSH identification line.
 *
 * RFC 4253, section 4.2: `SSH-2.0-softwareversion SP comments CR LF`, at most
 * 255 bytes with its line end; only a server may send other lines before it.
 * Software versions with a hyphen, which the RFC forbids, are common and taken.
 * The line names no host, so that a name cannot be checked.
 *
 * @module
 */

import { decodeLatin1 } from "./latin1.ts";
import {
  type InspectionStep,
  type ProtocolCheck,
  WRONG_PROTOCOL,
} from "./protocol_step.ts";

const MAX_LENGTH = 255;
const PREFIX = "SSH-2.0-";
const LINE_FEED = 10;
const LINE = /^SSH-2\.0-[\x21-\x7e][\x20-\x7e]*\r?\n$/;
const UNFINISHED = /^SSH-2\.0-(?:[\x21-\x7e][\x20-\x7e]*\r?)?$/;

/** The check of an SSH client's first line. */
export class SshBannerCheck implements ProtocolCheck {
  step(bytes: Uint8Array): InspectionStep {
    const start = bytes.subarray(0, MAX_LENGTH);
    const end = start.indexOf(LINE_FEED);
    const text = decodeLatin1(end < 0 ? start : start.subarray(0, end + 1));
    if (end >= 0) return LINE.test(text) ? "done" : WRONG_PROTOCOL;
    const mayContinue = start.length < MAX_LENGTH &&
      (PREFIX.startsWith(text) || UNFINISHED.test(text));
    return mayContinue ? "more" : WRONG_PROTOCOL;
  }

  mayEnd(): boolean {
    return false;
  }
}
