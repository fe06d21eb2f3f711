/**
 * Carries the bytes of one connection between a worker and the host, within
 * the build's budget.
 *
 * @module
 */

import { writeAll } from "../../src/shared/rpc/write_all.ts";
import type { Inspected, Inspector, Refused } from "./inspection/inspector.ts";

/** A stream to the host, which dials the destination. */
export interface EgressStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  reset(reason: string): void;
}

/** What may go through the network; both directions count. */
export interface NetworkBudget {
  /** Waits for the rate; false when the total is used up. */
  passNetwork(bytes: number): Promise<boolean>;
}

const BUFFER_BYTES = 64 * 1024;

/** Both ends of a connection, and what watches over it. */
export interface Carriage {
  connection: Deno.TcpConn;
  stream: EgressStream;
  inspector: Inspector;
  /** What the inspector said of the first bytes. */
  first: Inspected;
  budget: NetworkBudget;
}

/**
 * Carries until both directions have ended.
 *
 * @returns why the connection was ended by the inspector, if it was
 * @throws {Error} if either end broke, or the budget is used up
 */
export async function carry(
  carriage: Carriage,
): Promise<Refused | undefined> {
  const [sent, received] = await Promise.allSettled([
    toHost(carriage),
    toWorker(carriage),
  ]);
  // A refusal breaks the other direction, which is no news then.
  if (sent.status === "rejected") throw sent.reason;
  if (sent.value === undefined && received.status === "rejected") {
    throw received.reason;
  }
  return sent.value;
}

async function toHost(
  { connection, stream, inspector, first, budget }: Carriage,
): Promise<Refused | undefined> {
  const writer = stream.writable.getWriter();
  // A failed write tells; this one would tell again.
  writer.closed.catch(() => {});
  const buffer = new Uint8Array(BUFFER_BYTES);
  let inspected = first;
  try {
    while (true) {
      await forward(inspected.forward, writer, budget);
      if (inspected.refused !== undefined) break;
      const size = await connection.read(buffer);
      if (size === null) {
        if (inspected.done) break;
        const refused = inspector.end();
        if (refused === undefined) break;
        inspected = { forward: new Uint8Array(0), done: true, refused };
        break;
      }
      const bytes = buffer.slice(0, size);
      inspected = inspected.done
        ? { forward: bytes, done: true }
        : inspector.push(bytes);
    }
    if (inspected.refused === undefined) {
      await writer.close();
      return undefined;
    }
  } catch (error) {
    await writer.abort("The worker's connection broke").catch(() => {});
    throw error;
  }
  // Ends the other direction, too.
  stream.reset("The worker does not speak what was declared");
  return inspected.refused;
}

async function forward(
  bytes: Uint8Array,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  budget: NetworkBudget,
): Promise<void> {
  for (const block of blocksOf(bytes)) {
    if (!await budget.passNetwork(block.byteLength)) throw usedUp();
    await writer.write(block);
  }
}

function* blocksOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += BUFFER_BYTES) {
    yield bytes.subarray(at, at + BUFFER_BYTES);
  }
}

async function toWorker(
  { connection, stream, budget }: Carriage,
): Promise<void> {
  try {
    for await (const chunk of stream.readable) {
      for (const block of blocksOf(chunk)) {
        if (!await budget.passNetwork(block.byteLength)) throw usedUp();
        await writeAll(connection, block);
      }
    }
    await connection.closeWrite();
  } catch (error) {
    try {
      // Ends the other direction, too.
      connection.close();
    } catch {
      // Closed already.
    }
    throw error;
  }
}

function usedUp(): Error {
  return new Error("The build's bandwidth is used up");
}
