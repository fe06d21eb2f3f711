/**
 * What goes wrong in a build with real nested virtual machines: each is a clear
 * error, and the next build works.
 *
 * @module
 */

import assert from "node:assert/strict";
import { stripColour } from "../src/guest/terminal_text.ts";
import { FakeInternet } from "./harness/fake_internet.ts";
import { logOf, type Outcome, Project, tinySpec } from "./project.ts";
import { run } from "./red_team/attack.ts";

type Built = Awaited<ReturnType<Project["build"]>>;

/** Asserts how a build ended, by its exit code and its last event. */
function assertEnd(
  { code, events }: Built,
  expected: { exitCode: number; outcome: string; error?: string },
) {
  const end = events.at(-1)!;
  const shown = JSON.stringify(events.slice(-6), null, 2);
  assert.equal(end.type, "end", shown);
  assert.equal(code, expected.exitCode, shown);
  if (end.type !== "end") return;
  assert.equal(end.outcome, expected.outcome, shown);
  assert.equal(end.error?.code, expected.error, shown);
}

function assertSuccess(built: Built): void {
  assertEnd(built, { exitCode: 0, outcome: "success" });
}

Deno.test("a build's output cannot reach the terminal's controls", async () => {
  await using project = await Project.create();
  await project.write(
    "build.yaml",
    tinySpec(String.raw`
printf '\033]0;title\007\033[2J\033[31mred\033[0m\r\nbell\007 \302\233 \377 end\n'
head -c 100000 /dev/zero | tr '\0' x
`),
  );
  const built = await project.build();
  assertSuccess(built);
  const log = logOf(built.events);
  assert.doesNotMatch(stripColour(log), /(?!\n)\p{Cc}/u);
  assert.match(log, /red/);
  assert.match(log, /x{1000}/);
  assert.ok(log.includes(String.raw`\x1b[2J`), log.slice(0, 200));
});

Deno.test("a build that prints more than its limit is stopped", async () => {
  await using project = await Project.create();
  await project.write(
    "build.yaml",
    tinySpec("yes", "").replace("disk: 256 MiB", "disk: 256 MiB, log: 1 MiB"),
  );
  const built = await project.build();
  assertEnd(built, {
    exitCode: 4,
    outcome: "limit-exceeded",
    error: "log-limit",
  });
});

Deno.test("a spec that cannot be prepared fails, and keeps nothing", async () => {
  await using project = await Project.create();
  // The tiny worker has no ansible-playbook.
  const playbook = "ansible: [{ hosts: worker, tasks: [{ ping: {} }] }]";
  await project.write("build.yaml", tinySpec("true", playbook));
  for (let attempt = 1; attempt <= 2; attempt++) {
    const built = await project.build();
    assertEnd(built, {
      exitCode: 1,
      outcome: "build-failed",
      error: "playbook-failed",
    });
    assert.match(logOf(built.events), /no ansible-playbook/);
    const prepared = built.events.find((event) =>
      event.type === "phase-end" && event.phase === "prepare"
    );
    assert.equal(prepared?.type === "phase-end" && prepared.outcome, "failed");
  }
});

Deno.test("an image that never boots is given up with its console", async () => {
  await using project = await Project.create();
  const disk = new Uint8Array(2 * 1024 ** 2);
  // Prints "dead end" on the serial port by way of the BIOS, then stops.
  disk.set(bootSectorThatPrints("dead end\r\n"));
  disk.set([0x55, 0xaa], 510);
  await project.write("dead.img", disk);
  await project.write(
    "build.yaml",
    tinySpec("true").replace("tiny.img", "dead.img").replace(
      "disk: 256 MiB",
      "disk: 256 MiB, boot-timeout: 40 s",
    ),
  );
  const built = await project.build();
  assertEnd(built, {
    exitCode: 3,
    outcome: "error",
    error: "manager-boot-failed",
  });
  const end = built.events.at(-1)!;
  assert.match(JSON.stringify(end), /dead end/);
});

Deno.test("a workspace is one build's at a time, and what comes to it is kept", async () => {
  await using internet = new FakeInternet();
  await using project = await Project.create();
  await Deno.symlink(".", project.path("self"));
  await project.write(
    "other.yaml",
    tinySpec("true").replace("workspace: ws", "workspace: self/ws"),
  );
  let second: Promise<Outcome> | undefined;
  // The first goes on once the second has ended.
  internet.serve("192.0.2.10:80", async (connection) => {
    await connection.readUntil("\r\n\r\n");
    second = project.run(["build", "other.yaml"]);
    await second;
    await Deno.mkdir(project.path("ws"));
    await project.write("ws/mine", "precious");
    await connection.write("HTTP/1.0 200 OK\r\n\r\n");
  });
  const first = await run(project, internet, {
    script: "wget -q -O /dev/null http://allowed.example/; touch made",
  });
  const refused = await second!;
  assert.equal(refused.code, 3, refused.stderr);
  assert.match(refused.stderr, /building build\.yaml/);
  assertSuccess(first);
  assert.equal(await project.read("ws/src/made"), "");
  const kept = `ws.kept-${first.report.build}`;
  assert.equal(await project.read(`${kept}/mine`), "precious");
  const told = first.events.find((event) =>
    event.type === "note" && event.message.includes(project.path(kept))
  );
  assert.ok(told?.type === "note" && told.always, JSON.stringify(first.events));
});

Deno.test("a manager that dies is named, and started again", async () => {
  await using project = await Project.create();
  await project.write("build.yaml", tinySpec("echo one > one"));
  assertSuccess(await project.build());
  await project.write("build.yaml", tinySpec("echo two > two; sleep 60"));
  const killed = await project.build((event) => {
    if (event.type === "phase-start" && event.phase === "build") {
      project.killManager();
    }
  });
  assertEnd(killed, { exitCode: 3, outcome: "error", error: "manager-lost" });
  assert.equal(await project.read("ws/src/one"), "one\n");
  await project.write("build.yaml", tinySpec("cat one; echo three > three"));
  assertSuccess(await project.build());
  assert.equal(await project.read("ws/src/three"), "three\n");
});

/** 16-bit code that writes a text to the first serial port and halts. */
function bootSectorThatPrints(text: string): number[] {
  const code = [
    ...[0xfa, 0x31, 0xc0, 0x8e, 0xd8], // cli; xor ax, ax; mov ds, ax
    ...[0xbe, 0x20, 0x7c], // mov si, 0x7c20
    ...[0xba, 0xf8, 0x03], // mov dx, 0x3f8
    ...[0xac, 0x84, 0xc0], // lodsb; test al, al
    ...[0x74, 0x03], // jz halt
    ...[0xee, 0xeb, 0xf8], // out dx, al; jmp lodsb
    ...[0xf4, 0xeb, 0xfd], // halt: hlt; jmp halt
  ];
  const bytes = [...code, ...Array(0x20 - code.length).fill(0)];
  return [...bytes, ...new TextEncoder().encode(text), 0];
}
