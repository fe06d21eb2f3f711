import assert from "node:assert/strict";
import { join } from "node:path";
import {
  buildPaths,
  createStateDirectories,
  resolveStatePaths,
  type StatePaths,
} from "./state_directory.ts";

async function inNewDirectory(
  test: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function directoriesOf(paths: StatePaths): string[] {
  return [
    paths.root,
    paths.manager.directory,
    paths.builds,
    paths.staging,
    paths.cache.directory,
    paths.run.directory,
  ];
}

Deno.test("the state lives below HOME by default", () => {
  const paths = resolveStatePaths({ HOME: "/home/ada" });
  assert.equal(paths.root, "/home/ada/.local/state/contractor");
  assert.equal(paths.run.directory, `${paths.root}/run`);
  assert.equal(paths.manager.dataDisk, `${paths.root}/manager/data.img`);
  assert.equal(paths.run.rpcPorts.length, 8);
  assert.equal(buildPaths(paths, "b1").log, `${paths.root}/builds/b1/log.txt`);
});

Deno.test("XDG directories take precedence, relative ones are ignored", () => {
  const paths = resolveStatePaths({
    HOME: "/home/ada",
    XDG_STATE_HOME: "/big",
    XDG_RUNTIME_DIR: "/run/user/1000",
  });
  assert.equal(paths.root, "/big/contractor");
  assert.match(
    paths.run.directory,
    /^\/run\/user\/1000\/contractor\/[0-9a-f]{8}$/,
  );
  assert.equal(
    resolveStatePaths({ HOME: "/home/ada", XDG_STATE_HOME: "big" }).root,
    "/home/ada/.local/state/contractor",
  );
});

Deno.test("two state directories have two runtime directories", () => {
  const runOf = (XDG_STATE_HOME: string) =>
    resolveStatePaths({ XDG_STATE_HOME, XDG_RUNTIME_DIR: "/run/x" }).run;
  assert.notEqual(runOf("/a").directory, runOf("/b").directory);
  assert.equal(runOf("/a").directory, runOf("/a").directory);
});

Deno.test("an environment without HOME is an error", () => {
  assert.throws(() => resolveStatePaths({}), { code: "home-missing" });
});

Deno.test("a socket path is taken up to 107 bytes, and no longer", () => {
  const longest = "/contractor/run/rpc.0.sock".length;
  const home = "/" + "é".repeat((107 - longest - 1) / 2);
  const paths = resolveStatePaths({ XDG_STATE_HOME: home });
  const socket = paths.run.rpcPorts[0]!.socket;
  assert.equal(new TextEncoder().encode(socket).length, 107);
  assert.throws(
    () => resolveStatePaths({ XDG_STATE_HOME: home + "ab" }),
    {
      code: "runtime-path-too-long",
      hint: "Set XDG_RUNTIME_DIR to a directory with a short path",
    },
  );
});

Deno.test("directories are made for their owner alone, even if they were open", async () => {
  await inNewDirectory(async (home) => {
    const paths = resolveStatePaths({
      XDG_STATE_HOME: home,
      XDG_RUNTIME_DIR: home,
    });
    await Deno.mkdir(paths.run.directory, { recursive: true });
    await Deno.chmod(paths.run.directory, 0o755);
    await createStateDirectories(paths);
    await createStateDirectories(paths);
    for (const directory of directoriesOf(paths)) {
      const { mode } = await Deno.stat(directory);
      assert.equal(mode! & 0o777, 0o700, directory);
    }
    assert.deepEqual(
      await Array.fromAsync(Deno.readDir(paths.run.directory)),
      [],
    );
  });
});

Deno.test("a runtime directory that is a link is refused", async () => {
  await inNewDirectory(async (home) => {
    const paths = resolveStatePaths({ XDG_STATE_HOME: home });
    await Deno.mkdir(paths.root);
    await Deno.symlink(home, paths.run.directory);
    await assert.rejects(createStateDirectories(paths), {
      code: "state-directory-foreign",
    });
  });
});

Deno.test("a file in the way and a forbidden place are clear errors", async () => {
  await inNewDirectory(async (home) => {
    await Deno.writeTextFile(join(home, "contractor"), "");
    await assert.rejects(
      createStateDirectories(resolveStatePaths({ XDG_STATE_HOME: home })),
      { code: "state-directory-blocked" },
    );
  });
  await assert.rejects(
    createStateDirectories(resolveStatePaths({ XDG_STATE_HOME: "/sys" })),
    { code: "state-directory-unwritable", exitCode: 3 },
  );
});
