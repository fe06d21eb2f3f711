import assert from "node:assert/strict";
import { protocolNames } from "./shared/network/protocols.ts";
import { attemptSchema } from "./shared/rpc/verdict.ts";
import { ERROR_CODES } from "./shared/error_codes.ts";
import { limitRows } from "./spec/limits.ts";
import { listProtocols } from "./spec/network.ts";
import { formatExactQuantity } from "./spec/units.ts";

/** A document of ours without its line ends and its marks of code. */
function readDocument(name: string): string {
  const text = Deno.readTextFileSync(
    new URL(`../docs/${name}`, import.meta.url),
  );
  return text.replaceAll("`", "").replace(/\s+/g, " ");
}

/** `a, b or c`. */
function listed(names: readonly string[]): string {
  return `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}

function assertSays(name: string, text: string): void {
  assert.ok(readDocument(name).includes(text), `docs/${name} lacks: ${text}`);
}

Deno.test("the documents list the protocols", () => {
  assertSays(
    "build-spec.md",
    `their protocols: ${listProtocols()}, or tcp:PORT.`,
  );
  assertSays(
    "report.md",
    `the protocol is ${listed([...protocolNames, "tcp"])}.`,
  );
  assertSays(
    "report.md",
    `| ${listed(attemptSchema.shape.protocol.options)} |`,
  );
});

Deno.test("the documents tell what is checked of each protocol", () => {
  const security = readDocument("security.md");
  for (const name of protocolNames) {
    assert.match(
      security,
      new RegExp(`[|;] ${name}: `),
      `security.md: ${name}`,
    );
  }
});

Deno.test("the documents list the limits and their defaults", () => {
  for (const [key, { kind, default: general, unset }] of limitRows) {
    const value = general === undefined
      ? unset ?? "unlimited"
      : formatExactQuantity(kind!, general);
    assertSays("build-spec.md", `| ${key} | ${value} |`);
  }
});

Deno.test("the documents tell the caps of limits", () => {
  const caps = limitRows.flatMap(([key, { cap }]) =>
    cap === undefined ? [] : [`${key}: ${cap}`]
  );
  const all = `${caps.slice(0, -1).join(", ")} and ${caps.at(-1)}`;
  assertSays("build-spec.md", `a spec may have ${all} at most`);
});

Deno.test("the documents tell which limits end a build", () => {
  const ending = limitRows.flatMap(([key, { exceeded }]) =>
    exceeded === undefined ? [] : [key]
  );
  const document = readDocument("build-spec.md");
  for (const key of ending) {
    const row = new RegExp(`\\| ${key} \\|[^|]*\\|[^|]*\\| ended`);
    assert.ok(
      row.test(document),
      `docs/build-spec.md does not say so of ${key}`,
    );
  }
});

Deno.test("the documents list all codes of errors, and no others", () => {
  const rows = [...ERROR_CODES].map(([code, { exitCode, meaning }]) =>
    `| ${code} | ${exitCode} | ${meaning} |`
  );
  const document = readDocument("errors.md");
  for (const row of rows) {
    assert.ok(document.includes(row.replaceAll("`", "")), `lacks: ${row}`);
  }
  const listed = document.matchAll(/\| ([a-z0-9-]+) \| \d+ \|/g);
  assert.equal([...listed].length, rows.length);
});
