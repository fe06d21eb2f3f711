/**
 * Programs that inherit nothing: no variable, and no file that our own caller
 * left open. One that outlives us would hold a shell's lock, or keep a pipe
 * from ending.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { Readable, Writable } from "node:stream";

/**
 * The last number at which an open file is looked for: shells give files small
 * ones. Each takes two of ours for a moment, and some processes may have 1024.
 */
const LAST_DESCRIPTOR = 255;

/** A program that was started. */
export interface LoneProcess {
  /** Null unless the standard streams were asked for. */
  readonly stdin: WritableStream<Uint8Array> | null;
  readonly stdout: ReadableStream<Uint8Array> | null;
  readonly stderr: ReadableStream<Uint8Array>;
  /** Resolves when it has ended, however. */
  readonly ended: Promise<void>;
  /** Kills it; nothing happens if it has ended. */
  kill(): void;
  /** Lets this process end before it. */
  unref(): void;
}

/**
 * Starts a program in the root directory.
 *
 * @param mode a `child` talks with us on its standard streams and ends with us;
 *   a `daemon` has a session of its own, and outlives us
 * @throws the system's error, such as `ENOENT`
 */
export async function spawnAlone(
  program: string,
  programArguments: readonly string[],
  mode: "child" | "daemon",
): Promise<LoneProcess> {
  const stream = mode === "child" ? "pipe" : "ignore";
  const child = spawn(program, programArguments, {
    cwd: "/",
    // It is handed on unless it is mentioned.
    env: { NODE_V8_COVERAGE: undefined },
    detached: mode === "daemon",
    stdio: [stream, stream, "pipe", ...coveredDescriptors()],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", resolve));
  await new Promise((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  for (const cover of child.stdio.slice(3)) cover?.destroy();
  const { stdin, stdout, stderr } = child;
  return {
    stdin: stdin && Writable.toWeb(stdin),
    stdout: stdout && readable(stdout),
    stderr: readable(stderr!),
    ended,
    kill: () => void child.kill("SIGKILL"),
    unref: () => child.unref(),
  };
}

/**
 * What lies over everything that may be open beyond the standard streams. Deno
 * can neither close that for a child nor tell what there is; but it can put a
 * pipe of ours in its place, which nobody listens to.
 */
function coveredDescriptors(): "pipe"[] {
  return new Array(LAST_DESCRIPTOR - 2).fill("pipe");
}

function readable(stream: Readable): ReadableStream<Uint8Array> {
  return Readable.toWeb(stream) as ReadableStream<Uint8Array>;
}
