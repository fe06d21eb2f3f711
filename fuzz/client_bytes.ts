/**
 * What a client sends on an inspected connection: any chunks have the same end,
 * and what goes on is what was sent.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { EgressRule } from "../src/shared/network/egress_rule.ts";
import {
  createInspector,
  type Refused,
} from "../manager/egress/inspection/inspector.ts";
import { chunksOf, join } from "./target.ts";

export const HOST = "example.org";
export const PORT = 80;

/** What became of a connection. */
export interface Inspected {
  forwarded: Uint8Array;
  /** All that may follow goes on, too. */
  done: boolean;
  refused: Refused | undefined;
}

/** Inspects a connection on which the client sends these bytes. */
export function inspectBytes(
  protocol: EgressRule["protocol"],
  input: Uint8Array,
): Inspected {
  const whole = inspect(protocol, [input]);
  const cut = inspect(protocol, chunksOf(input));
  assert.equal(cut.refused?.refusal, whole.refused?.refusal);
  assert.equal(cut.refused?.claimed, whole.refused?.claimed);
  assert.deepEqual(cut.forwarded, whole.forwarded);
  assert.ok(whole.forwarded.every((byte, at) => byte === input[at]));
  if (whole.refused?.claimed) {
    assert.match(whole.refused.claimed, /^[\x21-\x7e]{1,300}$/);
  }
  if (whole.done) assert.equal(whole.forwarded.length, input.length);
  return whole;
}

function inspect(
  protocol: EgressRule["protocol"],
  chunks: Iterable<Uint8Array>,
): Inspected {
  const inspector = createInspector({ host: HOST, port: PORT, protocol }, HOST);
  const forwarded: Uint8Array[] = [];
  let done = false;
  for (const chunk of chunks) {
    const result = inspector.push(chunk);
    forwarded.push(result.forward.slice());
    done = result.done;
    if (result.refused !== undefined) break;
  }
  return { forwarded: join(forwarded), done, refused: inspector.end() };
}
