/**
 * Builds with `--accel kvm`: the manager runs on the KVM of an emulated
 * machine, and the worker on the manager's. Three machines in each other are
 * slow, so `scripts/test --kvm` runs this, and nothing else does.
 *
 * @module
 */

import assert from "node:assert/strict";
import { contractorCommand, sourceFiles } from "../../subplot/repository.ts";
import { imagesAllowed } from "../../subplot/test_state.ts";
import { logOf, type ShownEvent } from "../project.ts";
import {
  assertDenied,
  assertLimit,
  assertSuccess,
  type Attack,
  attackSpec,
  explain,
  type Result,
} from "../red_team/attack.ts";
import { KvmMachine } from "./kvm_machine.ts";

/** A hang ends the build, not the whole test. */
const LONGEST_BUILD = "25m";

/** Leaves the machine's own system the memory that it needs. */
const managerMemory = "1536 MiB";

Deno.test("builds run on KVM", async (t) => {
  const booting = performance.now();
  await using machine = await KvmMachine.boot();
  tellTime("the machine", (performance.now() - booting) / 1000);
  await makeProject(machine);
  const append = `echo "$(cat greeting), $(uname -n)" >>result`;

  await t.step("a first build", async () => {
    assertSuccess(await build(machine, { script: append }));
    assert.equal(await readResult(machine), "hello, tiny-worker\n");
  });

  await t.step("the manager and its worker run on KVM", async () => {
    const line = await ask(machine, "tr '\\0' '\\n' </proc/$qemu/cmdline");
    assert.match(line, /^-accel\nkvm$/m);
    const files = await ask(machine, "find /proc/$qemu/fd -printf '%l\\n'");
    assert.match(files, /^\/dev\/kvm$/m);
    assert.match(files, /^anon_inode:kvm-vcpu:0$/m);
    assert.equal(await ask(machine, "stat -c %U /proc/$qemu"), "user\n");
    // How often the manager entered a virtual machine of its own.
    const entries = await ask(machine, "cat /sys/kernel/debug/kvm/nested_run");
    assert.ok(Number(entries) > 0, entries);
  });

  let cpuSeconds = 0;
  await t.step("a second build, from the first one's workspace", async () => {
    const result = await build(machine, { script: append });
    assertSuccess(result);
    assert.equal(result.report.boot, "ready", explain(result));
    cpuSeconds = result.report.usage.build!.cpuSeconds;
    assert.equal(
      await readResult(machine),
      "hello, tiny-worker\nhello, tiny-worker\n",
    );
  });

  await t.step("a build that reaches for a host", async () => {
    const result = await build(machine, {
      script: "wget -q -O /dev/null http://denied.example/ || true",
    });
    assertDenied(result, {
      protocol: "dns",
      host: "denied.example",
      refusal: "name-not-allowed",
    });
  });

  await t.step("a build that computes for too long", async () => {
    // Three machines in each other are slow, and unevenly so.
    const allowed = 120 + 2 * Math.ceil(cpuSeconds);
    const result = await build(machine, {
      script: "while :; do :; done",
      resources: `disk: 256 MiB, wall-time: 15 min, cpu-time: ${allowed} s`,
    });
    assertLimit(result, { limit: "cpu-time", allowed, goal: 1 });
  });
});

function tellTime(what: string, seconds: number): void {
  console.log(`${what}: ${seconds.toFixed(1)} s`);
}

/** Runs a script as the user; it must succeed. */
async function mustRun(machine: KvmMachine, script: string): Promise<string> {
  const { status, output } = await machine.runAsUser(script);
  assert.equal(status, 0, output);
  return output;
}

async function makeProject(machine: KvmMachine): Promise<void> {
  await mustRun(
    machine,
    `set -e
mkdir -p .config/contractor project/src
cat >.config/contractor/config.yaml <<'END'
manager: { memory: ${managerMemory} }
${imagesAllowed}END
echo hello >project/src/greeting
ln -s "${sourceFiles.get("tiny.img")}" project/tiny.img`,
  );
}

/** Builds on KVM in the machine. */
async function build(machine: KvmMachine, attack: Attack): Promise<Result> {
  const { status, output } = await machine.runAsUser(
    `cd project
cat >build.yaml <<'END'
${attackSpec({ resources: "disk: 256 MiB, wall-time: 15 min", ...attack })}END
timeout ${LONGEST_BUILD} "${contractorCommand}" build --accel kvm --json build.yaml`,
  );
  const events = eventsIn(output);
  const end = events.at(-1);
  assert.equal(end?.type, "end", output);
  const { report: path } = end as { report: string };
  const report = JSON.parse(await mustRun(machine, `cat "${path}"`));
  const result = {
    code: status,
    signal: null,
    events,
    report,
    log: logOf(events),
  };
  assert.equal(report.manager?.accelerator, "kvm", explain(result));
  tellTime("a build", report.seconds);
  for (const { phase, seconds } of report.phases) {
    tellTime(`  ${phase}`, seconds);
  }
  tellTime("  processor time", report.usage.build?.cpuSeconds ?? 0);
  return result;
}

/** Events are on lines of their own, perhaps between warnings. */
function eventsIn(output: string): ShownEvent[] {
  return output.split("\n").filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));
}

function readResult(machine: KvmMachine): Promise<string> {
  return mustRun(machine, "cat project/ws/src/result");
}

/** Looks from outside at the manager's QEMU, of which there is one. */
async function ask(machine: KvmMachine, question: string): Promise<string> {
  const { status, output } = await machine.run(
    `qemu=$(busybox pidof qemu-system-x86_64)\n${question}`,
  );
  assert.equal(status, 0, output);
  return output;
}
