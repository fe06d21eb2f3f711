/**
 * Attempts on the network: each must be recorded, fail the build, and reach
 * nobody.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { AttemptRecord } from "../../src/pipeline/violations.ts";
import { FakeInternet } from "../harness/fake_internet.ts";
import { Project } from "../project.ts";
import {
  assertDenied,
  type Attack,
  isLike,
  type Result,
  run,
} from "./attack.ts";

/** What the control of an attack does: it reaches what it may reach. */
const CONTROL = "wget -q -O /dev/null http://allowed.example/control";

/** An attack on the network, and the record that it must leave. */
export interface Denial extends Attack {
  name: string;
  attempt: Partial<AttemptRecord>;
  /** Changes the made-up network. */
  arrange?(internet: FakeInternet): void;
  /** Ports of `allowed.example` at which nothing may arrive. */
  silent?: readonly number[];
  /** What must not arrive at its web server. */
  unseen?: RegExp;
}

/**
 * Defines the test of a denial. Its control is part of the same build: the
 * worker reaches what the spec allows before it tries what it does not.
 */
export function denies(denial: Denial): void {
  Deno.test(`denied: ${denial.name}`, () => runDenial(denial));
}

/**
 * Defines the test of denials whose records differ, and which need nothing but
 * the standard allowance. A build goes on for a moment after its first attempt,
 * so one build shows most of them; the others get builds of their own.
 */
export function deniesEach(name: string, denials: readonly Denial[]): void {
  Deno.test(`denied: ${name}`, async (t) => {
    await using internet = new FakeInternet();
    await using project = await Project.create();
    const result = await run(project, internet, together(denials));
    const { records } = result.report.violations.network;
    for (const denial of denials) {
      const isSeen = records.some((record) => isLike(record, denial.attempt));
      await t.step(denial.name, async () => {
        if (!isSeen) return await runDenial(denial);
        await assertOnlyDenied(result, denial, internet, project);
      });
    }
  });
}

/** How long the attacks wait for each other, in seconds. */
const GATHER_SECONDS = 3;

/** All attacks at the same time, each in a folder of its own. */
function together(denials: readonly Denial[]): Attack {
  const files: Record<string, string | Uint8Array> = {};
  const scripts = denials.map((denial, index) => {
    for (const [name, content] of Object.entries(denial.files ?? {})) {
      files[`attack${index}/${name}`] = content;
    }
    return `(
mkdir -p attack${index}
cd attack${index}
sleep ${GATHER_SECONDS}
${denial.script.trim()}
) &`;
  });
  return { files, script: [CONTROL, ...scripts, "wait", "exit 0"].join("\n") };
}

async function runDenial(denial: Denial): Promise<void> {
  await using internet = new FakeInternet();
  await using project = await Project.create();
  denial.arrange?.(internet);
  const script = `${CONTROL}\n${denial.script.trim()}\nexit 0`;
  const result = await run(project, internet, { ...denial, script });
  await assertOnlyDenied(result, denial, internet, project);
}

/** The attempt is recorded, and nobody but the control reached anything. */
async function assertOnlyDenied(
  result: Result,
  denial: Denial,
  internet: FakeInternet,
  project: Project,
): Promise<void> {
  assertDenied(result, denial.attempt);
  const requests = internet.allowed(80).text;
  assert.match(requests, /^GET \/control HTTP/, "the control failed");
  assert.equal(internet.trap.connections.length, 0, internet.trap.text);
  if (denial.unseen) assert.doesNotMatch(requests, denial.unseen);
  for (const port of denial.silent ?? []) {
    assert.equal(internet.allowed(port).bytes, 0, `port ${port}`);
  }
  assert.deepEqual(await project.list(), ["build.yaml", "src", "tiny.img"]);
}
