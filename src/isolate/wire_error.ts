/**
 * Errors on their way between isolates: structured cloning would keep neither
 * their class nor their code.
 *
 * @module
 */

import {
  BuildFailedError,
  ContractorError,
  EnvironmentError,
  type ErrorDetails,
  type ExitCode,
  InterruptedError,
  LimitExceededError,
  UsageError,
} from "../shared/errors.ts";
import type { LimitRecord } from "../shared/rpc/verdict.ts";

/** An error as plain data. */
export interface WireError {
  /** Undefined for what is no ContractorError: a mistake in the program. */
  known: { class: string; code: string; exitCode: ExitCode } | undefined;
  message: string;
  hint: string | undefined;
  detail: string | undefined;
  /** Of a LimitExceededError. */
  record: LimitRecord | undefined;
  stack: string | undefined;
}

type WireDetails = ErrorDetails & { record?: LimitRecord };

const classes: Record<
  string,
  new (code: string, message: string, details: WireDetails) => Error
> = { UsageError, EnvironmentError, BuildFailedError, LimitExceededError };

/** Makes plain data of anything that was thrown. */
export function toWireError(error: unknown): WireError {
  if (!(error instanceof ContractorError)) {
    const { message, stack } = error instanceof Error
      ? error
      : new Error(String(error));
    return {
      known: undefined,
      message,
      stack,
      hint: undefined,
      detail: undefined,
      record: undefined,
    };
  }
  const { name, code, exitCode, message, hint, detail } = error;
  return {
    known: { class: name, code, exitCode },
    message,
    hint,
    detail,
    record: error instanceof LimitExceededError ? error.record : undefined,
    stack: undefined,
  };
}

/** Makes an error of the same class, code and text. */
export function fromWireError(
  { known, message, hint, detail, record, stack }: WireError,
): Error {
  const details: WireDetails = {
    ...(hint !== undefined && { hint }),
    ...(detail !== undefined && { detail }),
    ...(record !== undefined && { record }),
  };
  if (known === undefined) {
    return new EnvironmentError("isolate-failed", message, { cause: stack });
  }
  if (known.class === "InterruptedError") return new InterruptedError(message);
  const Class = Object.hasOwn(classes, known.class) && classes[known.class];
  if (Class) return new Class(known.code, message, details);
  return new ContractorError(known.code, known.exitCode, message, details);
}
