import assert from "node:assert/strict";
import fc from "fast-check";
import { AgentError } from "../../src/shared/rpc/peer.ts";
import {
  parseRunnerLine,
  runCommandBytes,
  RunnerConversation,
  type RunnerEvent,
} from "./runner_protocol.ts";

const encode = (text: string) => new TextEncoder().encode(text);

const isViolation = (error: unknown) =>
  error instanceof AgentError && error.code === "runner-protocol";

Deno.test("parseRunnerLine() takes each exit status and nothing beyond", () => {
  for (let status = 0; status <= 255; status++) {
    assert.deepEqual(parseRunnerLine(`exit ${status}`), {
      kind: "exit",
      status,
    });
  }
  for (
    const line of [
      "exit 256",
      "exit -1",
      "exit 01",
      "exit",
      "exit 1 ",
      "ready",
      "ready 2",
      "",
    ]
  ) assert.throws(() => parseRunnerLine(line), isViolation, line);
});

Deno.test("runCommandBytes() counts bytes, not characters", () => {
  assert.equal(
    new TextDecoder().decode(runCommandBytes("worker", "echo ü\n")),
    "run worker 8\necho ü\n",
  );
});

Deno.test("RunnerConversation follows a conversation in pieces of any size", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 5 }),
      fc.integer({ min: 1, max: 12 }),
      (statuses, pieceSize) => {
        const conversation = new RunnerConversation();
        const receive = (text: string): RunnerEvent[] => {
          const bytes = encode(text);
          const events: RunnerEvent[] = [];
          for (let at = 0; at < bytes.length; at += pieceSize) {
            const piece = bytes.subarray(at, at + pieceSize);
            events.push(...conversation.receive(piece));
          }
          return events;
        };
        assert.deepEqual(receive("ready 1\n"), [{ kind: "ready" }]);
        for (const status of statuses) {
          conversation.run();
          assert.deepEqual(receive(`exit ${status}\n`), [
            { kind: "exit", status },
          ]);
        }
        assert.equal(conversation.state, "idle");
      },
    ),
  );
});

Deno.test("RunnerConversation refuses lines out of order", () => {
  const idle = () => {
    const conversation = new RunnerConversation();
    conversation.receive(encode("ready 1\n"));
    return conversation;
  };
  assert.throws(
    () => new RunnerConversation().receive(encode("exit 0\n")),
    isViolation,
  );
  assert.throws(() => idle().receive(encode("exit 0\n")), isViolation);
  assert.throws(() => idle().receive(encode("ready 1\n")), isViolation);
  const stopping = idle();
  stopping.stop();
  assert.throws(() => stopping.receive(encode("exit 0\n")), isViolation);
  assert.throws(() => stopping.run(), { code: "busy" });
});

Deno.test("RunnerConversation survives hostile bytes, holding few of them", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
      const conversation = new RunnerConversation();
      try {
        const events = conversation.receive(bytes);
        // Without an error there was at most `ready 1` and a short rest.
        assert.ok(events.length <= 1);
        assert.ok(bytes.length <= "ready 1\n".length + 32);
      } catch (error) {
        assert.ok(isViolation(error), String(error));
      }
    }),
  );
});
