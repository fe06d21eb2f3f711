/**
 * What the command line shows on a terminal, which `script` makes, and what it
 * writes to a pipe.
 *
 * @module
 */

import assert from "node:assert/strict";
import { contractorCommand } from "../subplot/repository.ts";
import { Project, tinySpec } from "./project.ts";

const ESCAPE = "\x1b";
const red = `${ESCAPE}[31m`;
const eraseLine = `\r${ESCAPE}[K`;
// deno-lint-ignore no-control-regex -- colours begin with one
const colour = /\x1b\[[0-9;]*m/;

/** A build that fails without a virtual machine: there is no QEMU. */
const buildArgs = ["build", "--accel", "tcg", "build.yaml"];
const checkArgs = ["check", "bad.yaml"];

/** A project with a spec that is wrong, and one that cannot be built. */
async function createProject(): Promise<Project> {
  const project = await Project.createWithOwnManager("{ memory: 1 GiB }");
  await project.write("bad.yaml", "buidl: make\n");
  await project.write("build.yaml", tinySpec("true"));
  await Deno.mkdir(project.path("bin"));
  for (const program of ["sh", "dirname", "readlink", "date"]) {
    await Deno.symlink(`/usr/bin/${program}`, project.path(`bin/${program}`));
  }
  return project;
}

function environmentOf(
  project: Project,
  variables: Record<string, string>,
): Record<string, string> {
  const { NO_COLOR: _, ...environment } = project.environment;
  const PATH = project.path("bin");
  return { ...environment, PATH, TERM: "xterm", ...variables };
}

/** Runs the command on a terminal; gives all that it wrote there. */
async function onTerminal(
  project: Project,
  args: string[],
  variables: Record<string, string> = {},
): Promise<string> {
  const { stdout } = await new Deno.Command("/usr/bin/script", {
    args: [
      ...["--quiet", "--command", [contractorCommand, ...args].join(" ")],
      "/dev/null",
    ],
    cwd: project.directory,
    clearEnv: true,
    env: { ...environmentOf(project, variables), SHELL: "/bin/sh" },
    stdin: "null",
  }).output();
  return new TextDecoder().decode(stdout);
}

Deno.test("a terminal shows mistakes in colour", async () => {
  await using project = await createProject();
  const shown = await onTerminal(project, checkArgs);
  assert.ok(shown.startsWith(`${red}error:`), shown);
  assert.match(shown, /bad\.yaml:1:1:/);
});

Deno.test("a terminal shows the running phase in a line of its own", async () => {
  await using project = await createProject();
  const shown = await onTerminal(project, buildArgs);
  assert.ok(shown.includes(`${eraseLine}… Starting the manager`), shown);
  assert.ok(shown.includes(`${red}✗`), shown);
  assert.match(shown, /Cannot find the program "qemu-system-x86_64"/);
  assert.ok(!shown.includes("==>"), shown);
});

Deno.test("NO_COLOR takes the colours, not the line", async () => {
  await using project = await createProject();
  for (const args of [checkArgs, buildArgs]) {
    const shown = await onTerminal(project, args, { NO_COLOR: "1" });
    assert.match(shown, /error:/);
    assert.doesNotMatch(shown, colour);
  }
  const shown = await onTerminal(project, buildArgs, { NO_COLOR: "1" });
  assert.ok(shown.includes(`${eraseLine}… Starting the manager`), shown);
});

Deno.test("a terminal that can do nothing gets plain lines", async () => {
  await using project = await createProject();
  const shown = await onTerminal(project, buildArgs, { TERM: "dumb" });
  assert.match(shown, /^==> Starting the manager\r$/m);
  assert.ok(!shown.includes(ESCAPE), shown);
});

Deno.test("a pipe gets plain lines", async () => {
  await using project = await createProject();
  for (const args of [checkArgs, buildArgs]) {
    const { stdout, stderr } = await project.run(
      args,
      environmentOf(project, {}),
    );
    assert.match(stderr, /error:/);
    assert.ok(!(stdout + stderr).includes(ESCAPE), stderr);
    assert.ok(!(stdout + stderr).includes("\r"), stderr);
  }
});
