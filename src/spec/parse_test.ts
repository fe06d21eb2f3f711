import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { stringify } from "yaml";
import { parseBuildSpec } from "./parse.ts";
import { SpecError } from "./problem.ts";

const minimal =
  "worker-image: worker.img\nsource: .\nworkspace: ws\nbuild: make\n";

/** The mistakes in a spec, as `line:column: message`. */
function mistakesIn(text: string): string[] {
  try {
    parseBuildSpec(text, "spec.yaml");
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    return error.problems.map(({ line, column, message }) =>
      `${line}:${column}: ${message}`
    );
  }
  return [];
}

/** What the `vars` of a play come to. */
function varsOf(vars: string): Record<string, unknown> {
  const text = minimal + "ansible:\n  - hosts: worker\n    vars:\n" +
    vars.trimEnd().split("\n").map((line) => `      ${line}\n`).join("");
  const { data } = parseBuildSpec(text, "spec.yaml");
  // deno-lint-ignore no-explicit-any
  return (data as any).ansible[0].vars;
}

Deno.test("parseBuildSpec reports all mistakes at once, in file order", () => {
  const text = `worker-image: 3
sorce: .
sorce: src
workspace: ws
resources:
  memory: lots
  cpus: 0
network:
  build:
    - host: a b
      protocols: [ftp]
`;
  deepEqual(mistakesIn(text), [
    '1:1: Missing key "build": expected shell commands as text',
    '1:15: Expected a path for "worker-image", got 3',
    '2:1: Unknown key "sorce" in the build spec',
    '3:1: Duplicate key "sorce"',
    '6:11: Expected a size such as "2 GiB" for "resources.memory", got "lots"',
    '7:9: Expected at least 1 CPU for "resources.cpus", got 0',
    '10:13: Expected a host name such as "example.org" or "*.example.org" for "network.build[0].host", got "a b"',
    '11:19: Expected "http", "https", "ssh", "git" or "tcp:PORT" for "network.build[0].protocols[0]", got "ftp"',
  ]);
});

Deno.test("parseBuildSpec reports all syntax errors at once", () => {
  equal(mistakesIn('build: "\\q"\nsource: "\\q"\n').length, 2);
});

Deno.test("parseBuildSpec reads plain scalars as Ansible does", () => {
  deepEqual(
    varsOf(`mode: 0644
become: yes
enabled: off
answer: n
commit: 12e34
clock: 22:22
date: 2024-01-02
zip: 08
dot: .
half: .5
version: 1.10
hex: 0x1f
nothing: ~
quoted: "0644"`),
    {
      mode: 0o644,
      become: true,
      enabled: false,
      answer: "n",
      commit: "12e34",
      clock: "22:22",
      date: "2024-01-02",
      zip: "08",
      dot: ".",
      half: 0.5,
      version: 1.1,
      hex: 31,
      nothing: null,
      quoted: "0644",
    },
  );
});

Deno.test("parseBuildSpec resolves aliases and merge keys", () => {
  deepEqual(
    varsOf(`base: &base { a: 1, b: 2 }
more: &more { b: 3, c: 4 }
same: *base
one: { <<: *base, a: 9 }
two: { <<: [*base, *more] }
text: { "<<": kept }`),
    {
      base: { a: 1, b: 2 },
      more: { b: 3, c: 4 },
      same: { a: 1, b: 2 },
      one: { a: 9, b: 2 },
      two: { a: 1, b: 2, c: 4 },
      text: { "<<": "kept" },
    },
  );
});

Deno.test("parseBuildSpec keeps a key named __proto__ as plain data", () => {
  const vars = varsOf('"__proto__": { polluted: true }');
  deepEqual(Object.keys(vars), ["__proto__"]);
  equal((vars as { polluted?: unknown }).polluted, undefined);
  equal(JSON.stringify(vars), '{"__proto__":{"polluted":true}}');
});

Deno.test("parseBuildSpec accepts a byte order mark and CRLF", () => {
  const text = "\ufeff" + minimal.replaceAll("\n", "\r\n");
  equal(parseBuildSpec(text, "spec.yaml").spec.build, "make");
});

Deno.test("parseBuildSpec bounds the list of mistakes and counts the rest", () => {
  const text = minimal + Array.from({ length: 1000 }, (_, i) => `k${i}: 1\n`)
    .join("");
  throws(() => parseBuildSpec(text, "spec.yaml"), (error) => {
    ok(error instanceof SpecError);
    equal(error.problems.length, 50);
    ok(error.omitted > 0);
    return true;
  });
});

Deno.test("parseBuildSpec gives any JSON data back as it was written", () => {
  const eighths = fc.integer().map((number) => number / 8);
  const values = [
    fc.string({ unit: "binary" }),
    fc.boolean(),
    fc.constant(null),
    fc.maxSafeInteger(),
    eighths,
  ];
  const value = fc.anything({ values, maxDepth: 4 });
  fc.assert(fc.property(value, (value) => {
    const data = { hosts: "worker", vars: JSON.parse(JSON.stringify(value)) };
    // JSON is YAML too.
    const text = `${minimal}ansible: ${JSON.stringify([data])}\n`;
    const parsed = parseBuildSpec(text, "spec.yaml").data;
    deepEqual((parsed as { ansible: unknown }).ansible, [data]);
  }));
});

Deno.test("parseBuildSpec gives block style YAML back as it was written", () => {
  const text = fc.string({ unit: "grapheme" });
  const data = fc.dictionary(text, fc.oneof(text, fc.array(text)));
  fc.assert(fc.property(data, (vars) => {
    const written = {
      "worker-image": "worker.img",
      source: ".",
      workspace: "ws",
      build: "make",
      ansible: [{ hosts: "worker", vars: { ...vars } }],
    };
    const yaml = stringify(written, { version: "1.1" });
    deepEqual(
      JSON.stringify(parseBuildSpec(yaml, "spec.yaml").data),
      JSON.stringify(written),
    );
  }));
});

Deno.test("parseBuildSpec fails only with a SpecError, on any text", () => {
  const piece = fc.constantFrom(
    ...minimal.split(/(?<=\n)/),
    ..."- |? |: |[|]|{|}|&a |*a |!!x |\n|  |\t|\"|'|#|---\n|%YAML 1.2\n|<<: |>|\0|\x1b"
      .split("|"),
  );
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join("")),
  );
  fc.assert(fc.property(text, (text) => {
    for (const mistake of mistakesIn(text)) {
      // deno-lint-ignore no-control-regex
      ok(!/[\x00-\x1f\x7f-\x9f]/.test(mistake), mistake);
    }
  }));
});
