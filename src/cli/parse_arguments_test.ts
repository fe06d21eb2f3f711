import { deepEqual, equal, match, throws } from "node:assert/strict";
import { UsageError } from "../shared/errors.ts";
import type { Invocation } from "./command.ts";
import { parseArguments } from "./parse_arguments.ts";
import { recordedTerminal } from "./recorded_terminal.ts";

/** The command of a command line and its options. */
function parse(...args: string[]) {
  const { command, options } = parseArguments(args, recordedTerminal())!;
  return { command, options };
}

/** What is printed for arguments that leave nothing to do. */
function printed(...args: string[]): string {
  const terminal = recordedTerminal();
  equal(parseArguments(args, terminal), undefined);
  const [stdout, stderr] = terminal.text();
  equal(stderr, "");
  return stdout;
}

Deno.test("parseArguments reads every command", () => {
  deepEqual(parse("dump", "a.yaml"), {
    command: "dump",
    options: { file: "a.yaml", json: false },
  });
  deepEqual(parse("check", "a.yaml", "--json"), {
    command: "check",
    options: {
      file: "a.yaml",
      project: undefined,
      allowPaths: [],
      allowPrivate: [],
      json: true,
    },
  });
  deepEqual(parse("schema"), { command: "schema", options: {} });
  deepEqual(parse("status"), { command: "status", options: { json: false } });
  deepEqual(parse("build", "a.yaml"), {
    command: "build",
    options: {
      file: "a.yaml",
      project: undefined,
      allowPaths: [],
      accelerator: undefined,
      noCache: false,
      learn: false,
      allowPrivate: [],
      quiet: false,
      json: false,
    },
  });
  deepEqual(
    parse(
      ...["build", "--accel=tcg", "--no-cache", "--learn", "-q", "a.yaml"],
      ...["--project", "..", "--allow-path=/a", "--allow-path", "b"],
    ).options,
    {
      file: "a.yaml",
      project: "..",
      allowPaths: ["/a", "b"],
      accelerator: "tcg",
      noCache: true,
      learn: true,
      allowPrivate: [],
      quiet: true,
      json: false,
    },
  );
  deepEqual(parse("build", "--", "--odd.yaml").command, "build");
  const places = ["--allow-private=10.0.0.0/8", "--allow-private", "a.example"];
  for (const name of ["build", "check"]) {
    const { options } = parse(name, ...places, "a.yaml");
    const { allowPrivate } = options as { allowPrivate: unknown };
    deepEqual(allowPrivate, ["10.0.0.0/8", "a.example"]);
  }
});

Deno.test("parseArguments reads the actions on the manager", () => {
  const action = (...args: string[]) => {
    const { command, options } = parse("manager", ...args)
      .options as Invocation;
    return [command, options];
  };
  deepEqual(action("start", "--accel", "kvm"), [
    "start",
    { accelerator: "kvm" },
  ]);
  deepEqual(action("stop"), ["stop", { force: false }]);
  deepEqual(action("stop", "--force"), ["stop", { force: true }]);
  deepEqual(action("status", "--json"), ["status", { json: true }]);
  deepEqual(action("logs"), ["logs", { lines: 200 }]);
  deepEqual(action("logs", "--lines", "5"), ["logs", { lines: 5 }]);
});

Deno.test("parseArguments refuses what it does not know, with a suggestion", () => {
  const hintOf = (...args: string[]) => {
    let hint: string | undefined;
    throws(() => parse(...args), (error) => {
      if (!(error instanceof UsageError)) throw error;
      equal(error.code, "bad-arguments");
      match(error.message, /[^.]$/);
      hint = error.hint;
      return true;
    });
    return hint;
  };
  const misspelt = [
    [["dumb", "a.yaml"], "dump"],
    [["verison"], "version"],
    [["--versoin"], "--version"],
    [["status", "--jsn"], "--json"],
    [["status", "--hlep"], "--help"],
    [["build", "a.yaml", "--acel=tcg"], "--accel"],
    [["build", "--quite", "a.yaml"], "--quiet"],
    [["manager", "stats"], "status"],
    [["manager", "strt"], "start"],
    [["manager", "logs", "--line", "5"], "--lines"],
  ] as const;
  for (const [args, word] of misspelt) {
    equal(hintOf(...args), `Did you mean \`${word}\`?`);
  }
  equal(hintOf(), 'Run "contractor --help" to see what there is');
  const wrong = [
    ["dump"],
    ["dump", "a.yaml", "b.yaml"],
    ["build", "a.yaml", "--frobnicate"],
    ["build", "a.yaml", "--accel", "xen"],
    ["manager"],
    ["manager", "start", "--jsn"],
    ["manager", "logs", "--lines", "0"],
    ["manager", "logs", "--lines", "10001"],
  ];
  for (const args of wrong) {
    const help = `Run "contractor ${args[0]} --help" to see what there is`;
    equal(hintOf(...args), help);
  }
});

Deno.test("parseArguments prints help for each command", () => {
  const general = printed("--help");
  for (
    const name of ["build", "check", "dump", "schema", "status", "manager"]
  ) {
    match(general, new RegExp(`^ {2}${name} +\\S`, "m"));
    match(
      printed(name, "--help"),
      new RegExp(`^Usage: contractor ${name}`, "m"),
    );
  }
  for (const action of ["start", "stop", "status", "logs"]) {
    match(
      printed("manager", action, "--help"),
      new RegExp(`^Usage: contractor manager ${action}`, "m"),
    );
  }
  equal(printed("help"), general);
});

Deno.test("parseArguments prints help in neat lines of 80 columns", () => {
  for (const args of [[], ["build"], ["manager", "stop"]]) {
    for (const line of printed(...args, "--help").split("\n")) {
      match(line, /^(.{0,79}[^ [])?$/);
    }
  }
});

Deno.test("parseArguments prints the version and shell completions", () => {
  match(printed("--version"), /^contractor \d+\.\d+\.\d+\n$/);
  equal(printed("version"), printed("--version"));
  for (const shell of ["bash", "zsh", "fish"]) {
    match(printed("completion", shell), /contractor/);
  }
  match(printed("completion", "bash", "sch"), /^schema$/m);
});
