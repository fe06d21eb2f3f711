/**
 * Why the host did not open a connection for a worker.
 *
 * @module
 */

import type { CONNECTION_CODES } from "../shared/error_codes.ts";
import { ContractorError, ExitCode } from "../shared/errors.ts";

/** What stopped a connection. */
export type EgressRefusal = keyof typeof CONNECTION_CODES;

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
