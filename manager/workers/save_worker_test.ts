import assert from "node:assert/strict";
import { AgentError } from "../../src/shared/rpc/peer.ts";
import { DiskClaims } from "../images/disk_claims.ts";
import { agentPaths } from "../system/paths.ts";
import { bootAndSave } from "./save_worker.ts";
import { NoRoomError } from "./saved_states.ts";

const GIBIBYTE = 1024 ** 3;

/** Saves a worker where room is made like this; nothing is started. */
function saveWith(
  makeRoom: (bytes: number) => Promise<void>,
  claims = new DiskClaims(),
): Promise<string> {
  const base = { file: "/image", format: "qcow2", chain: [] } as const;
  return bootAndSave({
    ...{ paths: agentPaths, disk: { makeRoom, claims }, base },
    ...{ network: undefined, diskBytes: 1 * GIBIBYTE, bootTimeoutSeconds: 1 },
    machine: { cpus: 1, memoryBytes: 4 * GIBIBYTE },
    signal: new AbortController().signal,
  });
}

Deno.test("a build for which no worker can be saved boots its own", async () => {
  const claims = new DiskClaims();
  let claimed = 0;
  await assert.rejects(
    saveWith(async () => {
      claimed = await claims.outstanding();
      throw new AgentError("disk-full", "no room");
    }, claims),
    NoRoomError,
  );
  // Its disk, and what its memory may take.
  assert.equal(claimed, (1 + 2) * GIBIBYTE);
  assert.equal(await claims.outstanding(), 0);
});

Deno.test("what else keeps a worker from being saved is told", async () => {
  const broken = new Error("broken");
  await assert.rejects(saveWith(() => Promise.reject(broken)), broken);
});
