/**
 * What a command is: its name, what it reads from the command line, and what it
 * does with that.
 *
 * @module
 */

import type { Message } from "@optique/core/message";
import { map } from "@optique/core/modifiers";
import type { Parser } from "@optique/core/parser";
import { command } from "@optique/core/primitives";
import type { Terminal } from "./terminal.ts";

/** A command that was given, with its options. */
export interface Invocation {
  readonly command: string;
  readonly options: unknown;
  /** Runs it; returns the exit code. */
  run(terminal: Terminal): Promise<number>;
}

export interface Command {
  readonly name: string;
  readonly parser: Parser<"sync", Invocation, unknown>;
}

/** The parts of a command, apart from its name. */
export interface CommandParts<T> {
  readonly brief: Message;
  readonly description?: Message;
  readonly footer?: Message;
  readonly options: Parser<"sync", T, unknown>;
  run(options: T, terminal: Terminal): Promise<number>;
}

/** Makes a command of its parts. */
export function defineCommand<T>(
  name: string,
  { options, run, ...texts }: CommandParts<T>,
): Command {
  const parser = map(
    command(name, options, texts),
    (options): Invocation => ({
      command: name,
      options,
      run: (terminal) => run(options, terminal),
    }),
  );
  return { name, parser: parser as Command["parser"] };
}
