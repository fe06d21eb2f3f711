/**
 * Playbooks in the Debian worker, with the real Ansible: one that fails leaves
 * nothing behind, one that succeeds is run once.
 *
 * @module
 */

import assert from "node:assert/strict";
import { sourceFiles } from "../subplot/repository.ts";
import { logOf, Project, type ShownEvent } from "./project.ts";

/** A spec whose playbook has one task; it reaches no hosts. */
function specWith(task: unknown): string {
  return JSON.stringify({
    "worker-image": "worker.img",
    "source": "src",
    "workspace": "ws",
    "resources": { memory: "1 GiB" },
    "network": { prepare: [] },
    "ansible": [{
      hosts: "worker",
      remote_user: "worker",
      become: true,
      gather_facts: false,
      tasks: [task],
    }],
    "build": "cat /etc/prepared input; id -un\n",
  });
}

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

Deno.test("a playbook that fails is shown and not kept, a good one is kept", async (t) => {
  await using project = await Project.create();
  await Deno.symlink(
    sourceFiles.get("worker.img")!,
    project.path("worker.img"),
  );
  await project.write("src/input", "first\n");

  await t.step("fails", async () => {
    const task = { fail: { msg: "out of luck today" } };
    await project.write("build.yaml", specWith(task));
    assert.equal((await project.run(["manager", "start"])).code, 0);
    const before = await preparedDisks(project);
    const failed = await project.build();
    assert.equal(failed.code, 1, JSON.stringify(failed.events.at(-1)));
    assert.equal(prepareOutcome(failed.events), "failed");
    assert.match(logOf(failed.events), /out of luck today/);
    assert.equal(await preparedDisks(project), before);
  });

  // The content differs at each run of the test, so that nothing is prepared.
  const content = `prepared ${crypto.randomUUID()}\n`;
  await t.step("succeeds", async () => {
    const task = { copy: { dest: "/etc/prepared", content } };
    await project.write("build.yaml", specWith(task));
    const built = await project.build();
    assert.equal(built.code, 0, JSON.stringify(built.events.at(-1)));
    assert.equal(prepareOutcome(built.events), "done");
    assert.match(logOf(built.events), new RegExp(`${content}first\nworker\n`));
  });

  await t.step("is reused", async () => {
    await project.write("src/input", "second\n");
    const built = await project.build();
    assert.equal(built.code, 0, JSON.stringify(built.events.at(-1)));
    assert.equal(prepareOutcome(built.events), "reused");
    assert.match(logOf(built.events), new RegExp(`${content}second\nworker\n`));
  });
});
