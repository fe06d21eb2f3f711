/**
 * Fuzzes what parses hostile bytes; see scripts/fuzz.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { moduleOf, readCorpus, targetNames } from "./corpus.ts";
import { hashOf } from "./random.ts";
import { type RunResult, runTarget } from "./run_target.ts";

const USAGE = `\
Usage: scripts/fuzz [SECONDS] [TARGET...] [--seed N] [--executions N]
       scripts/fuzz TARGET --input FILE

Runs the targets, all by default, for so long together: 60 s by default.

  --seed N        the inputs of an earlier run
  --executions N  so many inputs for each target, if the time does for it
  --input FILE    this input alone

Targets: ${targetNames().join(" ")}`;

const DEFAULT_SECONDS = 60;
const findings = new URL("../.cache/fuzz/", import.meta.url);

interface Task {
  targets: string[];
  seconds: number;
  executions: number;
  seed: number;
  input: string | undefined;
}

class UsageError extends Error {}

Deno.exitCode = await main(Deno.args);

async function main(args: string[]): Promise<number> {
  let task: Task | undefined;
  try {
    task = parse(args);
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof TypeError)) {
      throw error;
    }
    console.error(`error: ${error.message}\n\n${USAGE}`);
    return 2;
  }
  if (task === undefined) {
    console.log(USAGE);
    return 0;
  }
  return await (task.input === undefined ? runAll(task) : runInput(task));
}

function parse(args: string[]): Task | undefined {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      seed: { type: "string" },
      executions: { type: "string" },
      input: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) return undefined;
  const hasSeconds = /^[0-9]/.test(positionals[0] ?? "");
  const names = positionals.slice(hasSeconds ? 1 : 0);
  const known = targetNames();
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`There is no target ${JSON.stringify(unknown)}`);
  }
  if (values.input !== undefined && names.length !== 1) {
    throw new UsageError("An input needs exactly one target");
  }
  const endless = values.executions === undefined ? DEFAULT_SECONDS : Infinity;
  return {
    targets: names.length > 0 ? names : known,
    seconds: hasSeconds ? toNumber(positionals[0]!) : endless,
    executions: values.executions === undefined
      ? Infinity
      : toNumber(values.executions),
    seed: values.seed === undefined
      ? crypto.getRandomValues(new Uint32Array(1))[0]!
      : toNumber(values.seed),
    input: values.input,
  };
}

function toNumber(text: string): number {
  if (!/^[0-9]{1,10}$/.test(text)) {
    throw new UsageError(
      `Expected a whole number, got ${JSON.stringify(text)}`,
    );
  }
  return Number(text);
}

async function runAll(task: Task): Promise<number> {
  const { targets, seed } = task;
  console.log(`Seed ${seed}`);
  const end = Date.now() + task.seconds * 1000;
  let failures = 0;
  for (const [index, target] of targets.entries()) {
    // The time that is left, in equal parts: what one does not take is others'.
    const left = Math.max(0, end - Date.now());
    const result = await runTarget({
      module: moduleOf(target),
      corpus: readCorpus(target),
      seed: (seed ^ hashOf(target)) >>> 0,
      deadline: Date.now() + left / (targets.length - index),
      executions: task.executions,
    });
    console.log(lineOf(target, result));
    if (result.failure !== undefined) {
      failures++;
      report(target, result.failure);
    }
  }
  if (failures === 0) return 0;
  const names = task.targets.length === targetNames().length
    ? ""
    : ` ${targets.join(" ")}`;
  console.log(`The whole run again: scripts/fuzz${names} --seed ${seed}`);
  return 1;
}

async function runInput(task: Task): Promise<number> {
  const target = task.targets[0]!;
  const result = await runTarget({
    module: moduleOf(target),
    corpus: [Deno.readFileSync(task.input!)],
    seed: 0,
    deadline: 0,
    executions: 1,
  });
  console.log(lineOf(target, result));
  if (result.failure === undefined) return 0;
  console.log(result.failure.message);
  return 1;
}

function lineOf(target: string, { executions, seconds }: RunResult): string {
  const speed = Math.round(executions / seconds);
  return `${target.padEnd(12)} ${String(executions).padStart(9)} executions ` +
    `in ${seconds.toFixed(1)} s, ${speed}/s`;
}

function report(
  target: string,
  { input, message }: NonNullable<RunResult["failure"]>,
): void {
  Deno.mkdirSync(findings, { recursive: true });
  const name = `${target}-${hashOf(input).toString(16).padStart(8, "0")}`;
  Deno.writeFileSync(new URL(name, findings), input);
  console.log(`FAILED: ${target}, by an input of ${input.length} bytes`);
  console.log(message);
  console.log(
    `This input again: scripts/fuzz ${target} --input .cache/fuzz/${name}`,
  );
}
