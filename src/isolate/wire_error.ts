/**
 * Errors on their way between isolates: structured cloning would keep neither
 * their class nor their code.
 *
 * @module
 */

import {
  BUILD_FAILED_CODES,
  ENVIRONMENT_CODES,
  ERROR_CODES,
  LIMIT_CODES,
  USAGE_CODES,
} from "../shared/error_codes.ts";
import {
  BuildFailedError,
  ContractorError,
  EnvironmentError,
  type ErrorDetails,
  InterruptedError,
  LimitExceededError,
  UsageError,
} from "../shared/errors.ts";
import type { LimitRecord } from "../shared/rpc/verdict.ts";

/** An error as plain data. */
export interface WireError {
  /** Undefined for what is no ContractorError: a mistake in the program. */
  known: { class: string; code: string } | undefined;
  message: string;
  hint: string | undefined;
  detail: string | undefined;
  /** Of a LimitExceededError. */
  record: LimitRecord | undefined;
  stack: string | undefined;
}

type WireDetails = ErrorDetails & { record?: LimitRecord };

type Make = (message: string, details: WireDetails) => Error;

/** Makes an error of a class; undefined if the class has no such code. */
function makerOf(name: string, code: string): Make | undefined {
  switch (name) {
    case "UsageError":
      return maker(UsageError, USAGE_CODES, code);
    case "EnvironmentError":
      return maker(EnvironmentError, ENVIRONMENT_CODES, code);
    case "BuildFailedError":
      return maker(BuildFailedError, BUILD_FAILED_CODES, code);
    case "LimitExceededError":
      return maker(LimitExceededError, LIMIT_CODES, code);
    default:
      return undefined;
  }
}

function maker<C extends string>(
  Class: new (code: C, message: string, details: WireDetails) => Error,
  codes: Record<C, string>,
  code: string,
): Make | undefined {
  if (!Object.hasOwn(codes, code)) return undefined;
  return (message, details) => new Class(code as C, message, details);
}

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
  const { name, code, message, hint, detail } = error;
  return {
    known: { class: name, code },
    message,
    hint,
    detail,
    record: error instanceof LimitExceededError ? error.record : undefined,
    stack: undefined,
  };
}

/**
 * Makes an error of the same class, code and text. A code that no error has is
 * none: who reads hostile bytes may send anything.
 */
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
  const { code } = known;
  const make = makerOf(known.class, code);
  if (make !== undefined) return make(message, details);
  const error = ERROR_CODES.get(code);
  return error === undefined
    ? new EnvironmentError("isolate-failed", message, details)
    : new ContractorError(code, error.exitCode, message, details);
}
