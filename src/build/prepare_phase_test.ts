import assert from "node:assert/strict";
import type { EgressRule } from "../rpc/protocol.ts";
import { isRepository } from "./prepare_phase.ts";

function repository(rule: Partial<EgressRule>): boolean {
  return isRepository({
    host: "mirror.example.org",
    port: 80,
    protocol: "http",
    ...rule,
  });
}

Deno.test("what guests call a package repository is a name and the web", () => {
  assert.ok(repository({}));
  assert.ok(repository({ port: 3142 }));
  assert.ok(repository({ protocol: "https", port: 443 }));
  for (const host of ["*.org", "127.0.0.1", "169.254.169.254", "2130706433"]) {
    assert.ok(!repository({ host }), host);
  }
  for (const protocol of ["tcp", "ssh", "git"] as const) {
    assert.ok(!repository({ protocol }), protocol);
  }
});
