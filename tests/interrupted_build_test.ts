/**
 * Builds that are stopped in every phase, politely and not: the earlier
 * workspace stays, nothing is left of the build, and the next one works.
 *
 * @module
 */

import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { type Phase, phases } from "../src/pipeline/events.ts";
import { sourceFiles } from "../subplot/repository.ts";
import {
  type Built,
  managerProcess,
  Project,
  type ShownEvent,
  tinySpec,
} from "./project.ts";

/** Where a build is stopped, and how. */
interface Stop {
  signal: "SIGINT" | "SIGKILL";
  phase: Phase;
  spec: string;
  /** What shows from outside that the phase is under way; else its start. */
  isUnderWay?: (project: Project) => boolean;
}

/** How a build was stopped, and what it found of earlier ones. */
interface Stopped extends Built {
  leftOvers: string[];
}

const signals = ["SIGINT", "SIGKILL"] as const;

/** Worker images of these tests. */
const images = ["tiny-worker.img", "other.img"];

/** `boot` comes to mean: as soon as the worker's disk is plugged in. */
const isUnderWay: Partial<Record<Phase, Stop["isUnderWay"]>> = {
  boot: (project) => hasOpen(project, "trees.disk"),
};

Deno.test("a build survives being stopped in every phase", async (t) => {
  await using project = await Project.create();
  const script = "cp input output; sleep 3";
  await project.write("build.yaml", tinySpec(script));
  const playbook = "ansible: [{ hosts: worker, tasks: [{ ping: {} }] }]";
  await project.write("prepare.yaml", tinySpec(script, playbook));
  let content = "first";
  await project.write("src/input", content);
  assert.equal((await project.build()).code, 0);
  for (const signal of signals) {
    for (const phase of phases) {
      // The image is in the cache already: see the next test.
      if (phase === "image") continue;
      await t.step(`by ${signal} in phase ${phase}`, async () => {
        const fresh = `${signal} in ${phase}`;
        await project.write("src/input", fresh);
        const stop = {
          signal,
          phase,
          spec: phase === "prepare" ? "prepare.yaml" : "build.yaml",
          ...(isUnderWay[phase] && { isUnderWay: isUnderWay[phase] }),
        };
        await assertStopped(project, stop);
        await assertNoBuilds(project);
        const kept = await project.read("ws/src/output");
        const accepted = {
          "workspace-out": [content, fresh],
          "report": [fresh],
        }[phase as string] ?? [content];
        assert.ok(accepted.includes(kept), kept);
        content = kept;
      });
    }
  }
  await assertBuilds(project);
});

Deno.test("a build survives being stopped while everything is new", async (t) => {
  await using project = await Project.createWithOwnManager(
    "{ memory: 1500 MiB }",
  );
  await project.write("src/input", "new");
  const spec = tinySpec("cp input output");
  await project.write("build.yaml", spec);
  await project.write("other.yaml", spec.replace("tiny.img", "other.img"));
  await copyImage(project, "other.img");
  const manager = {
    phase: "manager",
    spec: "build.yaml",
    isUnderWay: isManagerRunning,
  } as const;

  await t.step("by SIGINT while the manager boots", async () => {
    await assertStopped(project, { ...manager, signal: "SIGINT" });
    await project.stopManager();
    await Deno.remove(project.path("state"), { recursive: true });
  });
  await t.step(
    "by SIGKILL while the manager boots",
    () => assertStopped(project, { ...manager, signal: "SIGKILL" }),
  );
  // Each has an image of its own: a copy that was begun may go on.
  await t.step("by SIGINT while an image is copied", async () => {
    await assertStopped(project, {
      signal: "SIGINT",
      phase: "image",
      spec: "other.yaml",
      isUnderWay: (project) => hasOpen(project, "other.img"),
    });
    await assertNoBuilds(project);
  });
  await t.step("by SIGKILL while an image is copied", async () => {
    await assertStopped(project, {
      signal: "SIGKILL",
      phase: "image",
      spec: "build.yaml",
      isUnderWay: (project) => hasOpen(project, "tiny-worker.img"),
    });
    await assertNoBuilds(project);
  });
  assert.ok(!(await project.list()).includes("ws"));
  await assertBuilds(project);
});

/** Stops a build; it must find nothing of earlier ones, and leave nothing. */
async function assertStopped(project: Project, stop: Stop): Promise<void> {
  const { code, signal, events, leftOvers } = await stopBuild(project, stop);
  const shown = JSON.stringify(events.slice(-4));
  assert.deepEqual(leftOvers, []);
  // A report takes no time: the build may have ended before.
  if (stop.phase === "report" && code === 0) return;
  if (stop.signal === "SIGKILL") return assert.equal(signal, "SIGKILL", shown);
  assert.equal(code, 130, shown);
  assert.deepEqual(findLeftOvers(project), []);
}

