/**
 * A terminal for tests that keeps what was written.
 *
 * @module
 */

import type { Output, Terminal } from "./terminal.ts";

/**
 * A terminal without colours, and what was written to it.
 *
 * @param columns of its screen, if it has one
 */
export function recordedTerminal(
  columns?: number,
): Terminal & { text(): [string, string] } {
  const written = { stdout: "", stderr: "" };
  const output = (stream: keyof typeof written): Output => ({
    colour: false,
    live: false,
    columns: () => columns,
    write(text) {
      written[stream] += text;
    },
  });
  return {
    stdout: output("stdout"),
    stderr: output("stderr"),
    text: () => [written.stdout, written.stderr],
  };
}
