/**
 * What a worker's runner says: any chunks are heard alike, up to the first byte
 * out of order.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { RunnerConversation } from "../../manager/workers/runner_protocol.ts";
import { AgentError } from "../../src/shared/rpc/peer.ts";
import { bytesOf, chunksOf, outcomeOf, type Target } from "../target.ts";

const line = fc.oneof(
  fc.constantFrom("ready 1", "exit 0", "exit 255", "exit 256", "exit 007"),
  fc.string({ maxLength: 40 }),
).map((text) => `${text}\n`);

/** What was heard of a runner that is given work as soon as it is idle. */
function hear(chunks: Iterable<Uint8Array>) {
  const conversation = new RunnerConversation();
  const heard: string[] = [];
  const outcome = outcomeOf(() => {
    for (const chunk of chunks) {
      for (const event of conversation.receive(chunk)) {
        heard.push(JSON.stringify(event));
      }
    }
  }, AgentError);
  return { heard, outcome, state: conversation.state };
}

/** Lines one by one, with work between them. */
function work(input: Uint8Array): void {
  const conversation = new RunnerConversation();
  for (let at = 0; at < input.length;) {
    const end = input.indexOf(0x0a, at) + 1 || input.length;
    const outcome = outcomeOf(
      () => conversation.receive(input.subarray(at, end)),
      AgentError,
    );
    if ("error" in outcome) return;
    assert.ok(outcome.value.length <= 1);
    const [event] = outcome.value;
    if (event?.kind === "exit") assert.ok(event.status <= 255);
    if (conversation.state === "idle") conversation.run();
    at = end;
  }
}

export default {
  tokens: ["ready 1\n", "exit ", "exit 0\n", "\n", "\0", "\x1b"],
  structured: fc.array(line, { maxLength: 6 })
    .map((lines) => bytesOf(["ready 1\n", ...lines].join(""))),
  maxBytes: 512,
  check(input) {
    const whole = hear([input]);
    const cut = hear(chunksOf(input));
    assert.equal(cut.state, whole.state);
    assert.deepEqual(cut.outcome, whole.outcome);
    work(input);
  },
} satisfies Target;
