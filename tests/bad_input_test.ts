/**
 * What goes wrong before a virtual machine is started: each is a clear error
 * with a stable code, and nothing is left behind.
 *
 * @module
 */

import assert from "node:assert/strict";
import { contractorCommand } from "../subplot/repository.ts";
import { Project, type ShownEvent, tinySpec } from "./project.ts";

interface Failure {
  exitCode: number;
  code: string;
  message: RegExp;
}

/** Builds, expecting that it cannot even start. */
async function assertRefused(
  project: Project,
  { exitCode, code, message }: Failure,
  args?: string[],
): Promise<void> {
  const before = await project.list();
  const built = await project.build(undefined, args);
  assert.equal(built.code, exitCode, JSON.stringify(built.events));
  const [error] = built.events as [Extract<ShownEvent, { type: "error" }>];
  assert.equal(error.type, "error");
  assert.equal(error.code, code);
  assert.match(error.message, message);
  assert.deepEqual(await project.list(), before);
}

/** Defines a test of a project with one defect. */
function refuses(
  name: string,
  spoil: (project: Project) => Promise<void>,
  failure: Failure,
  args?: string[],
): void {
  Deno.test(`build refuses ${name}`, async () => {
    await using project = await Project.create();
    await project.write("build.yaml", tinySpec("true"));
    await spoil(project);
    await assertRefused(project, failure, args);
  });
}

refuses(
  "a missing spec",
  (project) => Deno.remove(project.path("build.yaml")),
  { exitCode: 2, code: "spec-missing", message: /build\.yaml/ },
);

refuses(
  "more of the disk than there is",
  (project) =>
    project.write(
      "build.yaml",
      tinySpec("true").replace("disk: 256 MiB", "disk: 16 TiB"),
    ),
  { exitCode: 2, code: "invalid-spec", message: /build\.yaml/ },
);

refuses(
  "a missing source",
  (project) => Deno.remove(project.path("src")),
  { exitCode: 2, code: "source-missing", message: /"\/.*\/src"/ },
);

refuses("a source with more than the build may have", async (project) => {
  await project.write("src/big", "");
  await Deno.truncate(project.path("src/big"), 1024 ** 4);
}, { exitCode: 2, code: "tree-too-large", message: /"big" has 1 TiB/ });

refuses("a source with a file that cannot be read", async (project) => {
  await project.write("src/secret", "");
  await Deno.chmod(project.path("src/secret"), 0o000);
}, { exitCode: 3, code: "tree-unreadable", message: /secret/ });

refuses("a missing image", (project) => Deno.remove(project.path("tiny.img")), {
  exitCode: 2,
  code: "image-missing",
  message: /tiny\.img/,
});

refuses("an image that only others may read", async (project) => {
  await Deno.remove(project.path("tiny.img"));
  await project.write("tiny.img", new Uint8Array(1024 ** 2));
  await Deno.chmod(project.path("tiny.img"), 0o000);
}, { exitCode: 2, code: "image-unreadable", message: /tiny\.img/ });

refuses("an image that is no disk", async (project) => {
  await Deno.remove(project.path("tiny.img"));
  await project.write("tiny.img", "no disk\n".repeat(100_000));
}, { exitCode: 2, code: "image-refused", message: /tiny\.img/ });

refuses("an image that leans on another file", async (project) => {
  await Deno.remove(project.path("tiny.img"));
  await project.write("base.img", new Uint8Array(1024 ** 2));
  const { success } = await new Deno.Command("qemu-img", {
    args: [
      ...["create", "-q", "-f", "qcow2", "-F", "raw", "-b", "base.img"],
      "tiny.img",
    ],
    cwd: project.directory,
  }).output();
  assert.ok(success);
}, { exitCode: 2, code: "image-refused", message: /backing file/ });

refuses("a workspace that is a file", async (project) => {
  await project.write("ws", "precious");
}, { exitCode: 2, code: "workspace-not-directory", message: /ws/ });

