/**
 * What a build may reach if its spec says so, if it says nothing and if it
 * says `none`: one script, three outcomes.
 *
 * @module
 */

import assert from "node:assert/strict";
import { FakeInternet } from "../harness/fake_internet.ts";
import { Project } from "../project.ts";
import { assertDenied, assertSuccess, run } from "./attack.ts";

const script = "wget -q -O /dev/null http://allowed.example/ || true\nexit 0";

Deno.test("a declared host is reached, an undeclared one is a violation, without a card nothing is", async (t) => {
  await using project = await Project.create();
  const requests = async (step: (internet: FakeInternet) => Promise<void>) => {
    await using internet = new FakeInternet();
    await step(internet);
    return internet.allowed(80).connections.length;
  };

  await t.step("declared", async () => {
    const seen = await requests(async (internet) => {
      const allow = ["{ host: allowed.example, protocols: [http] }"];
      assertSuccess(await run(project, internet, { script, allow }));
    });
    assert.equal(seen, 1);
  });

  await t.step("undeclared", async () => {
    const seen = await requests(async (internet) => {
      const denied = await run(project, internet, { script, allow: [] });
      assertDenied(denied, {
        protocol: "dns",
        refusal: "name-not-allowed",
        host: "allowed.example",
      });
      const told = JSON.stringify(denied.report.error);
      assert.match(told, /allowed\.example/, "the hint names the host");
    });
    assert.equal(seen, 0);
  });

  await t.step("no card", async () => {
    const seen = await requests(async (internet) => {
      const cards = "ls /sys/class/net; [ ! -e /sys/class/net/eth0 ]";
      assertSuccess(
        await run(project, internet, {
          script: `${cards}\n${script}`,
          allow: "none",
        }),
      );
    });
    assert.equal(seen, 0);
  });
});
