/**
 * A manager VM that nobody needs does not stay.
 *
 * @module
 */

import assert from "node:assert/strict";
import { isRunning, untilEnded } from "./process.ts";
import { managerProcess, Project } from "./project.ts";

Deno.test("a manager that is idle powers itself off", async () => {
  await using project = await Project.createWithOwnManager(
    "{ idle: 20 s, memory: 1 GiB }",
  );
  const started = await project.run(["manager", "start"]);
  assert.equal(started.code, 0, started.stderr);
  const pid = managerProcess(project.environment);
  assert.ok(await isRunning(pid));
  // In use for as long as it is idle, it is still there.
  for (let times = 0; times < 4; times++) {
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    const status = await project.run(["status"]);
    assert.equal(status.code, 0, status.stderr);
    assert.ok(await isRunning(pid));
  }
  await untilEnded(pid, 120_000);
});