/** Another spelling of each is one of the mistakes that fixtures have. */
const closedHosts = [
  "127.0.0.1",
  "localhost",
  "0.0.0.0",
  "169.254.169.254",
  ...Deno.networkInterfaces().filter(({ family }) => family === "IPv4")
    .map(({ address }) => address),
];

refuses("places that are nobody's business", async (project) => {
  const hosts = closedHosts.map((host) =>
    `{ host: ${host}, protocols: [http] }`
  );
  const network = `network: { build: [${hosts.join(", ")}] }`;
  await project.write("build.yaml", tinySpec("true", network));
}, {
  exitCode: 2,
  code: "invalid-spec",
  message: new RegExp(`: ${closedHosts.length} problems$`),
});

refuses("a proxy that it cannot use", async (project) => {
  delete project.environment.https_proxy;
  project.environment.HTTPS_PROXY = "socks5://me:secret@proxy.example";
  const network =
    "network: { build: [{ host: a.example, protocols: [http] }] }";
  await project.write("build.yaml", tinySpec("true", network));
}, { exitCode: 2, code: "bad-proxy", message: /"socks5" is not spoken here$/ });

Deno.test("manager start names --accel tcg where KVM cannot be used", async () => {
  await using project = await Project.create();
  const hideKvm = "[ ! -e /dev/kvm ] || mount --bind /dev/null /dev/kvm";
  const { code, stderr } = await startInNamespace(project, hideKvm, "kvm");
  assert.equal(code, 3, stderr);
  assert.match(stderr, /--accel tcg/);
  assert.match(stderr, /CONTRACTOR_ACCEL=tcg/);
});

Deno.test("manager start names the package of a missing QEMU", async () => {
  await using project = await Project.create();
  const state = project.path("state");
  const outcome = await project.run(["manager", "start", "--accel", "tcg"], {
    ...project.environment,
    XDG_STATE_HOME: state,
    XDG_RUNTIME_DIR: state,
    PATH: await pathWithoutQemu(project),
  });
  assert.equal(outcome.code, 3, outcome.stderr);
  assert.match(outcome.stderr, /qemu-system-x86_64/);
  assert.match(outcome.stderr, /qemu-system-x86\b/);
});

Deno.test("manager start says that the state directory is full", async () => {
  await using project = await Project.create();
  const fillState = [
    'mount -t tmpfs -o size=64k,mode=700 tmpfs "$XDG_STATE_HOME"',
    'head -c 1M /dev/zero >"$XDG_STATE_HOME/filler" 2>/dev/null || true',
  ].join("\n");
  const { code, stderr } = await startInNamespace(project, fillState, "tcg");
  assert.equal(code, 3, stderr);
  assert.match(stderr, /no space|full/i);
});

/** Starts the manager where a script has changed what is mounted. */
async function startInNamespace(
  project: Project,
  prepare: string,
  accelerator: string,
): Promise<{ code: number; stderr: string }> {
  const state = project.path("state");
  await Deno.mkdir(state);
  const { code, stderr } = await new Deno.Command("unshare", {
    args: [
      ...["--user", "--map-root-user", "--mount", "sh", "-euc"],
      ...[`${prepare}\nexec "$@"`, "sh", contractorCommand],
      ...["manager", "start", "--accel", accelerator],
    ],
    clearEnv: true,
    env: {
      ...project.environment,
      XDG_STATE_HOME: state,
      XDG_RUNTIME_DIR: state,
    },
  }).output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}

/** A search path with all that the script needs, but no QEMU. */
async function pathWithoutQemu(project: Project): Promise<string> {
  const directory = project.path("bin");
  await Deno.mkdir(directory);
  for (const program of ["sh", "dirname", "readlink", "env", "date"]) {
    await Deno.symlink(`/usr/bin/${program}`, `${directory}/${program}`);
  }
  return directory;
}
