/**
 * The manager stays for a while, but not with the memory that a build took.
 *
 * @module
 */

import assert from "node:assert/strict";
import { managerProcess, Project, tinySpec } from "./project.ts";

const MEBIBYTE = 1024 ** 2;

/** What the worker fills. */
const FILLED_BYTES = 800 * MEBIBYTE;

/** What the manager may keep, beside a worker that rests. */
const KEPT_BYTES = 900 * MEBIBYTE;

/**
 * What a process takes of the host's memory, but for code that it makes, which
 * an emulated processor runs and QEMU keeps.
 */
function residentBytes(pid: number): number {
  const smaps = Deno.readTextFileSync(`/proc/${pid}/smaps`);
  const mappings = smaps.matchAll(
    /^[0-9a-f]+-[0-9a-f]+ (\S{4}) [^]*?^Rss:\s*(\d+) kB$/gm,
  );
  let bytes = 0;
  for (const [, permissions, kilobytes] of mappings) {
    if (permissions !== "rwxp") bytes += Number(kilobytes) * 1024;
  }
  return bytes;
}

Deno.test("memory that a build took goes back to the host", async () => {
  await using project = await Project.createWithOwnManager(
    "{ memory: 2 GiB }",
  );
  const spec = tinySpec(
    `dd if=/dev/zero of=/dev/null bs=${FILLED_BYTES} count=1; echo filled`,
  ).replace("memory: 256 MiB", "memory: 1 GiB");
  await project.write("build.yaml", spec);
  let filled = 0;
  const { code, events } = await project.build((event) => {
    if (event.type === "log" && event.text.includes("filled")) {
      filled = residentBytes(managerProcess(project.environment));
    }
  });
  assert.equal(code, 0, JSON.stringify(events.at(-1)));
  // The control: it was there.
  assert.ok(filled > KEPT_BYTES + FILLED_BYTES / 8, `${filled}`);

  const pid = managerProcess(project.environment);
  const deadline = Date.now() + 5 * 60_000;
  while (residentBytes(pid) > KEPT_BYTES) {
    assert.ok(Date.now() < deadline, `${residentBytes(pid)} bytes are kept`);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
});
