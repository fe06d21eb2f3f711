/**
 * How a protocol check tells what may happen with the bytes it was shown.
 *
 * @module
 */

import type { Refusal } from "../../../src/shared/rpc/verdict.ts";

/** What a check has against the bytes. */
export interface Objection {
  refusal: Refusal;
  /** The name that was claimed in them, fit to be shown. */
  claimed: string | null;
}

/**
 * Either: so many bytes from the start, at least one, may go; or nothing can
 * be said before more bytes have come; or everything, now and later, may go;
 * or something is wrong.
 */
export type InspectionStep = number | "more" | "done" | Objection;

/** Checks one direction of a connection, from the client. */
export interface ProtocolCheck {
  /**
   * Looks at all bytes, at least one, that were not let go yet. What was shown
   * before is shown again, followed by what came since.
   */
  step(bytes: Uint8Array): InspectionStep;
  /** Whether the client may end here, with bytes that were not let go. */
  mayEnd(): boolean;
}

/** The bytes are not those of the declared protocol. */
export const WRONG_PROTOCOL: Objection = {
  refusal: "wrong-protocol",
  claimed: null,
};
