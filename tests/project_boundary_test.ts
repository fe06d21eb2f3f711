/**
 * A spec gets nothing of the host beyond its project: what a hostile clone
 * tries, as a user would meet it, and what ordinary projects do. No virtual
 * machine is started: a build that nothing refuses ends where it wants QEMU.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Home, type Outcome, type RunOptions, TOKEN } from "./home.ts";

/** Exit code 2 before anything starts, and all that the user must know. */
async function assertRefused(
  home: Home,
  { code, stdout, stderr }: Outcome,
  said: RegExp[],
): Promise<void> {
  assert.equal(code, 2, stdout + stderr);
  assert.equal(stdout, "");
  for (const text of said) assert.match(stderr, text);
  assert.ok(!stderr.includes(TOKEN), stderr);
  assert.ok(!await home.exists(`${home.root}/state`), "something was started");
  const names = Array.from(Deno.readDirSync(`${home.path}/.config/git`));
  assert.deepEqual(names, []);
}

/** Nothing refuses it: the build gets to where it starts the manager. */
function assertAllowed({ code, stdout, stderr }: Outcome): void {
  assert.equal(code, 3, stdout + stderr);
  assert.match(stderr, /^==> Starting the manager$/m);
  assert.doesNotMatch(stderr, /outside|leads to|allow-path/);
}

const outside = (key: string, says: string, leads: string) =>
  new RegExp(
    `ci/build\\.yaml:\\d+:\\d+: .*"${key}", got "${says}", which leads to ` +
      `"[^"]*/home/${leads}"\n  hint: If you want that, allow it: ` +
      `--allow-path /\\S*/home/${leads}\n`,
  );

