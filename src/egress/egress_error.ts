/**
 * Why the host did not open a connection for a worker.
 *
 * @module
 */

import { ContractorError, ExitCode } from "../shared/errors.ts";

/** What stopped a connection. */
export type EgressRefusal =
  /** No rule of the build allows the destination. */
  | "not-allowed"
  /** The user denies the destination to all builds. */
  | "denied"
  /** The name has addresses, none of which the host may dial. */
  | "refused-address"
  /** The name has no address, or was not resolved in time. */
  | "no-address"
  /** No allowed address answered in time. */
  | "connect-failed"
  /** The build has too many connections open. */
  | "too-many"
  /** The build has sent and received as much as it may. */
  | "over-limit";

/** A connection that was not opened; the worker sees a reset. */
export class EgressRefusedError extends ContractorError {
  override readonly name = "EgressRefusedError";

  constructor(
    override readonly code: EgressRefusal,
    message: string,
    cause?: unknown,
    /** The address that was refused, where it was one. */
    readonly address?: string,
  ) {
    super(code, ExitCode.environment, message, { cause });
  }
}
