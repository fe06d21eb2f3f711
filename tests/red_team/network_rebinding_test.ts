/**
 * An allowed name that leads to the host's own machine or network is refused
 * at every connection, whatever it led to before, unless the user opens it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { FakeInternet } from "../harness/fake_internet.ts";
import { http } from "../harness/services.ts";
import { Project } from "../project.ts";
import { assertSuccess, run } from "./attack.ts";
import { denies } from "./denial.ts";

const allow = [
  "{ host: allowed.example, protocols: [http] }",
  "{ host: rebind.example, protocols: [http] }",
];
const fetch = "wget -q -T 5 -O /dev/null http://rebind.example/";
const attempt = {
  refusal: "address-refused",
  host: "rebind.example",
  port: 80,
} as const;

Deno.test("an allowed name is reached at public addresses, and where the user opens it", async () => {
  await using internet = new FakeInternet();
  await using project = await Project.create();
  internet.answer("rebind.example", ["192.0.2.10"], ["10.0.0.1", "192.0.2.10"]);
  internet.answer("mirror.example", ["169.254.169.254", "10.0.0.8"]);
  const mirror = internet.serve("10.0.0.8:80", http);
  const literal = internet.serve("10.0.0.9:80", http);
  const result = await run(project, internet, {
    allow: [
      ...allow,
      "{ host: mirror.example, protocols: [http] }",
      "{ host: 10.0.0.9, protocols: [http] }",
    ],
    allowPrivate: ["mirror.example", "10.0.0.9"],
    script: `
${fetch}
${fetch}
[ "$(wget -q -O - http://mirror.example/)" = canary ]
[ "$(wget -q -O - http://10.0.0.9/)" = canary ]`,
  });
  assertSuccess(result);
  assert.equal(internet.allowed(80).connections.length, 2);
  assert.match(mirror.text, /^Host: mirror\.example/m);
  assert.match(literal.text, /^Host: 10\.0\.0\.9/m);
  assert.equal(internet.trap.connections.length, 0);
});

for (const address of ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1"]) {
  denies({
    name:
      `an allowed name that leads to ${address}, which the user opens to another`,
    allow,
    allowPrivate: ["allowed.example", "10.0.0.2"],
    arrange: (internet) => internet.answer("rebind.example", [address]),
    script: `${fetch} || true`,
    attempt,
  });
}

denies({
  name: "an allowed name that leads elsewhere the second time",
  allow,
  arrange: (internet) =>
    internet.answer("rebind.example", ["192.0.2.10"], ["127.0.0.1"]),
  script: `${fetch}\n${fetch} || true`,
  attempt,
});

denies({
  name: "a name that leads to this machine, and tells when the build is over",
  allow,
  arrange(internet) {
    internet.answer("rebind.example", ["127.0.0.1"]);
    internet.delay("rebind.example", 10_000);
  },
  // Goes once the request was sent, and another one answered after it.
  script: `
${fetch} &
until grep -q ':0050 01 00000000:' /proc/net/tcp; do :; done
wget -q -O /dev/null http://allowed.example/`,
  attempt,
});
