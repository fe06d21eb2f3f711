import assert from "node:assert/strict";
import { CONTRACTOR_VERSION } from "./version.ts";

Deno.test("the version is that of deno.json", () => {
  const settings = JSON.parse(
    Deno.readTextFileSync(new URL("../../deno.json", import.meta.url)),
  ) as { version: unknown };
  assert.equal(settings.version, CONTRACTOR_VERSION);
});
