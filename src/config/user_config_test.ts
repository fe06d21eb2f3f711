import { deepEqual, equal, match, throws } from "node:assert/strict";
import { ConfigError } from "../spec/problem.ts";
import { emptyUserConfig, parseUserConfig } from "./user_config.ts";

const path = "/home/me/.config/contractor/config.yaml";

function mistakesIn(text: string): string[] {
  try {
    parseUserConfig(text, path);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ line, column, message, hint }) =>
      `${line}:${column}: ${message}${hint === undefined ? "" : ` (${hint})`}`
    );
  }
  return [];
}

Deno.test("parseUserConfig reads every key", () => {
  const text = `network:
  prepare: [{ host: Mirror.example, protocols: [http] }]
  build:
    - host: "*.proxy.example"
      protocols: [https]
  deny: [Evil.example, "*.ads.example", 203.0.113.0/24]
  private: [Mirror.example, 10.0.0.0/8, "FD00::1"]
resources:
  memory: 4 GiB
  bandwidth: { total: 1 GiB }
  max: { bandwidth: { total: 2 GiB } }
workspace: { keep: [git, vscode] }
paths: [/data/images, ~/src, "~"]
manager: { memory: 12 GiB, idle: 1 h, ready-workers: 0 }
keep: { builds: { age: 7 d }, images: { size: 10 GiB } }
`;
  deepEqual(parseUserConfig(text, path), {
    path,
    network: {
      prepare: [{ host: "mirror.example", protocols: ["http"] }],
      build: [{ host: "*.proxy.example", protocols: ["https"] }],
      deny: [
        { name: "evil.example", line: 6, column: 10 },
        { name: "*.ads.example", line: 6, column: 24 },
        { name: "203.0.113.0/24", line: 6, column: 41 },
      ],
      opened: ["mirror.example", "10.0.0.0/8", "fd00::1"],
    },
    resources: { memory: "4 GiB", bandwidth: { total: "1 GiB" } },
    caps: [{ key: "bandwidth.total", written: "2 GiB", line: 11, column: 30 }],
    keepAutorun: ["git", "vscode"],
    paths: ["/data/images", "~/src", "~"],
    manager: {
      memoryBytes: 12 * 1024 ** 3,
      idleSeconds: 3600,
      readyWorkers: 0,
    },
    keep: {
      builds: { maxAgeSeconds: 7 * 86_400, maxBytes: 2 * 1024 ** 3 },
      images: { maxAgeSeconds: 30 * 86_400, maxBytes: 10 * 1024 ** 3 },
    },
  });
});

Deno.test("parseUserConfig takes a file that says nothing", () => {
  for (const text of ["", "\n", "# Nothing yet\n\n  # really", "{}"]) {
    deepEqual(parseUserConfig(text, path), { ...emptyUserConfig, path });
  }
});

Deno.test("parseUserConfig tells all mistakes at once, in file order", () => {
  const text = `netwrk: {}
resources:
  memory: lots
network:
  build: none
  deny: [127.1, "::1/129", a b]
  private: [0x7f000001, 0.0.0.0, 10.0.0.0/40]
`;
  deepEqual(mistakesIn(text), [
    '1:1: Unknown key "netwrk" in the configuration (Did you mean "network"?)',
    '3:11: Expected a size such as "2 GiB" for "resources.memory", got "lots"',
    '5:10: Expected a list of hosts for "network.build", got "none"',
    '6:10: Expected a host name, an address or a range such as "10.0.0.0/8" for "network.deny[0]", got 127.1 (Did you mean "127.0.0.1"?)',
    '6:17: Expected a host name, an address or a range such as "10.0.0.0/8" for "network.deny[1]", got "::1/129"',
    '6:28: Expected a host name, an address or a range such as "10.0.0.0/8" for "network.deny[2]", got "a b"',
    '7:13: Expected a host name, an address or a range such as "10.0.0.0/8" for "network.private[0]", got 2130706433 (Did you mean "127.0.0.1"?)',
    '7:25: Expected an address that a single host can have for "network.private[1]", got "0.0.0.0"',
    '7:34: Expected a host name, an address or a range such as "10.0.0.0/8" for "network.private[2]", got "10.0.0.0/40"',
  ]);
});

Deno.test("parseUserConfig knows the programs whose files can be kept", () => {
  const [mistake, ...others] = mistakesIn("workspace: { keep: [git, gti] }\n");
  deepEqual(others, []);
  match(
    mistake!,
    /^1:26: Expected one of git, .*, vscode, .* for "workspace.keep\[1\]", got "gti"/,
  );
});

Deno.test("parseUserConfig takes no path that depends on where it is read", () => {
  for (const path of ["src", ".", "", "~me/src", "~root", '"/a\\nb"']) {
    deepEqual(
      mistakesIn(`paths: [${path || '""'}]\n`).map((text) =>
        text.replace(/, got .*/, "")
      ),
      [
        '1:9: Expected an absolute path, or one that begins with "~/" for "paths[0]"',
      ],
    );
  }
});

Deno.test("parseUserConfig refuses to allow what it denies", () => {
  const text = `network:
  prepare: [{ host: "*.example", protocols: [http] }]
  build: [{ host: x.ads.test, protocols: [http] }]
  deny: [evil.example, "*.ads.test"]
`;
  deepEqual(mistakesIn(text), [
    `2:21: Cannot allow "*.example": your configuration denies "evil.example" (It is denied at ${path}:4:10)`,
    `3:19: Cannot allow "x.ads.test": your configuration denies "*.ads.test" (It is denied at ${path}:4:24)`,
  ]);
});

Deno.test("parseUserConfig wants private places in their own list, too", () => {
  const list = "network: { build: [{ host: 10.0.0.1, protocols: [http] }]";
  deepEqual(mistakesIn(`${list} }\n`), [
    '1:28: Cannot allow "10.0.0.1": it is in a private network (List it in "network.private", too)',
  ]);
  deepEqual(mistakesIn(`${list}, private: [10.0.0.0/8] }\n`), []);
});

Deno.test("parseUserConfig refuses to give all builds more than it caps", () => {
  const text = "resources: { cpus: 3, max: { cpus: 2, cpu: 1 } }\n";
  deepEqual(mistakesIn(text), [
    '1:39: Unknown key "cpu" in "resources.max" (Did you mean "cpus"?)',
  ]);
  deepEqual(mistakesIn(text.replace(", cpu: 1", "")), [
    `1:20: Expected at most 2 for "resources.cpus", got 3 (Your configuration caps it at ${path}:1:36)`,
  ]);
});

Deno.test("parseUserConfig bounds what is added to each build", () => {
  const entry = "    - { host: a.example, protocols: [http] }\n";
  const list = (count: number) => `network:\n  build:\n${entry.repeat(count)}`;
  equal(mistakesIn(list(25)).length, 0);
  equal(
    mistakesIn(list(26))[0],
    '3:5: Expected at most 25 hosts for "network.build", got a list',
  );
});

Deno.test("a configuration's mistakes are a usage error", () => {
  throws(() => parseUserConfig("[]", path), {
    code: "invalid-config",
    exitCode: 2,
    message: `Invalid configuration "${path}": 1 problem`,
  });
});
