import { deepEqual, equal, match } from "node:assert/strict";
import { BuildFailedError, EnvironmentError } from "../shared/errors.ts";
import { SpecError } from "../spec/problem.ts";
import { recordedTerminal } from "./recorded_terminal.ts";
import { reportError } from "./report_error.ts";

function report(error: unknown, json = false) {
  const terminal = recordedTerminal();
  const exitCode = reportError(error, terminal, json);
  return { exitCode, text: terminal.text() };
}

Deno.test("reportError prints message, hint and causes", () => {
  const error = new EnvironmentError("qemu-missing", "Cannot find QEMU", {
    hint: "Install it",
    cause: new Error("no such file", { cause: new Error("deeper") }),
  });
  deepEqual(report(error), {
    exitCode: 3,
    text: [
      "",
      `error: Cannot find QEMU
  hint: Install it
  cause: no such file
  cause: deeper
`,
    ],
  });
});

const specError = new SpecError("a\x1b.yaml", [
  { line: 7, column: 1, message: "Second", hint: "Do this" },
  { line: 2, column: 3, message: "First" },
]);

Deno.test("reportError prints every problem of a spec with its place", () => {
  deepEqual(report(specError), {
    exitCode: 2,
    text: [
      "",
      `error: Invalid build spec "a\\u001b.yaml": 2 problems
a\\u001b.yaml:2:3: First
a\\u001b.yaml:7:1: Second
  hint: Do this
`,
    ],
  });
});

Deno.test("reportError prints JSON on standard output", () => {
  const { exitCode, text: [stdout, stderr] } = report(specError, true);
  equal(exitCode, 2);
  equal(stderr, "");
  deepEqual(JSON.parse(stdout), {
    type: "error",
    code: "invalid-spec",
    exitCode: 2,
    message: 'Invalid build spec "a\\u001b.yaml": 2 problems',
    file: "a\x1b.yaml",
    problems: [
      { line: 2, column: 3, message: "First" },
      { line: 7, column: 1, message: "Second", hint: "Do this" },
    ],
    omitted: 0,
  });
});

Deno.test("reportError makes control characters of a message visible", () => {
  const { exitCode, text: [, stderr] } = report(
    new BuildFailedError("playbook-failed", "bad \x1b[2J"),
  );
  equal(exitCode, 1);
  equal(stderr, "error: bad \\u001b[2J\n");
});

Deno.test("reportError calls anything else an internal error", () => {
  const { exitCode, text: [, stderr] } = report(new TypeError("oops"));
  equal(exitCode, 3);
  match(
    stderr,
    /^internal error: oops \(at report_error_test\.ts:\d+:\d+\)\n {2}hint: .*\n$/,
  );
  equal(report("thrown text").exitCode, 3);
});
