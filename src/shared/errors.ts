/**
 * The errors Contractor reports, each with a stable code and an exit code.
 *
 * @module
 */

import type {
  BuildFailedCode,
  EnvironmentCode,
  LimitCode,
  UsageCode,
} from "./error_codes.ts";
import { ExitCode } from "./exit_code.ts";
import type { LimitRecord } from "./rpc/verdict.ts";

export { ExitCode };

/** Extra facts of an error, beyond its message. */
export interface ErrorDetails {
  /** What the user can do about it, as a sentence without a full stop. */
  hint?: string;
  /** More lines, such as a console's last ones; may be a guest's text. */
  detail?: string;
  /** The error that led to this one. */
  cause?: unknown;
}

/** Base of every error that is reported to the user without a stack trace. */
export class ContractorError extends Error {
  override readonly name: string = "ContractorError";
  readonly hint: string | undefined;
  readonly detail: string | undefined;

  /**
   * @param code stable, kebab-case identifier for machines
   * @param exitCode exit code of the command that fails with this error
   * @param message sentence case, no full stop, quotes the offending value
   */
  constructor(
    readonly code: string,
    readonly exitCode: ExitCode,
    message: string,
    details: ErrorDetails = {},
  ) {
    super(message, { cause: details.cause });
    this.hint = details.hint;
    this.detail = details.detail;
  }
}

/** The command line or the build spec is wrong: exit code 2. */
export class UsageError extends ContractorError {
  override readonly name = "UsageError";

  constructor(
    override readonly code: UsageCode,
    message: string,
    details?: ErrorDetails,
  ) {
    super(code, ExitCode.usage, message, details);
  }
}

/** The machine, the manager or Contractor itself is at fault: exit code 3. */
export class EnvironmentError extends ContractorError {
  override readonly name = "EnvironmentError";

  constructor(
    override readonly code: EnvironmentCode,
    message: string,
    details?: ErrorDetails,
  ) {
    super(code, ExitCode.environment, message, details);
  }
}

/** The playbook or the build commands failed: exit code 1. */
export class BuildFailedError extends ContractorError {
  override readonly name = "BuildFailedError";

  constructor(
    override readonly code: BuildFailedCode,
    message: string,
    details?: ErrorDetails,
  ) {
    super(code, ExitCode.buildFailed, message, details);
  }
}

/** A resource limit was exceeded: exit code 4. */
export class LimitExceededError extends ContractorError {
  override readonly name = "LimitExceededError";
  /** Which limit, and by how much, as far as it is known. */
  readonly record: LimitRecord | undefined;

  constructor(
    override readonly code: LimitCode,
    message: string,
    details: ErrorDetails & { record?: LimitRecord } = {},
  ) {
    super(code, ExitCode.limitExceeded, message, details);
    this.record = details.record;
  }
}

/** The build tried to reach what it may not: exit code 5. */
export class NetworkViolationError extends ContractorError {
  override readonly name = "NetworkViolationError";

  constructor(message: string, details?: ErrorDetails) {
    super("network-violation", ExitCode.networkViolation, message, details);
  }
}

/** The user interrupted the command: exit code 130. */
export class InterruptedError extends ContractorError {
  override readonly name = "InterruptedError";

  constructor(message = "Interrupted") {
    super("interrupted", ExitCode.interrupted, message);
  }
}
