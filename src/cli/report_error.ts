/**
 * The one place where errors are printed.
 *
 * @module
 */

import { ContractorError, ExitCode } from "../shared/errors.ts";
import { InvalidFileError } from "../spec/problem.ts";
import { escapeControls } from "../shared/quote.ts";
import { toJsonLine } from "./json_output.ts";
import { type Style, styled } from "./style.ts";
import { escapeLine, GUTTER, ownLine, toRows } from "./rows.ts";
import type { Output, Terminal } from "./terminal.ts";

/** Causes beyond these are of no use to a user. */
const MAX_CAUSES = 3;

/** Prints an error and returns the exit code that belongs to it. */
export function reportError(
  error: unknown,
  terminal: Terminal,
  json: boolean,
): number {
  if (json) terminal.stdout.write(toJsonLine(errorRecord(error)));
  else terminal.stderr.write(errorText(error, terminal.stderr));
  return exitCodeOf(error);
}

/** What is shown of an error. */
interface ShownError {
  message: string;
  hint?: string | undefined;
  detail?: string | undefined;
}

/** An error's message, detail and hint, as progress and errors show them. */
export function messageText(
  label: string,
  { message, hint, detail }: ShownError,
  colour: boolean,
  columns: number | undefined,
): string {
  const paint = (text: string, style: Style) => styled(text, style, colour);
  const own = (line: string) => ownLine(line, columns);
  const gutter = `  ${paint(GUTTER, "dim")}`;
  return own(`${paint(`${label}:`, "red")} ${escapeLine(message)}`) +
    (detail?.trimEnd().split("\n") ?? []).map((line) =>
      toRows(escapeControls(line), { first: gutter, next: gutter }, columns)
    ).join("") +
    (hint === undefined
      ? ""
      : own(`  ${paint("hint:", "yellow")} ${escapeLine(hint)}`));
}

function errorText(
  error: unknown,
  { colour, columns: screen }: Pick<Output, "colour" | "columns">,
): string {
  const columns = screen();
  if (!(error instanceof ContractorError)) {
    const place = firstFrame(error);
    return messageText(
      "internal error",
      {
        message: messageOf(error) + (place ? ` (at ${place})` : ""),
        hint: "This is a defect of Contractor: please report it",
      },
      colour,
      columns,
    );
  }
  const problems = error instanceof InvalidFileError
    ? problemLines(error, colour)
    : [];
  const own = causes(error).map((cause) => `  cause: ${escapeLine(cause)}`);
  return messageText("error", error, colour, columns) +
    [...problems, ...own].map((line) => ownLine(line, columns)).join("");
}

function problemLines(error: InvalidFileError, colour: boolean): string[] {
  const lines: string[] = [];
  for (const { line, column, message, hint } of error.problems) {
    const place = `${escapeLine(error.file)}:${line}:${column}:`;
    lines.push(`${styled(place, "bold", colour)} ${escapeLine(message)}`);
    if (hint !== undefined) {
      lines.push(
        `  ${styled("hint:", "yellow", colour)} ${escapeLine(hint)}`,
      );
    }
  }
  if (error.omitted > 0) lines.push(`and ${error.omitted} more`);
  return lines;
}

function errorRecord(error: unknown): Record<string, unknown> {
  const known = error instanceof ContractorError ? error : undefined;
  return {
    type: "error",
    code: known?.code ?? "internal",
    exitCode: exitCodeOf(error),
    message: messageOf(error),
    ...(known?.hint !== undefined && { hint: known.hint }),
    ...(known?.detail !== undefined && { detail: known.detail }),
    ...(error instanceof InvalidFileError && {
      file: error.file,
      problems: error.problems,
      omitted: error.omitted,
    }),
  };
}

function exitCodeOf(error: unknown): number {
  return error instanceof ContractorError
    ? error.exitCode
    : ExitCode.environment;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function causes(error: Error): string[] {
  const messages: string[] = [];
  let { cause } = error;
  while (cause instanceof Error && messages.length < MAX_CAUSES) {
    messages.push(cause.message);
    cause = cause.cause;
  }
  return messages;
}

/** `file.ts:12:3`, where the error was thrown. */
function firstFrame(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return /\/([^/\s()]+:\d+:\d+)\)?$/m.exec(error.stack ?? "")?.[1];
}
