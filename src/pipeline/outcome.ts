/**
 * What an error means for a build: pure decisions.
 *
 * @module
 */

import {
  ContractorError,
  EnvironmentError,
  ExitCode,
  InterruptedError,
} from "../shared/errors.ts";
import { sanitizeText } from "../guest/terminal_text.ts";
import type { BuildOutcome } from "./events.ts";

/** Most characters of a guest's text in an error. */
const DETAIL_CHARACTERS = 4000;

/**
 * Whatever a build threw, as an error for the user: an interruption hides what
 * it caused, a lost connection means that the manager ended, and text of a
 * guest is made safe to print.
 */
export function toReportedError(
  cause: unknown,
  signal: AbortSignal,
): ContractorError {
  if (signal.aborted) return new InterruptedError();
  if (!(cause instanceof ContractorError)) {
    const message = cause instanceof Error ? cause.message : String(cause);
    return new EnvironmentError("internal", `Contractor failed: ${message}`, {
      cause,
      hint: "This is a defect of Contractor: please report it",
    });
  }
  if (cause.code.startsWith("channel-") || cause.code === "manager-gone") {
    return new EnvironmentError(
      "manager-lost",
      `The manager VM ended during the build: ${cause.message}`,
      { cause, hint: "Build again: that starts a new one" },
    );
  }
  if (cause.detail === undefined) return cause;
  const { code, exitCode, message, hint } = cause;
  return new ContractorError(code, exitCode, message, {
    cause,
    ...(hint !== undefined && { hint }),
    detail: safeEnd(cause.detail),
  });
}

/** The end of a guest's text, where the reason is, safe to print. */
function safeEnd(text: string): string {
  const safe = sanitizeText(text, Infinity);
  return safe.slice(-DETAIL_CHARACTERS).toWellFormed();
}

/** How a build ended, by its error. */
export function outcomeOf(error: ContractorError | undefined): BuildOutcome {
  switch (error?.exitCode) {
    case undefined:
    case ExitCode.success:
      return "success";
    case ExitCode.buildFailed:
      return "build-failed";
    case ExitCode.limitExceeded:
      return "limit-exceeded";
    case ExitCode.networkViolation:
      return "network-violation";
    case ExitCode.interrupted:
      return "interrupted";
    default:
      return "error";
  }
}

/** An error as an event tells it. */
export function summarize({ code, message, hint, detail }: ContractorError) {
  return {
    code,
    message,
    ...(hint !== undefined && { hint }),
    ...(detail !== undefined && { detail }),
  };
}
