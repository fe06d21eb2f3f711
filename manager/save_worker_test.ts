import assert from "node:assert/strict";
import { AgentError } from "../src/rpc/peer.ts";
import { agentPaths } from "./paths.ts";
import { bootAndSave } from "./save_worker.ts";
import { UnsuitedError } from "./saved_states.ts";

/** Saves a worker where room is made like this; nothing is started. */
function saveWith(makeRoom: (bytes: number) => Promise<void>) {
  const base = { file: "/image", format: "qcow2", chain: [] } as const;
  return bootAndSave({
    ...{ paths: agentPaths, cache: { makeRoom }, base, network: undefined },
    machine: { cpus: 1, memoryBytes: 4 * 1024 ** 3 },
    ...{ diskBytes: 1024 ** 3, bootTimeoutSeconds: 1 },
    signal: new AbortController().signal,
  });
}

Deno.test("a build for which no worker can be saved boots its own", async () => {
  let asked = 0;
  await assert.rejects(
    saveWith((bytes) => {
      asked = bytes;
      return Promise.reject(new AgentError("disk-full", "no room"));
    }),
    UnsuitedError,
  );
  assert.equal(asked, 2 * 1024 ** 3);
});

Deno.test("what else keeps a worker from being saved is told", async () => {
  const broken = new Error("broken");
  await assert.rejects(saveWith(() => Promise.reject(broken)), broken);
});
