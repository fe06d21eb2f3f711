import assert from "node:assert/strict";
import { EXPORT_GRANULE } from "../../src/shared/rpc/protocol.ts";
import { TREES_SERIAL } from "./domain_xml.ts";
import { composeStep, type Step } from "./steps.ts";

const steps: Step[] = [
  {
    kind: "prepare",
    playbook: '[{"hosts":"worker"}]',
    refreshPackageLists: true,
  },
  { kind: "source-in", bytes: EXPORT_GRANULE },
  { kind: "build", script: "true" },
  { kind: "workspace-out", offset: EXPORT_GRANULE },
];

interface Outcome {
  code: number;
  output: string;
}

async function sh(
  script: string,
  options: { cwd?: string; path?: string; shell?: string[] } = {},
): Promise<Outcome> {
  const [program, ...args] = options.shell ?? ["/bin/sh"];
  const { code, stdout, stderr } = await new Deno.Command(program!, {
    args: [...args, "-e", "-c", script],
    clearEnv: true,
    env: { PATH: options.path ?? "/usr/bin:/bin" },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  }).output();
  const decoder = new TextDecoder();
  return { code, output: decoder.decode(stdout) + decoder.decode(stderr) };
}

async function inFolder(test: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Moves a script's fixed paths into a folder of the test. */
function relocate(script: string, folder: string): string {
  return script
    .replaceAll("/sys/block", `${folder}/sys`)
    .replaceAll("/workspace", `${folder}/workspace`)
    .replaceAll("/run/contractor", `${folder}/contractor`)
    .replaceAll("disk=/dev/", `disk=${folder}/dev/`);
}

async function writeDisk(folder: string, name: string, serial: string) {
  await Deno.mkdir(`${folder}/sys/${name}`, { recursive: true });
  await Deno.writeTextFile(`${folder}/sys/${name}/serial`, serial);
  await Deno.mkdir(`${folder}/dev`, { recursive: true });
  await Deno.writeTextFile(`${folder}/dev/${name}`, "");
}

/** Only busybox's programs: what the tiny worker has. */
async function busyboxPath(folder: string): Promise<string> {
  const path = `${folder}/busybox`;
  await Deno.mkdir(path);
  for (const name of ["tar", "find", "mktemp", "rm", "cp", "mv", "sh"]) {
    await Deno.symlink("/usr/bin/busybox", `${path}/${name}`);
  }
  for (const name of ["cat", "dd", "grep", "mkdir", "sync", "true"]) {
    await Deno.symlink("/usr/bin/busybox", `${path}/${name}`);
  }
  return path;
}

/** Programs that act as if this user were root and the worker, in no time. */
async function rootPath(folder: string): Promise<string> {
  const path = `${folder}/root`;
  await Deno.mkdir(path);
  const programs = { setpriv: 'shift 5\nexec "$@"', chown: "", sleep: "" };
  for (const [name, script] of Object.entries(programs)) {
    await Deno.writeTextFile(`${path}/${name}`, `#!/bin/sh\n${script}\n`, {
      mode: 0o755,
    });
  }
  return path;
}

Deno.test("all steps are shell scripts without a syntax error", async () => {
  for (const step of steps) {
    for (const { script } of composeStep(step)) {
      for (const shell of [["/bin/sh"], ["busybox", "sh"]]) {
        const { code, output } = await sh(script, { shell: [...shell, "-n"] });
        assert.equal(code, 0, `${step.kind}: ${output}`);
      }
    }
  }
});

Deno.test("the build's commands run in the source tree, as they are", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/workspace/src`, { recursive: true });
    const [script] = composeStep({
      kind: "build",
      script: 'pwd\nread line || echo "it\'s $0"\nfalse\necho unreached',
    });
    assert.equal(script?.user, "worker");
    const { code, output } = await sh(relocate(script!.script, folder));
    assert.equal(code, 1);
    assert.match(output, /^\S+\/workspace\/src\nit's /);
    assert.ok(!output.includes("unreached"));
  }));

Deno.test("the prepare step says when there is no ansible-playbook", () =>
  inFolder(async (folder) => {
    const path = await busyboxPath(folder);
    const scripts = composeStep({
      kind: "prepare",
      playbook: "[]",
      refreshPackageLists: true,
    });
    assert.deepEqual(scripts.map(({ user }) => user), ["root", "worker"]);
    const [refresh, play] = scripts;
    assert.deepEqual(await sh(refresh!.script, { path }), {
      code: 0,
      output: "",
    });
    const { code, output } = await sh(play!.script, { path });
    assert.equal(code, 127);
    assert.match(output, /has no ansible-playbook/);
  }));

Deno.test("the prepare step hands over the playbook unchanged", () =>
  inFolder(async (folder) => {
    const playbook = JSON.stringify([{
      name: "a 'quoted' $name `with` ünïcode\nEND_OF_PLAYBOOK\n".repeat(20),
    }]);
    await Deno.writeTextFile(
      `${folder}/ansible-playbook`,
      '#!/bin/sh\ncat "$2" "$3"\nexit 3\n',
      { mode: 0o755 },
    );
    const scripts = composeStep({
      kind: "prepare",
      playbook,
      refreshPackageLists: true,
    });
    const { code, output } = await sh(scripts[1]!.script, {
      path: `${folder}:/usr/bin:/bin`,
    });
    assert.equal(code, 3);
    assert.equal(output, `worker ansible_connection=local\n${playbook}`);
  }));

Deno.test("a step without its disk fails", () =>
  inFolder(async (folder) => {
    await writeDisk(folder, "vdb", "contractor-other");
    const [script] = composeStep({
      kind: "source-in",
      bytes: EXPORT_GRANULE,
    });
    const path = `${await rootPath(folder)}:/usr/bin:/bin`;
    const { code, output } = await sh(relocate(script!.script, folder), {
      path,
    });
    assert.equal(code, 1);
    assert.match(output, /no disk with its trees/);
  }));

for (const userland of ["GNU", "busybox"]) {
  Deno.test(`a workspace goes out and in again with ${userland} tar`, () =>
    inFolder(async (folder) => {
      const path = userland === "GNU"
        ? "/usr/bin:/bin"
        : await busyboxPath(folder);
      await writeDisk(folder, "vda", "");
      await writeDisk(folder, "vdb", TREES_SERIAL);
      const disk = `${folder}/dev/vdb`;
      const workspace = `${folder}/workspace`;
      await Deno.mkdir(`${workspace}/src/-odd [name]*`, { recursive: true });
      await Deno.writeTextFile(`${workspace}/src/hello`, "hello", {
        mode: 0o755,
      });
      await Deno.link(`${workspace}/src/hello`, `${workspace}/src/twin`);
      await Deno.symlink("hello", `${workspace}/src/link`);
      await sh(`mkfifo "${workspace}/src/pipe"`);
      const old = new Date("2020-02-02T02:02:02Z");
      await Deno.writeTextFile(`${workspace}/src/-odd [name]*/old`, "old");
      await Deno.utime(`${workspace}/src/-odd [name]*/old`, old, old);

      const offset = 3 * EXPORT_GRANULE;
      const [out] = composeStep({ kind: "workspace-out", offset });
      const packed = await sh(relocate(out!.script, folder), { path });
      assert.deepEqual(packed, { code: 0, output: "" });
      const archive = (await Deno.readFile(disk)).subarray(offset);
      await Deno.writeFile(`${folder}/archive`, archive);
      const { output: list } = await sh(`tar -tvf ${folder}/archive`);
      assert.match(list, /hello/);
      assert.ok(!/^[hps]/m.test(list), list);

      await Deno.rename(workspace, `${folder}/before`);
      await Deno.mkdir(workspace);
      await sh(`tar -C ${folder}/before -cf ${disk} .`);
      // Behind the archive is a hole, which nobody can read in this time.
      await Deno.truncate(disk, 2 ** 40);
      const [into] = composeStep({
        kind: "source-in",
        bytes: EXPORT_GRANULE,
      });
      const unpacked = await sh(relocate(into!.script, folder), {
        path: `${await rootPath(folder)}:${path}`,
      });
      assert.deepEqual(unpacked, { code: 0, output: "" });
      assert.equal(
        await Deno.readTextFile(`${workspace}/src/twin`),
        "hello",
      );
      assert.equal(await Deno.readLink(`${workspace}/src/link`), "hello");
      const { mtime } = await Deno.stat(`${workspace}/src/-odd [name]*/old`);
      assert.deepEqual(mtime, old);
      const { mode } = await Deno.stat(`${workspace}/src/hello`);
      assert.equal((mode ?? 0) & 0o777, 0o755);

      const facts = await Deno.readTextFile(`${folder}/contractor-userland`);
      assert.match(facts, userland === "GNU" ? /gnu_tar=yes/ : /gnu_tar=no/);
      const again = await sh(relocate(out!.script, folder), { path });
      assert.deepEqual(again, { code: 0, output: "" });
    }));
}

Deno.test("package repositories are not asked where they may not be reached", () => {
  const scripts = composeStep({
    kind: "prepare",
    playbook: "[]",
    refreshPackageLists: false,
  });
  assert.equal(scripts.length, 1);
  assert.doesNotMatch(scripts[0]!.script, /apt-get/);
});
