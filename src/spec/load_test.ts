import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { join } from "node:path";
import { UsageError } from "../shared/errors.ts";
import { loadBuildSpec } from "./load.ts";
import { MAX_FILE_BYTES } from "./read_text_file.ts";

const valid = new URL("./fixtures/valid/", import.meta.url).pathname;

async function withFolder(action: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    await action(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function rejectsWith(path: string, code: string, reason = /./) {
  return rejects(loadBuildSpec(path), (error) => {
    if (!(error instanceof UsageError)) throw error;
    equal(error.code, code);
    equal(error.exitCode, 2);
    equal(error.cause, undefined);
    match(error.message, /^Cannot read build spec ".*": /);
    match(error.message, reason);
    return true;
  });
}

Deno.test("loadBuildSpec reads the hello spec", async () => {
  const path = join(valid, "hello.yaml");
  const { data, spec, digest } = await loadBuildSpec(path);
  deepEqual(data, {
    "worker-image": "worker.img",
    ansible: [{
      hosts: "worker",
      remote_user: "worker",
      become: true,
      tasks: [{ apt: { name: "build-essential" } }],
      vars: { ansible_python_interpreter: "/usr/bin/python3" },
    }],
    source: ".",
    workspace: "ws",
    build: "gcc hello.c -o hello\n./hello\n",
  });
  equal(spec.name, "hello.yaml");
  equal(spec.paths.workspace, join(valid, "ws"));
  deepEqual(spec.ansible, (data as { ansible: unknown }).ansible);
  equal(
    digest,
    "463d9be6b53a43e4cf5a1835be4b2904bcd11f674b051699bfa3c6c9fda9c828",
  );
});

Deno.test("loadBuildSpec reads every key", async () => {
  const { spec } = await loadBuildSpec(join(valid, "everything.yaml"));
  equal(spec.paths.workerImage, join(valid, "../images/worker.img"));
  equal(spec.ansible, undefined);
  deepEqual(spec.resources, {
    cpus: 2,
    memoryBytes: 4 * 1024 ** 3,
    diskBytes: 60 * 1024 ** 3,
    cpuTimeSeconds: 600,
    wallTimeSeconds: 5400,
    bootTimeoutSeconds: 90,
    logBytes: 1024 ** 2,
    networkBitsPerSecond: 20_000_000,
    networkBytes: 1024 ** 3,
  });
  deepEqual(spec.network, {
    prepare: [{ host: "example.org", protocols: ["http", "https"] }],
    build: [{ host: "*.example.net", protocols: ["ssh", "git", "tcp:8443"] }],
  });
});

Deno.test("loadBuildSpec says what is wrong with a file", () =>
  withFolder(async (folder) => {
    const write = async (name: string, content: Uint8Array | string) => {
      const path = join(folder, name);
      if (typeof content === "string") await Deno.writeTextFile(path, content);
      else await Deno.writeFile(path, content);
      return path;
    };
    await rejectsWith(join(folder, "none.yaml"), "spec-missing");
    await rejectsWith(folder, "spec-is-directory");
    await rejectsWith(await write("empty.yaml", ""), "spec-empty");
    await rejectsWith(await write("blank.yaml", " \n\n"), "spec-empty");
    const latin1 = new TextEncoder().encode("ä: b\na: *\n");
    latin1.set([0xe4], latin1.indexOf("*".charCodeAt(0)));
    await rejectsWith(
      await write("latin1.yaml", latin1),
      "spec-not-utf8",
      / at 2:4$/,
    );
    const large = "#".repeat(MAX_FILE_BYTES + 1);
    await rejectsWith(await write("large.yaml", large), "spec-too-large");
    await rejectsWith(
      join(await write("file", "x"), "spec.yaml"),
      "spec-missing",
    );
    await rejectsWith(join(folder, "a\0b"), "spec-unreadable");
    await Deno.symlink("loop.yaml", join(folder, "loop.yaml"));
    await rejectsWith(
      join(folder, "loop.yaml"),
      "spec-unreadable",
      /: it leads through too many symbolic links$/,
    );
    await rejectsWith("", "spec-missing", /: the path is empty$/);
    await rejectsWith("/dev/null", "spec-not-file");
  }));

Deno.test({
  name: "loadBuildSpec refuses the kernel's files that Deno guards",
  permissions: { read: [valid] },
  fn: () =>
    rejectsWith("/dev/stdin", "spec-unreadable", /: it is not a regular file$/),
});

Deno.test({
  name: "loadBuildSpec says when it lacks permission",
  permissions: { read: false },
  fn: () => rejectsWith("spec.yaml", "spec-unreadable"),
});
