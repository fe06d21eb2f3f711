/**
 * Errors of the host's file system, told the way a user can act on.
 *
 * @module
 */

import { ContractorError, EnvironmentError } from "../shared/errors.ts";
import { quoteUntrusted } from "./terminal_text.ts";

/** Wraps what an operation on a path threw; our own errors pass through. */
export function fileSystemError(
  action: string,
  path: string,
  cause: unknown,
): ContractorError {
  if (cause instanceof ContractorError) return cause;
  const quoted = quoteUntrusted(path);
  const code = (cause as { code?: string } | null)?.code;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new EnvironmentError(
      "disk-full",
      `Cannot ${action} ${quoted}: no space left on the disk`,
      { hint: "Free some space and build again", cause },
    );
  }
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new EnvironmentError(
    "file-system",
    `Cannot ${action} ${quoted}: ${detail}`,
    { cause },
  );
}
