/**
 * A terminal for tests that keeps what was written.
 *
 * @module
 */

import type { Output, Terminal } from "./terminal.ts";

/** A terminal without colours, and what was written to it. */
export function recordedTerminal(): Terminal & { text(): [string, string] } {
  const written = { stdout: "", stderr: "" };
  const output = (stream: keyof typeof written): Output => ({
    colour: false,
    live: false,
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
