/**
 * A playbook that goes beyond a limit, or keeps its worker from shutting down:
 * nothing of it is kept. One playbook does all of it, as it is told by a server;
 * so what it left would be found by the next build.
 *
 * @module
 */

import assert from "node:assert/strict";
import { FakeInternet } from "../harness/fake_internet.ts";
import {
  makePlaybookImage,
  standInPlaybook,
} from "../harness/playbook_image.ts";
import { pageOf } from "../harness/services.ts";
import { Project } from "../project.ts";
import {
  assertLimit,
  assertSuccess,
  build,
  explain,
  phaseOutcome,
} from "./attack.ts";
import { startAsRoot, takePort } from "./root_commands.ts";

const MIB = 1024 ** 2;

const spec = JSON.stringify({
  "worker-image": "playbook.img",
  source: "src",
  workspace: "ws",
  resources: {
    memory: "256 MiB",
    disk: "256 MiB",
    log: "1 MiB",
    "wall-time": "20 min",
  },
  network: {
    prepare: [{ host: "allowed.example", protocols: ["http"] }],
    build: [],
  },
  ansible: standInPlaybook(`
wget -q -O task http://allowed.example/
sh task
echo prepared >~/prepared`),
  build: "cat ~/prepared\nip -o -4 address show eth0\n",
});

/** Says that the playbook has ended well, and hears nothing more. */
const stayOn = `
cat >stay.sh <<'END'
${takePort("control")}
echo 'exit 0' >&5
sleep 600
END
${startAsRoot("stay.sh")}
sleep 600`;

Deno.test("of a playbook that does not end as it should nothing is kept", async (t) => {
  await using internet = new FakeInternet();
  await using project = await Project.create();
  await makePlaybookImage(project.path("playbook.img"));
  const prepare = async (task: string) => {
    internet.serve("192.0.2.10:80", pageOf(task));
    return await build(project, internet, spec);
  };

  await t.step("a limit", async () => {
    const result = await prepare("yes");
    const goal = 64 * 1024;
    assertLimit(result, {
      limit: "log",
      allowed: MIB,
      goal,
      most: goal,
      phase: "prepare",
    });
  });

  await t.step("a worker that does not shut down", async () => {
    const result = await prepare(stayOn);
    const said = explain(result);
    assert.equal(result.report.error?.code, "manager-seal-failed", said);
    assert.equal(result.code, 3, said);
    assert.equal(phaseOutcome(result, "prepare"), "failed", said);
  });

  await t.step("the control: a good end", async () => {
    const result = await prepare(":");
    assertSuccess(result);
    assert.equal(phaseOutcome(result, "prepare"), "done");
    // The first link is free again, so the worker before is gone.
    assert.match(result.log, /prepared\n.* 10\.123\.0\.2\/30 /, result.log);
  });

  await t.step("the control: what is kept is found", async () => {
    const result = await prepare("exit 1");
    assertSuccess(result);
    assert.equal(phaseOutcome(result, "prepare"), "reused");
    assert.match(result.log, /^prepared\n/);
  });
});
