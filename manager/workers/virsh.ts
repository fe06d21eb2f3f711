/**
 * Talks to libvirt through processes of `virsh` that stay: to start one takes
 * longer than most of what it is asked for.
 *
 * Source: virsh(1), "OPTIONS" (commands on standard input) and `echo --err`.
 *
 * @module
 */

import {
  CommandError,
  killProcess,
  runCommand,
  startConversation,
} from "../system/commands.ts";

const PROGRAM = "virsh";

/** The first call after boot probes QEMU's capabilities: 9 s measured. */
const TIMEOUT_MS = 180_000;

/** Sessions that are kept when nobody needs them. */
const MAX_IDLE = 3;

const idle: VirshSession[] = [];

/**
 * Has a session run a command; what it prints on standard output is lost.
 *
 * @throws {CommandError} with what it said
 */
export async function virsh(...args: readonly string[]): Promise<void> {
  const session = idle.pop() ?? new VirshSession();
  try {
    await session.run(args);
  } finally {
    if (session.isOpen && idle.length < MAX_IDLE) idle.push(session);
    else session.close();
  }
}

/** Runs a command in a process of its own; gives what it prints. */
export function askVirsh(...args: readonly string[]): Promise<string> {
  return runCommand(PROGRAM, ["--quiet", ...args]);
}

/** Composes a line for virsh's own parser. */
export function commandLine(args: readonly string[]): string {
  return args.map((argument) => {
    if (/['\n]/.test(argument)) {
      throw new RangeError(`Cannot hand "${argument}" to virsh`);
    }
    return `'${argument}'`;
  }).join(" ");
}

/** One process, which runs one command at a time. */
class VirshSession {
  readonly #child = startConversation(PROGRAM, [
    "--quiet",
    // An idle session has nothing to say to libvirt.
    "--keepalive-interval=0",
  ]);
  readonly #writer = this.#child.stdin.getWriter();
  readonly #errors = this.#child.stderr.pipeThrough(new TextDecoderStream())
    .getReader();
  #open = true;

  constructor() {
    void this.#child.status.then(() => this.#open = false);
  }

  /** Whether it can run another command. */
  get isOpen(): boolean {
    return this.#open;
  }

  async run(args: readonly string[]): Promise<void> {
    const marker = crypto.randomUUID();
    const line = `${commandLine(args)}\necho --err ${marker}\n`;
    const timer = setTimeout(() => this.close(), TIMEOUT_MS);
    let said: string;
    try {
      await this.#writer.write(new TextEncoder().encode(line));
      said = await this.#readUntil(`error: ${marker}\n`);
    } catch (error) {
      this.close();
      const reason = error instanceof Error ? error.message : String(error);
      throw new CommandError(PROGRAM, 1, reason);
    } finally {
      clearTimeout(timer);
    }
    if (said.trim() !== "") throw new CommandError(PROGRAM, 1, said);
  }

  close(): void {
    this.#open = false;
    killProcess(this.#child);
  }

  async #readUntil(end: string): Promise<string> {
    let text = "";
    while (!text.endsWith(end)) {
      const { done, value } = await this.#errors.read();
      if (done) throw new Error(`virsh has ended: ${text}`);
      text += value;
    }
    return text.slice(0, -end.length);
  }
}
