/**
 * Compares the names that a client claims with the declared one.
 *
 * @module
 */

import { encodeLatin1 } from "./latin1.ts";
import { type Objection, WRONG_PROTOCOL } from "./protocol_step.ts";
import { showName } from "./shown_name.ts";

/**
 * What is wrong with the claimed names, one character per byte: there must be
 * exactly one, equal to the declared host in any case of letters. If a port is
 * given, the name may carry it (`example.org:80`).
 */
export function judgeNames(
  claimed: readonly string[],
  host: string,
  port?: number,
): Objection | undefined {
  const other = claimed.find((name) => !isSame(name, host, port));
  if (claimed.length === 0 || other === "") {
    return { refusal: "name-missing", claimed: null };
  }
  if (other !== undefined) {
    return { refusal: "name-mismatch", claimed: showLatin1(other) };
  }
  return claimed.length === 1 ? undefined : WRONG_PROTOCOL;
}

/** Makes a name of one character per byte fit to be shown. */
export function showLatin1(name: string): string {
  return showName(encodeLatin1(name));
}

function isSame(name: string, host: string, port?: number): boolean {
  const lower = name.toLowerCase();
  return lower === host || (port !== undefined && lower === `${host}:${port}`);
}
