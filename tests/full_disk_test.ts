/**
 * A disk of the host that becomes full under the manager: QEMU pauses it then,
 * so nothing inside can tell, and nothing would ever go on.
 *
 * @module
 */

import assert from "node:assert/strict";
import { contractorCommand } from "../subplot/repository.ts";
import { Project, tinySpec } from "./project.ts";

/** Builds where the state directory is on a small disk, then tells the status. */
const script = `
mount -t tmpfs -o size=300m,mode=700 tmpfs "$XDG_STATE_HOME"
status=0
"$1" build --json build.yaml || status=$?
"$1" manager status --json >status.json
"$1" manager stop --force >&2
exit $status
`;

Deno.test("a build whose manager finds no space on the host ends with the reason", async () => {
  await using project = await Project.create();
  await project.write(
    "build.yaml",
    tinySpec("head -c 400m /dev/zero >big; sync; sleep 600")
      .replace("disk: 256 MiB", "disk: 1 GiB"),
  );
  const state = project.path("state");
  await Deno.mkdir(state);
  const built = await project.watch(project.spawn(
    [
      ...["--user", "--map-root-user", "--mount"],
      ...["sh", "-euc", script, "sh", contractorCommand],
    ],
    { ...project.environment, XDG_STATE_HOME: state, XDG_RUNTIME_DIR: state },
    "unshare",
  ));
  const shown = JSON.stringify(built.events.slice(-6), null, 2);
  assert.equal(built.code, 3, shown);
  const end = built.events.at(-1);
  assert.ok(end?.type === "end", shown);
  assert.equal(end.outcome, "error", shown);
  assert.equal(end.error?.code, "state-directory-full", shown);
  // The control: it was under way until the disk was full.
  const isBuilding = built.events.some((event) =>
    event.type === "phase-start" && event.phase === "build"
  );
  assert.ok(isBuilding, shown);
  assert.equal(JSON.parse(await project.read("status.json")).running, false);
});
