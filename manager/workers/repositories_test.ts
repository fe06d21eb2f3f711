import assert from "node:assert/strict";
import fc from "fast-check";
import { egressRuleSchema } from "../../src/shared/network/egress_rule.ts";
import { listSourcesScript, parseSources } from "./repositories.ts";

const oneLine = (...lines: string[]) =>
  lines.map((line) => `L ${line}\n`).join("");
const deb822 = (...lines: string[]) =>
  lines.map((line) => `D ${line}\n`).join("");

Deno.test("parseSources() reads one-line sources", () => {
  assert.deepEqual(
    parseSources(oneLine(
      "# deb http://comment.test/debian stable main",
      "deb http://mirror.test/debian stable main",
      "deb [ arch=amd64 signed-by=/x.gpg ] https://secure.test:8443/a b c",
      "deb-src http://mirror.test/debian stable main",
      "deb cdrom:[Debian]/ stable main",
      "deb file:/var/cache stable main",
      "deb http://192.0.2.1/debian stable main",
      "deb http://UPPER.test/ ./",
    )),
    [
      { host: "mirror.test", port: 80, protocol: "http" },
      { host: "secure.test", port: 8443, protocol: "https" },
      { host: "upper.test", port: 80, protocol: "http" },
    ],
  );
});

Deno.test("parseSources() reads deb822 sources", () => {
  assert.deepEqual(
    parseSources(deb822(
      "# a comment",
      "Types: deb deb-src",
      "URIs: http://one.test/debian",
      "# in between",
      "  https://two.test/debian",
      "Suites: stable",
      "",
      "Enabled: no",
      "Types: deb",
      "URIs: http://disabled.test",
      "",
      "Types: rpm",
      "URIs: http://other.test",
    )),
    [
      { host: "one.test", port: 80, protocol: "http" },
      { host: "two.test", port: 443, protocol: "https" },
    ],
  );
});

Deno.test("parseSources() yields few and valid rules, whatever it reads", () => {
  const fragment = fc.oneof(
    fc.string(),
    fc.constantFrom("L ", "D ", "deb ", "Types: deb\n", "URIs: ", "\n"),
    fc.webUrl(),
  );
  fc.assert(
    fc.property(fc.array(fragment, { maxLength: 300 }), (fragments) => {
      const rules = parseSources(fragments.join(""));
      assert.ok(rules.length <= 64);
      for (const rule of rules) egressRuleSchema.parse(rule);
    }),
  );
  const many = Array.from(
    { length: 1000 },
    (_, index) => `deb http://host${index}.test/ stable main`,
  );
  assert.equal(parseSources(oneLine(...many)).length, 64);
});

Deno.test("listSourcesScript prints both formats, whatever is missing", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const run = async () => {
      const { code, stdout } = await new Deno.Command("/bin/sh", {
        args: ["-e", "-c", listSourcesScript.replaceAll("/etc/apt", folder)],
      }).output();
      assert.equal(code, 0);
      return parseSources(new TextDecoder().decode(stdout));
    };
    assert.deepEqual(await run(), []);
    await Deno.mkdir(`${folder}/sources.list.d`);
    await Deno.writeTextFile(
      `${folder}/sources.list`,
      "deb http://one.test/ a b",
    );
    for (const name of ["two", "three"]) {
      await Deno.writeTextFile(
        `${folder}/sources.list.d/${name}.sources`,
        `Types: deb\nURIs: http://${name}.test/`,
      );
    }
    assert.deepEqual((await run()).map(({ host }) => host), [
      "one.test",
      "three.test",
      "two.test",
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("parseSources() takes no wildcards, which nobody but the user may allow", () => {
  assert.deepEqual(
    parseSources("L deb http://*.com/ stable main\nL deb http://*/ a b\n"),
    [],
  );
});
