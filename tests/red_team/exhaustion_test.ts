/**
 * A worker that takes all memory, all processes or all files hurts itself
 * alone: the manager goes on.
 *
 * @module
 */

import assert from "node:assert/strict";
import { FakeInternet } from "../harness/fake_internet.ts";
import { Project } from "../project.ts";
import {
  assertLimit,
  assertSuccess,
  explain,
  phaseOutcome,
  run,
} from "./attack.ts";

Deno.test("a worker that has nothing left leaves the manager as it was", async (t) => {
  await using internet = new FakeInternet();
  await using project = await Project.create();
  const small = { allow: [], script: "echo built >result" };

  await t.step("before", async () => {
    assertSuccess(await run(project, internet, small));
  });

  await t.step("no memory", async () => {
    const result = await run(project, internet, {
      script: `
dd if=/dev/zero of=/dev/null bs=150M count=50 &
dd if=/dev/zero of=/dev/null bs=150M count=50
wait $!`,
    });
    assert.equal(result.code, 1, explain(result));
    // The control: what failed was for want of memory.
    assert.ok((result.report.usage.build?.memoryKills ?? 0) > 0);
    assert.equal(result.report.outcome, "build-failed");
  });

  await t.step("no processes", async () => {
    const result = await run(project, internet, {
      resources: "disk: 256 MiB, wall-time: 75 s",
      script: `
bomb() { bomb | bomb & }
bomb
exec sleep 600`,
    });
    assertLimit(result, { limit: "wall-time", allowed: 75, goal: 2 });
    // The control: the worker could start no more.
    assert.match(result.log, /can't fork/, explain(result));
  });

  await t.step("no inodes", async () => {
    const result = await run(project, internet, {
      resources: "disk: 256 MiB, wall-time: 20 min",
      // Not in the workspace, which would be taken out.
      script: `
mkdir ~/flood
cd ~/flood
i=0
while : >$i; do
  i=$((i + 1))
done`,
    });
    assert.match(result.log, /No space left on device/, explain(result));
    assert.equal(result.report.outcome, "build-failed", explain(result));
  });

  await t.step("no room on the manager's disk", async () => {
    // One fits, also beside the small one; two do not.
    const wish = "resources: { max: { disk: 130 GiB } }";
    await using hog = await Project.create(wish);
    await using other = await Project.create(wish);
    const claim = { ...small, resources: "disk: 130 GiB" };
    const begun = Promise.withResolvers<void>();
    const holding = run(hog, internet, {
      ...claim,
      script: "sleep 20",
      onEvent: (event) => {
        if (event.type === "phase-start" && event.phase === "boot") {
          begun.resolve();
        }
      },
    });
    await Promise.race([begun.promise, holding]);
    const refused = await run(other, internet, claim);
    assert.equal(refused.code, 3, explain(refused));
    assert.equal(refused.report.error?.code, "manager-no-capacity");
    // The controls: a neighbour that wants less, and the first of the two.
    assertSuccess(await run(project, internet, small));
    assertSuccess(await holding);
  });

  await t.step("after", async () => {
    assert.equal(await project.read("ws/src/result"), "built\n");
    const result = await run(project, internet, small);
    assertSuccess(result);
    assert.equal(phaseOutcome(result, "manager"), "reused");
  });
});
