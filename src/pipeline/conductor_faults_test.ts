/**
 * Whole builds with something wrong at each thing that they ask for: whatever
 * it is, what was found from outside counts most, an earlier workspace stays,
 * and nothing stays open.
 *
 * @module
 */

import assert from "node:assert/strict";
import { EnvironmentError } from "../shared/errors.ts";
import { methods } from "../shared/rpc/protocol.ts";
import { FakeBuild, plainSpec, plays } from "./testing/fake_build.ts";

const specs = { "a plain build": plainSpec, "a playbook": plainSpec + plays };

/** What goes wrong, and what then holds at a place of the trace. */
interface Fault {
  name: string;
  /** Of the places of a build without faults, those where it can happen. */
  isPossible(call: string, place: number, trace: readonly string[]): boolean;
  cause(build: FakeBuild): unknown;
  exitCode(place: number, trace: readonly string[]): number;
  code: string;
  /** Whether the new workspace counts, though the build fails later. */
  isKept?(place: number, trace: readonly string[]): boolean;
  /** Whether what is asked for is not done. */
  fails?: boolean;
  statuses?: { build: number };
}

/** The new workspace was in its place already. */
const isAfterKeep = (place: number, trace: readonly string[]) =>
  place > trace.indexOf("keep");

/** Nothing more is asked of the manager before the new workspace counts. */
const isAfterVerdict = (place: number, trace: readonly string[]) =>
  place > trace.lastIndexOf("build.verdict");

/** What `requireInnocence` asked last. */
const lastQuestion = (name: string, trace: readonly string[]) =>
  trace.lastIndexOf(name);

const isOpen = (place: number, trace: readonly string[]) =>
  place > trace.indexOf("build.open");

function isOfAgent(call: string): boolean {
  return call.split(" ")[0]! in methods;
}

const attempt = {
  protocol: "https",
  refusal: "address-refused",
  host: "evil.example",
  address: "10.0.0.1",
  port: 443,
  content: null,
  claimed: null,
} as const;

/** What is asked once the build is over; see the tests below. */
const closing = ["closeLog", "usage", "disconnect", "writeReport"];

const hostFinding: Omit<Fault, "name"> = {
  isPossible: (call, place, trace) =>
    isOpen(place, trace) && !closing.includes(call),
  cause: ({ egress }) => egress.findings.addAttempt(attempt),
  exitCode: () => 5,
  code: "network-violation",
  isKept: (place, trace) => place > lastQuestion("verdict of host", trace),
};

const managerFinding: Omit<Fault, "name"> = {
  isPossible: (_, place, trace) =>
    isOpen(place, trace) && place <= lastQuestion("build.verdict", trace),
  cause: ({ manager }) =>
    manager.findLimit({ limit: "cpu-time", allowed: 1, measured: 2 }),
  exitCode: () => 4,
  code: "cpu-time-limit",
};

const faults: Fault[] = [
  {
    name: "a failure",
    isPossible: (call) => !closing.includes(call),
    cause() {
      throw new EnvironmentError("disk-attach-failed", "Boom");
    },
    exitCode: () => 3,
    code: "disk-attach-failed",
    fails: true,
    isKept: isAfterKeep,
  },
  {
    name: "an interruption",
    isPossible: (call) => !closing.includes(call),
    cause: ({ interruption }) => interruption.abort(),
    exitCode: () => 130,
    code: "interrupted",
    isKept: isAfterKeep,
  },
  { name: "an attempt that the host sees", ...hostFinding },
  {
    name: "an attempt that the host sees, of a build that fails",
    ...hostFinding,
    statuses: { build: 7 },
  },
  { name: "a limit that the manager sees", ...managerFinding },
  {
    name: "a limit that the manager sees, of a build that fails",
    ...managerFinding,
    statuses: { build: 7 },
  },
  {
    name: "an attempt before a failure",
    ...hostFinding,
    cause(build) {
      hostFinding.cause(build);
      throw new EnvironmentError("disk-attach-failed", "Boom");
    },
    isKept: isAfterKeep,
    fails: true,
  },
  {
    name: "an answer that is none",
    isPossible: isOfAgent,
    cause: ({ manager }) => manager.nonsense = { answer: "yes" },
    exitCode: () => 3,
    code: "rpc-malformed-result",
    isKept: isAfterKeep,
  },
  {
    name: "a manager that ends",
    isPossible: (call, place, trace) =>
      place > trace.indexOf("manager.connect") &&
      place <= trace.indexOf("build.close") && !closing.includes(call),
    cause: ({ manager }) =>
      manager.end(new EnvironmentError("manager-gone", "The manager VM ended")),
    exitCode: () => 3,
    code: "manager-lost",
    isKept: isAfterVerdict,
  },
  {
    name: "a disk without room for the manager",
    isPossible: (call, place, trace) =>
      place > trace.indexOf("manager.connect") &&
      place <= trace.indexOf("build.close") && !closing.includes(call),
    cause: ({ manager }) =>
      manager.end(new EnvironmentError("state-directory-full", "No space")),
    exitCode: () => 3,
    code: "state-directory-full",
    isKept: isAfterVerdict,
  },
];

/** What a build without faults asks for. */
async function traceOf(spec: string): Promise<string[]> {
  const { trace } = await new FakeBuild({ spec }).run();
  return trace;
}