/** The next build works, and what the stopped ones have left is gone. */
async function assertBuilds(project: Project): Promise<void> {
  await project.write("src/input", "last");
  const { code, events, leftOvers } = await watchBuild(project, "build.yaml");
  assert.equal(code, 0, JSON.stringify(events.at(-1)));
  assert.deepEqual(leftOvers, []);
  assert.equal(await project.read("ws/src/output"), "last");
  assert.deepEqual(findLeftOvers(project), []);
  const names = await project.list();
  assert.deepEqual(names.filter((name) => name.includes("contractor-")), []);
}

async function stopBuild(project: Project, stop: Stop): Promise<Stopped> {
  let stopping: Promise<void> | undefined;
  const stopped = await watchBuild(project, stop.spec, (event, process) => {
    if (stopping === undefined && isPlace(event, stop.phase)) {
      stopping = stopProcess(project, process, stop);
    }
  });
  await stopping;
  return stopped;
}

/** Whether a build has come to where it is to be stopped. */
function isPlace(event: ShownEvent, phase: Phase): boolean {
  // Told by a build whose worker runs, just before it gets the playbook.
  if (phase === "prepare") {
    return event.type === "note" && /playbook/.test(event.message);
  }
  return event.type === "phase-start" && event.phase === phase;
}

async function stopProcess(
  project: Project,
  process: Deno.ChildProcess,
  { signal, isUnderWay = () => true }: Stop,
): Promise<void> {
  let ended = false;
  process.status.then(() => ended = true);
  while (!isUnderWay(project)) {
    if (ended) return;
    await sleep(20);
  }
  if (!ended) process.kill(signal);
}

/** Builds, and looks at what earlier builds have left once it is connected. */
async function watchBuild(
  project: Project,
  spec: string,
  onEvent: (event: ShownEvent, process: Deno.ChildProcess) => void = () => {},
): Promise<Stopped> {
  let id = "";
  let leftOvers: string[] = [];
  const built = await project.build((event, process) => {
    if (event.type === "start") id = event.build;
    if (event.type === "phase-end" && event.phase === "manager") {
      leftOvers = findLeftOvers(project).filter((path) => !path.includes(id));
    }
    onEvent(event, process);
  }, [spec]);
  return { ...built, leftOvers };
}

/** Directories of builds, and their files that the manager's QEMU has open. */
function findLeftOvers(project: Project): string[] {
  const { XDG_STATE_HOME } = project.environment;
  const staging = join(XDG_STATE_HOME!, "contractor/staging");
  return [
    ...[...Deno.readDirSync(staging)].map(({ name }) => join(staging, name)),
    ...openFiles(project).filter((path) =>
      path.startsWith(staging) || images.includes(basename(path))
    ),
  ];
}

function hasOpen(project: Project, name: string): boolean {
  return openFiles(project).some((path) => path.endsWith(`/${name}`));
}

/** Files that the manager's QEMU has open; none if it does not run. */
function openFiles(project: Project): string[] {
  if (!isManagerRunning(project)) return [];
  const directory = `/proc/${managerProcess(project.environment)}/fd`;
  return [...Deno.readDirSync(directory)].flatMap(({ name }) => {
    try {
      return Deno.readLinkSync(join(directory, name));
    } catch (error) {
      // Closed in between.
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  });
}

function isManagerRunning(project: Project): boolean {
  try {
    return managerProcess(project.environment) > 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The manager notices at once that its host is gone; a worker ends in time. */
async function assertNoBuilds(project: Project): Promise<void> {
  const deadline = Date.now() + 60_000;
  let builds: unknown[] = [];
  do {
    const status = await project.run(["manager", "status", "--json"]);
    assert.equal(status.code, 0, status.stderr);
    const manager = JSON.parse(status.stdout);
    assert.ok(manager.running);
    builds = manager.builds;
    if (builds.length === 0) return;
    await sleep(1000);
  } while (Date.now() < deadline);
  assert.deepEqual(builds, []);
}

/** A copy of the tiny worker's image with another digest. */
async function copyImage(project: Project, name: string): Promise<void> {
  const { success } = await new Deno.Command("cp", {
    args: ["--sparse=always", sourceFiles.get("tiny.img")!, project.path(name)],
  }).output();
  assert.ok(success);
  await Deno.writeFile(project.path(name), new Uint8Array(512), {
    append: true,
  });
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
