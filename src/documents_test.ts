import assert from "node:assert/strict";
import { protocolNames } from "./network/protocols.ts";
import { attemptSchema } from "./rpc/verdict.ts";
import { listProtocols } from "./spec/network.ts";

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
