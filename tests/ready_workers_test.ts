/**
 * Builds that start from a worker that has booted already: what they have in
 * common, what they must not have in common, and what becomes of them when
 * something goes wrong.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { BuildReport } from "../src/pipeline/report.ts";
import {
  type Built,
  logOf,
  type OnEvent,
  Project,
  tinySpec,
} from "./project.ts";
import { makeNoisyImage } from "./harness/noisy_image.ts";

/** What two systems that booted apart never share. */
const identity = `
echo "random $(head -c 16 /dev/urandom | md5sum)"
echo "uuid $(cat /proc/sys/kernel/random/uuid)"
echo "boot $(cat /proc/sys/kernel/random/boot_id)"
echo "name $(mktemp -u)"
echo "address $(sed -n '/\\[stack\\]/p' /proc/self/maps)"
`;

const facts = ["random", "uuid", "boot", "name", "address"];

Deno.test("ready workers", async (t) => {
  await using project = await Project.createWithOwnManager(
    "{ memory: 1500 MiB }",
  );
  const build = async (onEvent?: OnEvent): Promise<Built & Result> => {
    const built = await project.build(onEvent);
    const end = built.events.at(-1);
    assert.equal(end?.type, "end", JSON.stringify(end));
    const report = JSON.parse(
      await Deno.readTextFile((end as { report: string }).report),
    );
    return { ...built, report, log: logOf(built.events) };
  };
  await project.write(
    "build.yaml",
    tinySpec(`${identity}\necho "now $(date +%s)"\ncp input output`),
  );
  await project.write("src/input", "first");

  const results: Result[] = [];
  await t.step("the first build of a kind boots its worker", async () => {
    const { code, report, log } = await build();
    assert.equal(code, 0, JSON.stringify(report.error));
    assert.equal(report.boot, "booted");
    results.push({ report, log });
  });

  await t.step("the next ones start in a ready one, each its own", async () => {
    for (const content of ["second", "third"]) {
      await waitForResting(project, 1);
      await project.write("src/input", content);
      const { code, report, log } = await build();
      assert.equal(code, 0, JSON.stringify(report.error));
      assert.equal(report.boot, "ready");
      assert.equal(await project.read("ws/src/output"), content);
      results.push({ report, log });
    }
    for (const fact of facts) {
      const values = results.map(({ log }) => factOf(log, fact));
      assert.equal(new Set(values).size, values.length, `${fact}: ${values}`);
    }
  });

  await t.step("their clock is right, and they use little", () => {
    for (const { report, log } of results) {
      const now = Number(factOf(log, "now"));
      assert.ok(now >= Math.floor(Date.parse(report.startedAt) / 1000), log);
      assert.ok(now <= Math.ceil(Date.parse(report.endedAt) / 1000) + 1, log);
    }
    for (const { report } of results) {
      const { cpuSeconds, diskBytes } = report.usage.build!;
      console.log(`  CPU ${cpuSeconds.toFixed(1)} s, disk ${diskBytes} bytes`);
      assert.ok(cpuSeconds > 0 && diskBytes > 0);
    }
  });

  await t.step("a build that waits for another gets one, too", async () => {
    await waitForResting(project, 1);
    await project.write(
      "other.yaml",
      tinySpec("echo other").replace("workspace: ws", "workspace: other"),
    );
    const [mine, other] = await Promise.all([
      build(),
      project.build(undefined, ["other.yaml"]),
    ]);
    assert.equal(mine.code, 0, JSON.stringify(mine.report.error));
    assert.equal(other.code, 0, JSON.stringify(other.events.at(-1)));
  });

  await t.step("one that is stopped as it takes one leaves none", async () => {
    await waitForResting(project, 1);
    const { code } = await build((event, process) => {
      if (event.type === "phase-start" && event.phase === "boot") {
        process.kill("SIGINT");
      }
    });
    assert.equal(code, 130);
    assert.deepEqual((await status(project)).builds, []);
    const next = await build();
    assert.equal(next.code, 0, JSON.stringify(next.report.error));
    assert.equal(next.report.boot, "ready");
  });

  await t.step(
    "attempts of a build count, those of its image before too",
    async () => {
      await waitForResting(project, 1);
      await project.write(
        "build.yaml",
        tinySpec("ping -c 1 192.0.2.1 || true"),
      );
      const tried = await build();
      assert.equal(tried.code, 5, tried.log);
      assert.equal(tried.report.boot, "ready");

      const before = (await status(project)).caches.saved.count;
      await makeNoisyImage(project.path("noisy.img"));
      await project.write(
        "build.yaml",
        tinySpec("sleep 60").replace("tiny.img", "noisy.img"),
      );
      const noisy = await build();
      assert.equal(noisy.code, 5, noisy.log);
      assert.notEqual(noisy.report.boot, "ready");
      const { records } = noisy.report.violations.network;
      assert.ok(records.length > 0, JSON.stringify(records));
      assert.equal((await status(project)).caches.saved.count, before);
    },
  );

  await t.step(
    "a manager that was killed leaves nothing to start from",
    async () => {
      await project.write("build.yaml", tinySpec("cp input output"));
      project.killManager();
      const { code, report } = await build();
      assert.equal(code, 0, JSON.stringify(report.error));
      assert.equal(report.boot, "booted");
      assert.equal((await status(project)).caches.saved.count, 1);
    },
  );

  await t.step("whoever wants none has none", async () => {
    await waitForResting(project, 1);
    await project.configureManager("{ memory: 1500 MiB, ready-workers: 0 }");
    const { code, report } = await build();
    assert.equal(code, 0, JSON.stringify(report.error));
    assert.equal(report.boot, "booted");
    assert.equal((await status(project)).resting, 0);
  });
});

interface Result {
  report: BuildReport;
  log: string;
}

function factOf(log: string, name: string): string {
  const line = log.split("\n").find((line) => line.startsWith(`${name} `));
  assert.ok(line !== undefined, `No ${name} in:\n${log}`);
  return line.slice(name.length + 1);
}

interface Status {
  resting: number;
  builds: unknown[];
  caches: { saved: { count: number } };
}

async function status(project: Project): Promise<Status> {
  const { code, stdout, stderr } = await project.run([
    ...["manager", "status", "--json"],
  ]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

/** A worker is made ready once the last build is gone. */
async function waitForResting(project: Project, count: number): Promise<void> {
  const deadline = Date.now() + 180_000;
  let resting = -1;
  while (Date.now() < deadline) {
    ({ resting } = await status(project));
    if (resting === count) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  const { stdout } = await project.run(["manager", "logs"]);
  assert.equal(resting, count, stdout.slice(-4000));
}