for (const [name, spec] of Object.entries(specs)) {
  for (const fault of faults) {
    Deno.test(`${fault.name} at each step of ${name}`, async (t) => {
      const trace = await traceOf(spec);
      const places = [...trace.entries()].filter(([place, call]) =>
        fault.isPossible(call, place, trace)
      );
      assert.ok(places.length > 10);
      for (const [place, call] of places) {
        await t.step(`${call} (${place})`, () => assertEnds(place, trace));
      }
    });

    const assertEnds = async (place: number, trace: string[]) => {
      const build = new FakeBuild({ spec });
      Object.assign(build.manager.statuses, fault.statuses);
      build.interfere = (_, at) => {
        if (at === place) fault.cause(build);
      };
      const { exitCode, report, events } = await build.run();
      assert.equal(report?.error?.code, fault.code);
      assert.equal(exitCode, fault.exitCode(place, trace));
      assert.equal(report.exitCode, exitCode);
      const isKept = fault.isKept?.(place, trace) ?? false;
      assert.equal(build.trees.workspace, isKept ? "source, built" : "earlier");
      assert.equal(report.workspace.exported, isKept);
      const end = events.at(-1);
      assert.ok(end?.type === "end");
      assert.deepEqual([end.exitCode, end.exported], [exitCode, isKept]);
      // A disk that cannot be pulled is pulled with the build's next one.
      const isStuck = fault.fails === true &&
        trace[place]!.startsWith("detachDisk");
      assert.deepEqual(build.leftOpen(), isStuck ? ["disk"] : []);
    };
  }
}

Deno.test("a report that cannot be written fails the build, and is told", async () => {
  const build = new FakeBuild();
  build.interfere = (call) => {
    if (call === "writeReport") {
      throw new EnvironmentError("disk-attach-failed", "Boom");
    }
  };
  const { exitCode, events, report } = await build.run();
  assert.equal(exitCode, 3);
  assert.equal(report, undefined);
  const [note, end] = events.slice(-2);
  assert.equal(note?.type === "note" && note.message, "Boom");
  assert.equal(end?.type === "end" && end.error?.code, "disk-attach-failed");
  assert.deepEqual(build.leftOpen(), []);
});

Deno.test("a build that failed keeps its own error if its report cannot be written", async () => {
  const build = new FakeBuild();
  build.manager.statuses.build = 1;
  build.interfere = (call) => {
    if (call === "writeReport") {
      throw new EnvironmentError("disk-attach-failed", "Boom");
    }
  };
  assert.equal((await build.run()).exitCode, 1);
});

Deno.test("a build whose threads cannot be asked any more has a report of that", async () => {
  for (const closed of ["closeLog", "usage", "disconnect"]) {
    const build = new FakeBuild();
    build.interfere = (call) => {
      if (call === closed) {
        throw new EnvironmentError("disk-attach-failed", "Boom");
      }
    };
    const { exitCode, report, events } = await build.run();
    assert.equal(exitCode, 3);
    assert.equal(report?.error?.code, "disk-attach-failed");
    assert.equal(events.at(-1)?.type, "end");
    assert.equal(build.manager.builds.size, 0);
  }
});

Deno.test("a build that failed keeps its own error if its threads cannot be asked", async () => {
  const build = new FakeBuild();
  build.manager.statuses.build = 1;
  build.interfere = (call) => {
    if (call === "usage") {
      throw new EnvironmentError("disk-attach-failed", "Boom");
    }
  };
  assert.equal((await build.run()).exitCode, 1);
});

Deno.test("an interruption once everything is done changes nothing", async () => {
  for (const place of closing) {
    const build = new FakeBuild();
    build.interfere = (call) => {
      if (call === place) build.interruption.abort();
    };
    assert.equal((await build.run()).exitCode, 0);
    assert.deepEqual(build.leftOpen(), []);
  }
});

Deno.test("what the manager finds while it is asked now and then ends the build", async () => {
  const build = new FakeBuild();
  build.interfere = async (call) => {
    if (call !== "worker.run build") return;
    build.manager.findLimit({ limit: "wall-time", allowed: 1, measured: 3 });
    build.clock.advance(2_000);
    await new Promise((resolve) => setTimeout(resolve));
  };
  const { exitCode, report } = await build.run();
  assert.equal(exitCode, 4);
  assert.deepEqual(report?.violations.limits, [{
    limit: "wall-time",
    allowed: 1,
    measured: 3,
    overshoot: 2,
    phase: "build",
  }]);
  assert.deepEqual(build.leftOpen(), []);
});

Deno.test("a step that never ends is ended by what is found, and by the user", async () => {
  for (
    const kind of ["prepare", "source-in", "build", "workspace-out"] as const
  ) {
    for (
      const [end, exitCode] of [
        [hostFinding.cause, 5],
        [({ interruption }: FakeBuild) => interruption.abort(), 130],
      ] as const
    ) {
      const build = new FakeBuild({ spec: plainSpec + plays });
      build.manager.stuck = { kind, onStuck: () => void end(build) };
      const built = await build.run();
      assert.equal(built.exitCode, exitCode);
      assert.equal(build.trees.workspace, "earlier");
      assert.deepEqual(build.leftOpen(), []);
    }
  }
});

Deno.test("a build that the manager does not know is asked no verdict on", async () => {
  for (const place of ["openLog", "manager.connect", "build.open"]) {
    const build = new FakeBuild();
    build.interfere = (call) => {
      if (call === place) {
        throw new EnvironmentError("disk-attach-failed", "Boom");
      }
    };
    const { trace } = await build.run();
    assert.ok(!trace.some((call) => /verdict/.test(call)));
  }
});

Deno.test("a user who interrupts hears of nothing else, and waits for nothing", async () => {
  const build = new FakeBuild();
  build.interfere = (call) => {
    if (call !== "worker.run build") return;
    hostFinding.cause(build);
    build.interruption.abort();
  };
  const { exitCode, trace, report } = await build.run();
  assert.equal(exitCode, 130);
  assert.equal(report?.error?.message, "Interrupted");
  assert.ok(!trace.some((call) => /verdict|destroy/.test(call)));
  assert.deepEqual(build.leftOpen(), []);
});
