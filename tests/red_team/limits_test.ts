/**
 * Hard limits, measured and enforced outside the worker: whatever runs inside
 * and whatever it ignores, the build ends with exit code 4 and a record.
 *
 * @module
 */

import assert from "node:assert/strict";
import { end, file, join } from "../../src/guest/testing/archive.ts";
import { FakeInternet } from "../harness/fake_internet.ts";
import { Project } from "../project.ts";
import {
  assertLimit,
  assertSuccess,
  type Attack,
  type ExpectedLimit,
  explain,
  type Result,
  run,
} from "./attack.ts";
import { startAsRoot, takePort } from "./root_commands.ts";

const MIB = 1024 ** 2;
const forever = "sleep 600";

interface Exceeding extends Attack, ExpectedLimit {
  name: string;
  check?(result: Result): void;
}

/** Builds whose limit is as given end by it. */
function exceeds(attack: Exceeding): void {
  Deno.test(`limited: ${attack.name}`, async () => {
    await using internet = new FakeInternet();
    await using project = await Project.create();
    const result = await run(project, internet, { allow: [], ...attack });
    assertLimit(result, attack);
    attack.check?.(result);
    assert.deepEqual(await project.list(), ["build.yaml", "src", "tiny.img"]);
  });
}

Deno.test("a build that stays within all limits succeeds", async () => {
  await using internet = new FakeInternet();
  await using project = await Project.create();
  const result = await run(project, internet, {
    resources: [
      ...["disk: 64 MiB", "cpu-time: 5 min", "wall-time: 20 min"],
      ...["log: 1 MiB", "bandwidth: { total: 1 MiB, rate: 100 Mbit/s }"],
    ].join(", "),
    // A sparse file takes no room.
    script: `
truncate -s 1G sparse
rm sparse
head -c 8m /dev/zero >file
head -c 700000 /dev/zero | tr '\\0' x | fold -w 99
trap '' TERM
wget -q -O /dev/null http://allowed.example/`,
  });
  assertSuccess(result);
  assert.ok(result.report.log.bytes > 700_000);
});

// The boot counts, too; a slow one must leave room for the attack.

exceeds({
  name: "daemons that compute while the build sleeps",
  limit: "cpu-time",
  resources: "disk: 64 MiB, cpu-time: 60 s",
  allowed: 60,
  goal: 1,
  files: {
    "compute.sh": `
trap '' TERM INT HUP
while :; do :; done &
while :; do :; done`,
  },
  script: `${startAsRoot("compute.sh")}\n${forever}`,
});

exceeds({
  name: "a build that ignores signals and turns its clock back and forth",
  limit: "wall-time",
  resources: "disk: 64 MiB, wall-time: 75 s",
  allowed: 75,
  goal: 2,
  script: `
trap '' TERM INT HUP
while :; do
  for year in 2001 2037; do
    sudo date -s "$year-01-01 00:00:00"
    sleep 1
  done
done`,
  check: (result) => {
    // The control: the clock was turned, and ended the build no sooner.
    assert.match(result.log, / 2001$/m, explain(result));
    assert.match(result.log, / 2037$/m, explain(result));
    assert.ok(result.report.seconds >= 75, explain(result));
  },
});

const disk = {
  limit: "disk",
  resources: "disk: 64 MiB",
  allowed: 64 * MIB,
  goal: 64 * MIB,
  // A busy processor lets a worker write on for longer.
  most: 4 * 64 * MIB,
} as const;

exceeds({
  ...disk,
  name: "a file that grows and grows",
  script: `
while :; do
  dd if=/dev/zero of=big bs=1M count=200 || true
done`,
});

exceeds({
  ...disk,
  name: "many small files",
  files: {
    "many.tar": join(
      ...Array.from(
        { length: 512 },
        (_, index) => file(`${index}`, "x".repeat(8192)),
      ),
      end(),
    ),
  },
  script: `
i=0
while :; do
  i=$((i + 1))
  mkdir d$i
  tar -x -f many.tar -C d$i || true
done`,
});

exceeds({
  ...disk,
  name: "files deleted and written anew",
  script: `
while :; do
  for name in a b c; do head -c 30m /dev/zero >$name || true; done
  rm a b c
done`,
});

exceeds({
  ...disk,
  name: "the raw disk below the file system",
  script: `
sudo dd if=/dev/zero of=/dev/vda bs=1M seek=40 count=200 conv=fsync || true
${forever}`,
});

exceeds({
  name: "a sparse file that is left in the workspace",
  limit: "workspace.bytes",
  resources: "disk: 64 MiB",
  allowed: 64 * MIB,
  goal: 0,
  phase: "workspace-out",
  script: "truncate -s 1G sparse",
});

const log = {
  limit: "log",
  resources: "disk: 64 MiB, log: 1 MiB",
  allowed: MIB,
  goal: 64 * 1024,
  // What is read at once.
  most: 64 * 1024,
  check: ({ report }: Result) => {
    assert.ok(report.log.bytes <= MIB, `kept ${report.log.bytes}`);
    assert.ok(report.log.bytes > MIB / 2, `kept ${report.log.bytes}`);
  },
} as const;

exceeds({ ...log, name: "a flood of standard error", script: "yes >&2" });
exceeds({
  ...log,
  name: "a flood of standard output by a daemon while the build sleeps",
  script: `sudo setsid sh -c 'yes &' &\n${forever}`,
});
exceeds({
  ...log,
  name: "a flood of the log's port, past the runner",
  files: { "flood.sh": `${takePort("log")}yes >&5\n` },
  script: `${startAsRoot("flood.sh")}\n${forever}`,
});
