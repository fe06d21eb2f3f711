import { deepEqual, equal, ok } from "node:assert/strict";
import { specJsonSchema } from "./json_schema.ts";

/** Every schema below one, itself included. */
function* allSchemas(schema: unknown): Generator<Record<string, unknown>> {
  if (typeof schema !== "object" || schema === null) return;
  yield schema as Record<string, unknown>;
  for (const value of Object.values(schema)) yield* allSchemas(value);
}

Deno.test("specJsonSchema names the keys of a spec and refuses others", () => {
  const schema = specJsonSchema();
  equal(schema.$schema, "https://json-schema.org/draft/2020-12/schema");
  equal(schema.additionalProperties, false);
  deepEqual(schema.required, ["worker-image", "source", "workspace", "build"]);
  deepEqual(Object.keys(schema.properties as object), [
    "worker-image",
    "ansible",
    "source",
    "workspace",
    "build",
    "resources",
    "network",
  ]);
});

Deno.test("specJsonSchema describes every key but those of a play's inside", () => {
  for (const { properties } of allSchemas(specJsonSchema())) {
    if (properties === undefined) continue;
    for (const [key, value] of Object.entries(properties as object)) {
      ok(value.description, `no description of ${key}`);
    }
  }
});

Deno.test("specJsonSchema's patterns match their own examples", () => {
  let checked = 0;
  for (const { pattern, examples } of allSchemas(specJsonSchema())) {
    if (typeof pattern !== "string" || !Array.isArray(examples)) continue;
    for (const example of examples) {
      ok(new RegExp(pattern).test(example), `${pattern} ${example}`);
      checked++;
    }
  }
  ok(checked > 5);
});
