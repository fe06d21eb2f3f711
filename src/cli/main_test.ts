import { deepEqual, equal, match } from "node:assert/strict";
import { dirname, join } from "node:path";
import { parse } from "yaml";

const root = new URL("../../", import.meta.url).pathname;
const fixtures = join(root, "src/spec/fixtures");

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs `contractor` with no more than `dump` needs, if that is what it does. */
function contractor(file: string, ...args: string[]): Promise<Outcome> {
  return contractorOf(fixtures, file, ...args);
}

/** The same for a user whose configuration is in a certain place. */
async function contractorOf(
  configHome: string,
  file: string,
  ...args: string[]
): Promise<Outcome> {
  // Where a path leads can be anywhere.
  const permissions = args[0] === "check" || args[0] === "build"
    ? ["--allow-read", `--allow-write=${dirname(file)}`]
    : [`--allow-read=${file}`];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--quiet",
      "--cached-only",
      ...permissions,
      "--allow-env=HOME,LOG_TOKENS,LOG_STREAM,XDG_CONFIG_HOME",
      "--allow-sys=networkInterfaces",
      join(root, "mod.ts"),
      ...args,
    ],
    env: { XDG_CONFIG_HOME: configHome },
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}

for (const name of ["hello", "everything"]) {
  Deno.test(`contractor dump prints the data of ${name}.yaml`, async () => {
    const file = join(fixtures, `valid/${name}.yaml`);
    const { code, stdout, stderr } = await contractor(file, "dump", file);
    equal(stderr, "");
    equal(code, 0);
    deepEqual(JSON.parse(stdout), parse(await Deno.readTextFile(file)));
  });
}

Deno.test("contractor dump reads standard input", async () => {
  const file = join(fixtures, "valid/hello.yaml");
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--quiet",
      "--cached-only",
      "--allow-read=.",
      "--allow-env=LOG_TOKENS,LOG_STREAM",
      "mod.ts",
      "dump",
      "-",
    ],
    cwd: root,
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const input = await Deno.open(file);
  const [{ stdout }] = await Promise.all([
    child.output(),
    input.readable.pipeTo(child.stdin),
  ]);
  deepEqual(
    JSON.parse(new TextDecoder().decode(stdout)),
    parse(await Deno.readTextFile(file)),
  );
});

Deno.test("contractor check says that a spec is valid", async () => {
  const project = await Deno.makeTempDir();
  try {
    const file = join(project, "hello.yaml");
    await Deno.copyFile(join(fixtures, "valid/hello.yaml"), file);
    const missing = await contractor(file, "check", file);
    equal(missing.code, 2);
    match(missing.stderr, /^error: Cannot find the worker image /);
    const image = new Uint8Array(1024 ** 2);
    image.set([0x55, 0xaa], 510);
    await Deno.writeFile(join(project, "worker.img"), image);
    deepEqual(await contractor(file, "check", file), {
      code: 0,
      stdout: `${file}: valid\n`,
      stderr: "",
    });
  } finally {
    await Deno.remove(project, { recursive: true });
  }
});

Deno.test("contractor check heeds the user's configuration, dump does not", async () => {
  const configHome = await Deno.makeTempDir();
  try {
    const config = join(configHome, "contractor/config.yaml");
    await Deno.mkdir(join(configHome, "contractor"));
    await Deno.writeTextFile(config, "network:\n  deny: [example.org]\n");
    const file = join(fixtures, "valid/everything.yaml");
    deepEqual(await contractorOf(configHome, file, "check", file), {
      code: 2,
      stdout: "",
      stderr: `error: Invalid build spec "${file}": 1 problem
${file}:19:13: Cannot allow "example.org": your configuration denies "example.org"
  hint: It is denied at ${config}:2:10
`,
    });
    equal((await contractorOf(configHome, file, "dump", file)).code, 0);
    await Deno.writeTextFile(config, "network:\n  deni: []\n");
    const { code, stderr } = await contractorOf(
      configHome,
      file,
      "check",
      file,
    );
    equal(code, 2);
    match(stderr, /^error: Invalid configuration ".*": 1 problem\n/);
    match(stderr, /config.yaml:2:3: Unknown key "deni" in "network"\n/);
    match(stderr, /hint: Did you mean "deny"\?/);
  } finally {
    await Deno.remove(configHome, { recursive: true });
  }
});

Deno.test("contractor check and dump tell each mistake with its place", async () => {
  const file = join(fixtures, "invalid/misspelt_key.yaml");
  const expected = {
    code: 2,
    stdout: "",
    stderr: `error: Invalid build spec "${file}": 1 problem
${file}:2:1: Unknown key "sorce" in the build spec
  hint: Did you mean "source"?
`,
  };
  deepEqual(await contractor(file, "check", file), expected);
  deepEqual(await contractor(file, "dump", file), expected);
});

Deno.test("contractor check and dump tell mistakes as JSON with --json", async () => {
  const file = join(fixtures, "invalid/misspelt_key.yaml");
  for (const command of ["check", "dump"]) {
    const outcome = await contractor(file, command, "--json", file);
    equal(outcome.code, 2);
    equal(outcome.stderr, "");
    const { type, code, problems } = JSON.parse(outcome.stdout);
    deepEqual([type, code, problems.length], ["error", "invalid-spec", 1]);
  }
});

Deno.test("contractor dump refuses what is no readable file", async () => {
  for (const path of [fixtures, join(fixtures, "none.yaml")]) {
    const { code, stdout, stderr } = await contractor(path, "dump", path);
    equal(code, 2);
    equal(stdout, "");
    match(stderr, /^error: Cannot read build spec ".*": .*\n/);
  }
});

Deno.test("contractor schema prints a JSON Schema", async () => {
  const { code, stdout } = await contractor(root, "schema");
  equal(code, 0);
  equal(JSON.parse(stdout).title, "Contractor build spec");
});

Deno.test("contractor fails on wrong arguments, in JSON if asked", async () => {
  const plain = await contractor(root, "frobnicate");
  equal(plain.code, 2);
  equal(plain.stdout, "");
  match(plain.stderr, /^error: .*frobnicate/);
  const json = await contractor(root, "frobnicate", "--json");
  equal(json.code, 2);
  equal(json.stderr, "");
  equal(JSON.parse(json.stdout).code, "bad-arguments");
});

Deno.test("contractor build fails on a wrong spec before anything else", async () => {
  const file = join(fixtures, "invalid/missing_build.yaml");
  const { code, stderr } = await contractor(file, "build", file);
  equal(code, 2);
  match(stderr, /:1:1: Missing key "build"/);
});

Deno.test("contractor ends quietly when nobody reads its output", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--quiet",
      "--cached-only",
      "mod.ts",
      "schema",
    ],
    cwd: root,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await child.stdout.cancel();
  equal(await new Response(child.stderr).text(), "");
  equal((await child.status).code, 0);
});
