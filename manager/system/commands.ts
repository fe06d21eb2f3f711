/**
 * Runs the manager's own programs: bounded output, bounded time, an empty
 * environment.
 *
 * @module
 */

/**
 * The same search path as in the agent's own environment: Deno resolves the
 * programs that it may run by that one.
 */
const environment = {
  PATH: "/usr/bin:/usr/sbin",
  LC_ALL: "C.UTF-8",
};

/** Most bytes kept of each of a program's outputs. */
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;

const DEFAULT_TIMEOUT_SECONDS = 120;

/** A program could not be started, failed, or took too long. */
export class CommandError extends Error {
  override readonly name = "CommandError";

  constructor(
    readonly program: string,
    readonly exitCode: number,
    readonly stderr: string,
  ) {
    super(
      `Cannot run "${program}": exit status ${exitCode}${
        stderr === "" ? "" : `: ${stderr.trim().slice(0, 2000)}`
      }`,
    );
  }
}

export interface CommandOptions {
  timeoutSeconds?: number;
  /** Text for the program's standard input. */
  input?: string;
  /** Kills the program. */
  signal?: AbortSignal;
  /** A program that says more is killed; otherwise what is too much is lost. */
  maxOutputBytes?: number;
}

/**
 * Runs a program and returns its standard output; it must succeed.
 *
 * @throws {CommandError} if it fails or takes too long
 * @throws the signal's reason if it was killed for that
 */
export async function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  options.signal?.throwIfAborted();
  const child = spawn(program, args, {
    stdin: options.input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  });
  const kill = () => killProcess(child);
  const { timeoutSeconds = DEFAULT_TIMEOUT_SECONDS } = options;
  let late = "";
  const timer = setTimeout(() => {
    late = `It took more than ${timeoutSeconds} s\n`;
    kill();
  }, timeoutSeconds * 1000);
  options.signal?.addEventListener("abort", kill);
  const { maxOutputBytes } = options;
  const read = (stream: ReadableStream<Uint8Array>) =>
    maxOutputBytes === undefined
      ? readBounded(stream, MAX_OUTPUT_BYTES, () => {})
      : readBounded(stream, maxOutputBytes, kill);
  try {
    const [stdout, stderr, status] = await Promise.all([
      read(child.stdout),
      read(child.stderr),
      child.status,
      options.input === undefined ? undefined : feed(child, options.input),
    ]);
    options.signal?.throwIfAborted();
    if (status.success) return stdout;
    throw new CommandError(program, status.code, late + stderr);
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", kill);
  }
}

/** Starts a program that keeps running until it is killed. */
export function startDaemon(
  program: string,
  args: readonly string[],
): Deno.ChildProcess {
  return spawn(program, args, {
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  });
}

/** Starts a program whose standard output is read until it is killed. */
export function startCapture(
  program: string,
  args: readonly string[],
): Deno.ChildProcess {
  return spawn(program, args, {
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  });
}

/** Starts a program that is told on standard input what to do, and complains. */
export function startConversation(
  program: string,
  args: readonly string[],
): Deno.ChildProcess {
  return spawn(program, args, {
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  });
}

/** Kills a program; one that has ended by itself is fine. */
export function killProcess(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It ended by itself.
  }
}

function spawn(
  program: string,
  args: readonly string[],
  streams: Pick<Deno.CommandOptions, "stdin" | "stdout" | "stderr">,
): Deno.ChildProcess {
  return new Deno.Command(program, {
    ...streams,
    args: [...args],
    clearEnv: true,
    env: environment,
  }).spawn();
}

async function feed(child: Deno.ChildProcess, input: string): Promise<void> {
  const writer = child.stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  } catch {
    // The program ended without reading all; its exit status tells.
  }
}

async function readBounded(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
  onExcess: () => void,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of stream) {
    const kept = chunk.subarray(0, maxBytes - size);
    if (kept.byteLength < chunk.byteLength) onExcess();
    size += kept.byteLength;
    text += decoder.decode(kept, { stream: true });
  }
  return text + decoder.decode();
}
