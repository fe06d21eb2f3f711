/**
 * Standard output and standard error, and what they can show.
 *
 * @module
 */

/** A stream for people or programs to read. */
export interface Output {
  /** Whether colours may be used. */
  readonly colour: boolean;
  /** Whether a line may be redrawn in place. */
  readonly live: boolean;
  /** Width of the screen now; undefined if the stream leads to none. */
  columns(): number | undefined;
  write(text: string): void;
}

/** Where a command writes to. */
export interface Terminal {
  /** What was asked for. */
  readonly stdout: Output;
  /** Progress and errors. */
  readonly stderr: Output;
}

/** The streams of this process. */
export function openTerminal(): Terminal {
  return { stdout: openOutput(Deno.stdout), stderr: openOutput(Deno.stderr) };
}

interface Stream {
  isTerminal(): boolean;
  writeSync(bytes: Uint8Array): number;
}

function openOutput(stream: Stream): Output {
  const live = stream.isTerminal() && environmentVariable("TERM") !== "dumb";
  const encoder = new TextEncoder();
  let open = true;
  return {
    colour: wantsColour({
      live,
      noColor: environmentVariable("NO_COLOR"),
      forceColor: environmentVariable("FORCE_COLOR"),
    }),
    live,
    columns: () => stream.isTerminal() ? screenColumns() : undefined,
    write(text) {
      if (open) open = writeAll(stream, encoder.encode(text));
    },
  };
}

/** Of a screen that does not tell its width. */
const USUAL_COLUMNS = 80;

function screenColumns(): number {
  try {
    return Deno.consoleSize().columns || USUAL_COLUMNS;
  } catch {
    return USUAL_COLUMNS;
  }
}

/**
 * Whether to use colours: `NO_COLOR` forbids them, then `FORCE_COLOR` demands
 * them, or forbids them by `0`; an empty variable says nothing.
 *
 * @param live whether the stream is a terminal that can show them
 */
export function wantsColour({ live, noColor, forceColor }: {
  live: boolean;
  noColor: string | undefined;
  forceColor: string | undefined;
}): boolean {
  if (noColor) return false;
  return forceColor ? forceColor !== "0" : live;
}

/** How long to wait for a reader that does not keep up with a full pipe. */
const RETRY_MS = 2;

/** @returns false if nobody reads any more, such as after `| head` */
function writeAll(stream: Stream, bytes: Uint8Array): boolean {
  let rest = bytes;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(stream.writeSync(rest));
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) return false;
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      // Another process may have made a shared pipe non-blocking.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
  return true;
}

/** A variable's value; `undefined` without permission, and never a prompt. */
function environmentVariable(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}