Deno.test("a clone cannot read the user's files, nor write where programs look", async (t) => {
  await using home = await Home.create();
  await home.writeSpec("clone/ci/build.yaml", {
    source: "../assets/gh",
    workspace: "../../.config/git",
  });
  const said = [
    outside("source", "../assets/gh", ".config/gh"),
    /"workspace", got "\.\.\/\.\.\/\.config\/git", which leads to ".*\/home\/\.config\/git"\n {2}hint: Not even --allow-path .*\/home\/\.config\/git/,
  ];
  const commands: [name: string, args: string[], options?: RunOptions][] = [
    ["build", ["build", "clone/ci/build.yaml"]],
    ["build -q", ["build", "-q", "clone/ci/build.yaml"]],
    ["check", ["check", "clone/ci/build.yaml"]],
    ["build in its folder", ["build", "ci/build.yaml"], { cwd: "clone" }],
  ];
  for (const [name, args, options] of commands) {
    await t.step(
      name,
      async () => assertRefused(home, await home.run(args, options), said),
    );
  }
  await t.step("from standard input", async () => {
    const stdin = await Deno.readTextFile(`${home.path}/clone/ci/build.yaml`);
    for (const command of ["build", "check"]) {
      const outcome = await home.run([command, "-"], {
        cwd: "clone/ci",
        stdin,
      });
      await assertRefused(home, outcome, [/\.config\/gh"/, /--allow-path/]);
    }
  });
});

Deno.test("a clone does not get out by any spelling", async (t) => {
  await using home = await Home.create();
  const [source, workspace, image] = [
    "source",
    "workspace",
    "worker-image",
  ] as const;
  const spellings: [
    key: typeof source | typeof workspace | typeof image,
    value: string,
  ][] = [
    [source, "config/gh"],
    [source, "config"],
    [source, "config/."],
    [source, "..//assets/./gh///"],
    [source, "../assets/gh/."],
    [source, "../assets/../Downloads"],
    [source, "../absolute"],
    [source, "../evil"],
    [source, "../.."],
    [source, "../src/../../plain"],
    [source, "../../clone2"],
    [source, "/etc"],
    [source, "/"],
    [image, "../disk.img"],
    [image, "../../disks/mine.img"],
    [image, "../../disks/none.img"],
    [image, "../assets/gh/hosts.yml"],
    [workspace, "config/git"],
    [workspace, "config/new/folder"],
    [workspace, "../assets/git/"],
    [workspace, "../../.config/git."],
    [workspace, "../../plain/ws"],
    [workspace, "../absolute/contractor"],
  ];
  for (const [key, value] of spellings) {
    await t.step(`${key}: ${value}`, async () => {
      await home.writeSpec("clone/ci/build.yaml", { [key]: value });
      const outcome = await home.run(["check", "clone/ci/build.yaml"]);
      await assertRefused(home, outcome, [
        new RegExp(`"${key}", got "`),
        /--allow-path /,
      ]);
    });
  }
  const places = [
    "../.git/hooks",
    "../.git",
    "../.vscode",
    "../.GIT/x",
    "../.git./x",
    "../node_modules/.bin",
    "../node_modules/x",
    "../GIT~1/hooks",
    "../src/.contractor-like",
  ];
  for (const value of places) {
    await t.step(`workspace in the project: ${value}`, async () => {
      await home.writeSpec("clone/ci/build.yaml", { workspace: value });
      const args = ["check", "--allow-path", ".", "clone/ci/build.yaml"];
      await assertRefused(home, await home.run(args), [
        /"workspace", got "/,
        /No workspace may be in /,
      ]);
    });
  }
});

Deno.test("a spec that leads out of its clone is not read", async (t) => {
  await using home = await Home.create();
  await home.writeSpec("Downloads/build.yaml", { source: "." });
  for (const spec of ["clone/secret.yaml", "clone/evil/build.yaml"]) {
    for (const command of ["build", "check"]) {
      await t.step(
        `${command} ${spec}`,
        async () =>
          assertRefused(home, await home.run([command, spec]), [
            /Cannot use the build spec .*: it leads to ".*", out of the project ".*\/home\/clone"/,
            /--allow-path /,
          ]),
      );
    }
  }
  await t.step("the user's word opens it", async () => {
    const spec = "clone/evil/build.yaml";
    await home.writeImage("Downloads/worker.img");
    await home.writeSpec("Downloads/build.yaml", {
      source: ".",
      workspace: "ws",
      "worker-image": "worker.img",
    });
    const { code, stderr } = await home.run(
      ["check", "--project", "Downloads", spec],
    );
    assert.equal(code, 0, stderr);
  });
});

Deno.test("the home folder is no project, whatever is in it", async () => {
  await using home = await Home.create();
  await Deno.mkdir(`${home.path}/.git`);
  const spec = { source: "Downloads", "worker-image": "disks/mine.img" };
  await home.writeSpec("build.yaml", { ...spec, workspace: "ws" });
  await assertRefused(home, await home.run(["check", "build.yaml"]), [
    /Your home folder and those above it are no project/,
    /--allow-path \S+\/Downloads/,
  ]);
  const stdin = await Deno.readTextFile(`${home.path}/build.yaml`);
  await assertRefused(home, await home.run(["check", "-"], { stdin }), [
    /no project/,
  ]);
  const { code, stderr } = await home.run(
    ["check", "--project", ".", "build.yaml"],
  );
  assert.equal(code, 0, stderr);
});

Deno.test("the user's own word opens what it names, and is told", async (t) => {
  await using home = await Home.create();
  await home.writeSpec("clone/ci/build.yaml", {
    source: "../evil",
    "worker-image": "../disk.img",
  });
  const spec = "clone/ci/build.yaml";
  const told = /^(==> )?Allowed outside of the project: [^\n]*\n/m;
  const all = ["--allow-path", "Downloads", "--allow-path=disks/mine.img"];

  await t.step("on the command line, also for -q", async () => {
    const checked = await home.run(["check", ...all, spec]);
    assert.equal(checked.code, 0, checked.stderr);
    for (const quiet of [[], ["-q"]]) {
      const built = await home.run(["build", ...quiet, ...all, spec]);
      assert.equal(built.code, 3, built.stderr);
      for (const { stderr } of [checked, built]) {
        const [line = ""] = told.exec(stderr) ?? [];
        assert.match(line, /source ".*\/Downloads" \(--allow-path\)/);
        assert.match(line, /worker-image ".*\/mine\.img" \(--allow-path\)/);
      }
    }
    await Deno.remove(`${home.root}/state`, { recursive: true });
  });

  await t.step("not more than it says", async () => {
    const args = ["check", "--allow-path", "disks", spec];
    await assertRefused(home, await home.run(args), [
      outside("source", "../evil", "Downloads"),
    ]);
  });

  await t.step("in the configuration", async () => {
    await Deno.mkdir(`${home.path}/.config/contractor`);
    await Deno.writeTextFile(
      `${home.path}/.config/contractor/config.yaml`,
      `paths: [~/Downloads, ${home.path}/disks]\n`,
    );
    const { code, stderr } = await home.run(["check", spec]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /source ".*\/Downloads" \(your configuration\)/);
  });
});

Deno.test("ordinary projects notice nothing", async (t) => {
  await using home = await Home.create();
  await home.writeSpec("clone/ci/build.yaml");
  await Deno.symlink(home.path, `${home.root}/link`);
  const silent = async (args: string[], options: RunOptions = {}) => {
    const outcome = await home.run(["check", ...args], options);
    assert.deepEqual([outcome.code, outcome.stderr], [0, ""]);
    assertAllowed(await home.run(["build", ...args], options));
  };
  await t.step("a spec in ci/", () => silent(["clone/ci/build.yaml"]));
  await t.step(
    "in its folder",
    () => silent(["build.yaml"], { cwd: "clone/ci" }),
  );
  await t.step(
    "a project that is reached through a link",
    () => silent([`${home.root}/link/clone/ci/build.yaml`]),
  );
  await t.step(
    "a home that is reached through a link",
    () =>
      silent(["link/clone/ci/build.yaml"], {
        cwd: "..",
        home: `${home.root}/link`,
      }),
  );
  await t.step("a source that is a link in the project", async () => {
    await home.writeSpec("clone/ci/build.yaml", { source: "../inside" });
    await silent(["clone/ci/build.yaml"]);
  });
  await t.step("no checkout, all in one folder", async () => {
    await home.writeImage("plain/worker.img");
    await home.writeSpec("plain/build.yaml", {
      source: ".",
      workspace: "ws",
      "worker-image": "worker.img",
    });
    await silent(["plain/build.yaml"]);
  });
  await t.step("standard input, in a project", async () => {
    await home.writeSpec("clone/ci/build.yaml");
    const stdin = await Deno.readTextFile(`${home.path}/clone/ci/build.yaml`);
    const { code, stderr } = await home.run(
      ["check", "-"],
      { cwd: "clone/ci", stdin },
    );
    assert.deepEqual([code, stderr], [0, ""]);
  });
});

Deno.test("a workspace behind a link does not replace what the user wrote", async () => {
  await using home = await Home.create();
  for (const workspace of ["../inside", "../src"]) {
    await home.writeSpec("clone/ci/build.yaml", {
      source: "../src",
      workspace,
    });
    await assertRefused(
      home,
      await home.run(["check", "clone/ci/build.yaml"]),
      [/holds the source tree/],
    );
  }
});
