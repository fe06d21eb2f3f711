import assert from "node:assert/strict";
import type { EgressRule } from "../shared/rpc/protocol.ts";
import { isRepository, reachable } from "./repositories.ts";

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

Deno.test("what guests call a package repository opens no private place", () => {
  const hosts = [
    "mirror.example.org",
    "ads.example.org",
    "localhost",
    "mirror.internal",
    "metadata.google.internal",
  ];
  const rules = hosts.map((host): EgressRule => ({
    host,
    port: 80,
    protocol: "http",
  }));
  const left = (denied: string[], opened: string[]) =>
    reachable(rules, denied, opened).rules.map(({ host }) => host);
  assert.deepEqual(left(["ads.example.org"], []), ["mirror.example.org"]);
  assert.deepEqual(left(["ads.example.org"], ["mirror.internal"]), [
    "mirror.example.org",
    "mirror.internal",
  ]);
  assert.deepEqual(left(["*.example.org", "localhost"], ["localhost"]), []);
  assert.deepEqual(reachable(rules, ["localhost"], []).closed, [
    "mirror.internal is in a private network",
    "metadata.google.internal is the cloud's metadata service",
  ]);
});
