/**
 * The manager outlives the command that starts it, and must hold nothing that
 * the command's caller has open: a lock would never be free, a pipe never end.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { contractorCommand, sourceDirectory } from "../subplot/repository.ts";
import { writeIdleImage } from "./idle_image.ts";
import { managerProcess, Project } from "./project.ts";

/** Says what it has open, then becomes the command. */
const script = `exec 5>&1 200>&1 255>&1
  ls -l /proc/$$/fd >"$1"
  exec "$0" manager start 2>/dev/null`;

/** What the links of `ls -l` lead to, by their numbers. */
function targets(listing: string): Map<number, string> {
  const links = listing.matchAll(/ (\d+) -> (.*)$/gm);
  return new Map([...links].map(([, number, to]) => [Number(number), to!]));
}

/** What a process has open; it goes on opening and closing meanwhile. */
async function openFiles(pid: number): Promise<string[]> {
  const directory = `/proc/${pid}/fd`;
  const files: string[] = [];
  for await (const { name } of Deno.readDir(directory)) {
    try {
      files.push(await Deno.readLink(join(directory, name)));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return files;
}

/** Waits until QEMU has written its process number. */
async function untilManagerRuns(project: Project): Promise<number> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      const pid = managerProcess(project.environment);
      if (pid > 0) return pid;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    assert.ok(Date.now() < deadline, "the manager does not run");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

for (
  const command of [contractorCommand, `${sourceDirectory}dist/contractor`]
) {
  const name = command.slice(sourceDirectory.length);
  Deno.test(`a manager started by ${name} holds none of the caller's files`, async () => {
    await using project = await Project.createWithOwnManager(
      "{ memory: 1 GiB }",
    );
    await writeIdleImage(project.path("image"));
    const lock = project.path("lock");
    const listing = project.path("listing");
    const process = project.spawn(
      ["--no-fork", lock, "bash", "-c", script, command, listing],
      {
        ...project.environment,
        CONTRACTOR_MANAGER_IMAGE: project.path("image"),
      },
      "flock",
    );
    const pid = await untilManagerRuns(project);
    // The manager never answers; the command need not wait for that.
    process.kill("SIGKILL");

    const callers = targets(await Deno.readTextFile(listing));
    assert.equal(callers.get(3), lock);
    const pipe = callers.get(1)!;
    assert.match(pipe, /^pipe:/);
    for (const number of [5, 200, 255]) {
      assert.equal(callers.get(number), pipe, `${number}`);
    }
    const managers = await openFiles(pid);
    assert.ok(managers.includes("/dev/null"));
    assert.ok(!managers.includes(lock));
    assert.ok(!managers.includes(pipe));
    // Once the command has ended, the lock is free, and the pipe ends.
    await process.status;
    using file = await Deno.open(lock);
    assert.ok(await file.tryLock(true));
    await Promise.all(
      [process.stdout, process.stderr].map((stream) =>
        new Response(stream).text()
      ),
    );
  });
}
