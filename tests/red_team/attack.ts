/**
 * Builds that try what they may not, and what must come of it: judged by the
 * report that the host writes and by canaries, never by what the worker says.
 *
 * @module
 */

import assert from "node:assert/strict";
import { dirname } from "node:path";
import type { Phase, PhaseOutcome } from "../../src/pipeline/events.ts";
import type { BuildReport } from "../../src/pipeline/report.ts";
import type { AttemptRecord } from "../../src/pipeline/violations.ts";
import type { LimitName, LimitRecord } from "../../src/shared/rpc/verdict.ts";
import type { FakeInternet } from "../harness/fake_internet.ts";
import { harnessCommand } from "../harness/harness_command.ts";
import { type Built, logOf, type OnEvent, type Project } from "../project.ts";

/** Lines of a spec's `network: build:` that let a worker reach the canaries. */
export const standardAllowance = [
  "{ host: allowed.example, protocols: [http, https, ssh, git, 'tcp:7000'] }",
];

/** A build in the tiny worker, on a made-up network. */
export interface Attack {
  /** The build commands. */
  script: string;
  /** Entries of `network: build:`; `none` is for no network card. */
  allow?: readonly string[] | "none";
  /** Keys of `resources:`, besides the memory and the disk. */
  resources?: string;
  /** Files of the source tree. */
  files?: Record<string, string | Uint8Array>;
  /** Whether the build learns which hosts it needs. */
  learn?: boolean;
  /** Private hosts that the user opens to the spec. */
  allowPrivate?: readonly string[];
  /** Told of each event of the build. */
  onEvent?: OnEvent;
}

/** How an attack ended. */
export interface Result extends Built {
  report: BuildReport;
  log: string;
}

/** The spec of an attack. */
export function attackSpec(attack: Attack): string {
  const allow = attack.allow ?? standardAllowance;
  const limits = attack.resources ?? "disk: 256 MiB";
  const resources = [
    "memory: 256 MiB",
    limits,
    // An attack that nothing ends must not hang the test.
    ...(limits.includes("wall-time") ? [] : ["wall-time: 5 min"]),
  ];
  return [
    "worker-image: tiny.img",
    "source: src",
    "workspace: ws",
    `resources: { ${resources.join(", ")} }`,
    "network:",
    `  build: ${allow === "none" ? allow : `[${allow.join(", ")}]`}`,
    "build: |",
    ...attack.script.trim().split("\n").map((line) => `  ${line}`),
    "",
  ].join("\n");
}

/** Builds a spec on the made-up network, and reads the report. */
export async function build(
  project: Project,
  internet: FakeInternet,
  spec: string,
  { options = [], onEvent }: { options?: string[]; onEvent?: OnEvent } = {},
): Promise<Result> {
  await project.write("build.yaml", spec);
  const built = await project.watch(
    project.spawn(
      [internet.encoded, "build.yaml", ...options],
      project.environment,
      harnessCommand,
    ),
    onEvent,
  );
  const end = built.events.at(-1);
  assert.equal(end?.type, "end", JSON.stringify(built.events));
  const report = JSON.parse(
    await Deno.readTextFile((end as { report: string }).report),
  );
  return { ...built, report, log: logOf(built.events) };
}

/** Runs an attack in a project. */
export async function run(
  project: Project,
  internet: FakeInternet,
  attack: Attack,
): Promise<Result> {
  for (const [name, content] of Object.entries(attack.files ?? {})) {
    await Deno.mkdir(dirname(project.path(`src/${name}`)), { recursive: true });
    await project.write(`src/${name}`, content);
  }
  const { learn, allowPrivate = [], onEvent } = attack;
  return await build(project, internet, attackSpec(attack), {
    options: [
      ...(learn ? ["--learn"] : []),
      ...allowPrivate.map((host) => `--allow-private=${host}`),
    ],
    ...(onEvent && { onEvent }),
  });
}

/** How a phase of the build ended; undefined if it was never started. */
export function phaseOutcome(
  { report }: Result,
  wanted: Phase,
): PhaseOutcome | undefined {
  return report.phases.find(({ phase }) => phase === wanted)?.outcome;
}

/** Text about a build that did not end as it should. */
export function explain({ report, log }: Result): string {
  const { outcome, error, violations, buildStatus, phases } = report;
  const end = log.slice(-4000);
  return JSON.stringify(
    { outcome, error, violations, buildStatus, phases, end },
    null,
    2,
  );
}

export function assertSuccess(result: Result): void {
  assert.equal(result.code, 0, explain(result));
  assert.equal(result.report.outcome, "success", explain(result));
  assert.equal(result.report.violations.network.total, 0, explain(result));
  assert.deepEqual(result.report.violations.limits, [], explain(result));
}

/** How soon a build is to end once it made an attempt, in seconds. */
const REACTION_GOAL = 2;

/** Asserts that the build failed for an attempt like this one. */
export function assertDenied(
  result: Result,
  expected: Partial<AttemptRecord>,
): void {
  const said = explain(result);
  assert.equal(result.code, 5, said);
  assert.equal(result.report.exitCode, 5, said);
  assert.equal(result.report.outcome, "network-violation", said);
  assert.equal(result.report.workspace.exported, false, said);
  const { total, records } = result.report.violations.network;
  assert.ok(total >= 1, said);
  assert.ok(records.some((record) => isLike(record, expected)), said);
  tellReaction(result);
}

export function isLike(
  attempt: AttemptRecord,
  expected: Partial<AttemptRecord>,
): boolean {
  return Object.entries(expected).every(([key, value]) =>
    attempt[key as keyof AttemptRecord] === value
  );
}

/**
 * Prints how long after the first attempt the worker was gone at the latest.
 * The attempt's time is mostly by the manager's clock, the end's by the host's.
 */
function tellReaction({ events, report }: Result): void {
  const times = report.violations.network.records
    .map(({ time }) => Date.parse(time));
  const end = events.find((event) =>
    event.type === "phase-end" && event.outcome === "failed"
  );
  if (end?.type !== "phase-end" || times.length === 0) return;
  const seconds = (Date.parse(end.time) - Math.min(...times)) / 1000;
  console.log(
    `ended ${
      seconds.toFixed(1)
    } s after the attempt; the goal is ${REACTION_GOAL} s`,
  );
}

/** A limit that must end a build, and how far it may be exceeded. */
export interface ExpectedLimit {
  limit: LimitName;
  allowed: number;
  /** How far beyond the limit a build should get. */
  goal: number;
  /** How far at most: only what no busy machine can stretch is bounded. */
  most?: number;
  phase?: Phase;
}

/** Asserts that the build was ended by a limit. */
export function assertLimit(
  result: Result,
  { limit, allowed, goal, most = Infinity, phase = "build" }: ExpectedLimit,
): LimitRecord {
  const said = explain(result);
  assert.equal(result.code, 4, said);
  assert.equal(result.report.outcome, "limit-exceeded", said);
  assert.equal(result.report.workspace.exported, false, said);
  assert.deepEqual(result.report.violations.network.records, [], said);
  const { limits } = result.report.violations;
  assert.deepEqual(limits.map(({ limit }) => limit), [limit], said);
  const [record] = limits;
  assert.ok(record, said);
  assert.equal(record.phase, phase, said);
  assert.equal(record.allowed, allowed, said);
  const over = record.measured - allowed;
  console.log(
    `${limit}: allowed ${allowed}, over by ${over}; the goal is ${goal}`,
  );
  assert.ok(over > 0 && over <= most, said);
  assert.equal(record.overshoot, over, said);
  return record;
}
