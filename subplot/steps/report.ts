/**
 * Steps that look at the report of the last build.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { phases } from "../../src/pipeline/events.ts";
import type { BuildReport } from "../../src/pipeline/report.ts";
import { type CommandOutcome, step } from "../context.ts";
import { describeOutcome } from "../invoke.ts";

export const reportSteps = [
  step(
    "then the report has an attempt to reach {host}",
    async ({ outcome }, { host }) => {
      const { violations } = await readReport(outcome);
      const records = violations.network.records;
      if (!records.some((record) => record.host === host)) {
        throw new Error(`No such attempt in ${JSON.stringify(records)}`);
      }
    },
  ),

  step(
    "then the report says that limit {limit} was exceeded",
    async ({ outcome }, { limit }) => {
      const { limits } = (await readReport(outcome)).violations;
      const record = limits.find((record) => record.limit === limit);
      if (record === undefined || record.measured <= record.allowed) {
        throw new Error(`No such record in ${JSON.stringify(limits)}`);
      }
    },
  ),

  step(
    "then the report notes that the worker ran out of memory",
    async ({ outcome }) => {
      const { build } = (await readReport(outcome)).usage;
      if (!((build?.memoryKills ?? 0) > 0)) {
        throw new Error(
          `It used ${JSON.stringify(build)}\n${describeOutcome(outcome)}`,
        );
      }
    },
  ),

  step(
    "then the report says that the build learned of {host}",
    async ({ outcome }, { host }) => {
      const { learned } = await readReport(outcome);
      if (!learned?.build.some((rule) => rule.host === host)) {
        throw new Error(`It learned ${JSON.stringify(learned)}`);
      }
    },
  ),

  step(
    "then the report has the digest of build spec {path:path}",
    async (context, { path }) => {
      const { spec } = await readReport(context.outcome);
      await requireDigest(context.resolve(path), spec.sha256);
    },
  ),

  step(
    "then the report has the digest of worker image {path:path}",
    async (context, { path }) => {
      const { image } = await readReport(context.outcome);
      await requireDigest(context.resolve(path), image?.sha256);
    },
  ),

  step(
    "then the report has the time of every phase",
    async ({ outcome }) => {
      const report = await readReport(outcome);
      const sum = report.phases.reduce((sum, { seconds }) => sum + seconds, 0);
      // It is written in the last phase, so that one is not in it.
      const timed = report.phases.map(({ phase }) => phase);
      const expected = phases.filter((phase) => phase !== "report");
      if (
        timed.join() !== expected.join() || !(sum > 0 && sum <= report.seconds)
      ) {
        throw new Error(
          `It has ${JSON.stringify(report.phases)} of ${report.seconds} s`,
        );
      }
    },
  ),

  step(
    "then the report has exit code {code:int}, and {status:int} for the commands",
    async ({ outcome }, { code, status }) => {
      const { exitCode, buildStatus } = await readReport(outcome);
      if (exitCode !== code || buildStatus !== status) {
        throw new Error(`It has ${exitCode} and ${buildStatus}`);
      }
    },
  ),

  step(
    "then the report has what the worker used: processor, memory and disk",
    async ({ outcome }) => {
      const { build } = (await readReport(outcome)).usage;
      const used = [
        build?.cpuSeconds,
        build?.peakMemoryBytes,
        build?.diskBytes,
      ];
      if (!used.every((value) => value !== undefined && value > 0)) {
        throw new Error(`It has ${JSON.stringify(build)}`);
      }
    },
  ),

  step(
    "then the report has the bytes that went to hosts and came from them",
    async ({ outcome }) => {
      const { bytesToHosts, bytesFromHosts } =
        (await readReport(outcome)).egress;
      if (!(bytesToHosts > 0 && bytesFromHosts > 0)) {
        throw new Error(`It has ${bytesToHosts} and ${bytesFromHosts}`);
      }
    },
  ),
];

/** Requires that a file has a SHA-256 digest. */
async function requireDigest(
  path: string,
  digest: string | undefined,
): Promise<void> {
  const hash = createHash("sha256");
  const file = await Deno.open(path);
  for await (const bytes of file.readable) hash.update(bytes);
  const expected = hash.digest("hex");
  if (digest !== expected) {
    throw new Error(`"${path}" has the digest ${expected}, not ${digest}`);
  }
}

/** Finds the report by what the command printed. */
async function readReport(outcome: CommandOutcome): Promise<BuildReport> {
  const path = /^ {2}report {2,}(.+)$/m.exec(outcome.stderr)?.[1] ??
    /"report":"([^"]+)"/.exec(outcome.stdout)?.[1];
  if (path === undefined) {
    throw new Error(`There is no report\n${describeOutcome(outcome)}`);
  }
  return JSON.parse(await Deno.readTextFile(path));
}
