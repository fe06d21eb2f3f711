import assert from "node:assert/strict";
import { takeRpcPort } from "./rpc_port.ts";
import {
  createStateDirectories,
  resolveStatePaths,
} from "../state/state_directory.ts";

Deno.test("each command gets a port of its own, until there are none", async () => {
  const home = await Deno.makeTempDir();
  try {
    const paths = resolveStatePaths({ XDG_STATE_HOME: home });
    await createStateDirectories(paths);
    const taken = [];
    for (let count = 0; count < 8; count++) {
      taken.push(await takeRpcPort(paths, "building"));
    }
    assert.deepEqual(taken.map(({ port }) => port), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert.equal(taken[3]!.socket, paths.run.rpcPorts[3]!.socket);
    await assert.rejects(takeRpcPort(paths, "building"), {
      code: "rpc-ports-busy",
      exitCode: 3,
    });
    taken[5]!.lock.release();
    const again = await takeRpcPort(paths, "building");
    assert.equal(again.port, 5);
    for (const { lock } of [...taken, again]) lock.release();
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
