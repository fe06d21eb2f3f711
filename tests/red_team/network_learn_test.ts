/**
 * A build that learns reaches public hosts by name, and tells which. It still
 * cannot reach anything else.
 *
 * @module
 */

import assert from "node:assert/strict";
import { FakeInternet } from "../harness/fake_internet.ts";
import { http } from "../harness/services.ts";
import { Project } from "../project.ts";
import { assertDenied, explain, run } from "./attack.ts";

Deno.test("a build that learns reaches public hosts alone, and tells which", async (t) => {
  await using internet = new FakeInternet();
  const wanted = internet.serve("192.0.2.40:80", http);
  internet.answer("wanted.example", ["192.0.2.40"]);
  internet.answer("inside.example", ["10.0.0.1"]);
  await using project = await Project.create();
  const learn = (script: string) =>
    run(project, internet, { learn: true, allow: [], script });

  await t.step("a public host", async () => {
    const result = await learn(
      "wget -q -O - http://wanted.example/ | grep canary",
    );
    assert.equal(result.code, 0, explain(result));
    assert.match(wanted.text, /^GET \/ HTTP/);
    const [rule] = result.report.learned?.build ?? [];
    assert.equal(rule?.host, "wanted.example");
    const told = result.events.find(({ type }) => type === "learned");
    assert.match(told?.type === "learned" ? told.yaml : "", /wanted\.example/);
  });

  await t.step("a private address", async () => {
    const result = await learn("wget -q -O - http://inside.example/ || true");
    assertDenied(result, {
      refusal: "address-refused",
      host: "inside.example",
    });
  });

  await t.step("an address without a name", async () => {
    const result = await learn("nc -w 2 192.0.2.66 80 </dev/null || true");
    assertDenied(result, {
      refusal: "destination-not-allowed",
      address: "192.0.2.66",
    });
  });

  assert.equal(internet.trap.connections.length, 0);
});
