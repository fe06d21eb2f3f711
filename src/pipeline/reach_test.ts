import { equal } from "node:assert/strict";
import type { PhaseNetwork } from "../spec/network.ts";
import { mayReachHosts } from "./reach.ts";

const some: PhaseNetwork = [{ host: "a.example", protocols: ["http"] }];
const plays = [{ hosts: "worker" }];

Deno.test("mayReachHosts() knows which builds have someone to reach", () => {
  const cases: [
    readonly unknown[] | undefined,
    PhaseNetwork | undefined,
    PhaseNetwork,
    boolean,
  ][] = [
    [undefined, undefined, [], false],
    [undefined, some, [], false],
    [undefined, undefined, "none", false],
    [undefined, undefined, some, true],
    [plays, undefined, [], true],
    [plays, some, "none", true],
    [plays, [], [], false],
    [plays, "none", "none", false],
  ];
  for (const [ansible, prepare, build, expected] of cases) {
    const spec = { ansible, network: { prepare, build } };
    equal(mayReachHosts(spec, false), expected);
    equal(mayReachHosts(spec, true), true);
  }
});
