import assert from "node:assert/strict";
import {
  BuildFailedError,
  ContractorError,
  EnvironmentError,
  ExitCode,
  InterruptedError,
  LimitExceededError,
  UsageError,
} from "../shared/errors.ts";
import { ChannelError } from "../shared/rpc/channel_error.ts";
import { outcomeOf, summarize, toReportedError } from "./outcome.ts";

const { signal } = new AbortController();

Deno.test("an interruption hides the errors that it causes", () => {
  const error = toReportedError(
    new BuildFailedError("build-failed", "The build failed"),
    AbortSignal.abort(),
  );
  assert.ok(error instanceof InterruptedError);
  assert.equal(error.exitCode, ExitCode.interrupted);
});

Deno.test("what is no error of Contractor is a defect of it", () => {
  for (const cause of [new TypeError("a mistake"), "a mistake"]) {
    const error = toReportedError(cause, signal);
    assert.equal(error.code, "internal");
    assert.equal(error.exitCode, ExitCode.environment);
    assert.equal(error.message, "Contractor failed: a mistake");
    assert.match(error.hint!, /report it/);
    assert.equal(error.cause, cause);
  }
});

Deno.test("a connection that breaks means that the manager ended", () => {
  for (
    const cause of [
      new ChannelError("channel-broken", "The channel failed"),
      new ChannelError("channel-closed", "The channel is closed"),
      new EnvironmentError("manager-gone", "QEMU ended"),
    ]
  ) {
    const error = toReportedError(cause, signal);
    assert.equal(error.code, "manager-lost");
    assert.equal(error.exitCode, ExitCode.environment);
    assert.ok(error.message.includes(cause.message));
  }
});

Deno.test("an error without a guest's text is reported as it is", () => {
  const cause = new LimitExceededError("log-limit", "Too much", {
    hint: "Less",
  });
  assert.equal(toReportedError(cause, signal), cause);
});

Deno.test("a guest's text is made safe; all else of its error stays", () => {
  const cause = new EnvironmentError("manager-boot-failed", "No sign of life", {
    hint: "Look",
    detail: "\x1b[2Jfirst\r\nlast\x07",
  });
  const error = toReportedError(cause, signal);
  assert.equal(error.detail, "\\x1b[2Jfirst\nlast\\x07");
  const { code, exitCode, message, hint } = error;
  assert.deepEqual({ code, exitCode, message, hint }, {
    code: cause.code,
    exitCode: cause.exitCode,
    message: cause.message,
    hint: cause.hint,
  });
});

Deno.test("of a long text of a guest, the end is kept", () => {
  const cause = new EnvironmentError("manager-boot-failed", "No sign of life", {
    detail: "booting\x1b\n".repeat(5000) + "Kernel panic",
  });
  const { detail } = toReportedError(cause, signal);
  assert.ok(detail!.length <= 4000, `${detail!.length} characters`);
  assert.match(detail!, /\nbooting\\x1b\nKernel panic$/);
});

Deno.test("a build's outcome follows from its error's exit code", () => {
  const outcomes: [ContractorError | undefined, string][] = [
    [undefined, "success"],
    [new BuildFailedError("build-failed", "A"), "build-failed"],
    [new LimitExceededError("log-limit", "A"), "limit-exceeded"],
    [
      new ContractorError("a", ExitCode.networkViolation, "A"),
      "network-violation",
    ],
    [new InterruptedError(), "interrupted"],
    [new EnvironmentError("internal", "A"), "error"],
    [new UsageError("bad-arguments", "A"), "error"],
  ];
  for (const [error, outcome] of outcomes) {
    assert.equal(outcomeOf(error), outcome);
  }
});

Deno.test("an event leaves out what an error does not have", () => {
  assert.deepEqual(summarize(new EnvironmentError("file-system", "Odd")), {
    code: "file-system",
    message: "Odd",
  });
  assert.deepEqual(
    summarize(
      new EnvironmentError("file-system", "Odd", { hint: "H", detail: "D" }),
    ),
    { code: "file-system", message: "Odd", hint: "H", detail: "D" },
  );
});
