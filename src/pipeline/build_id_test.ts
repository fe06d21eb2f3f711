import assert from "node:assert/strict";
import fc from "fast-check";
import { buildIdSchema } from "../shared/rpc/protocol.ts";
import { newBuildId } from "./build_id.ts";

const times = fc.date({
  min: new Date("2000-01-01T00:00:00Z"),
  max: new Date("2999-12-31T23:59:59Z"),
  noInvalidDate: true,
});

Deno.test("a build's identifier has its start in UTC and random digits", () => {
  const id = newBuildId(new Date("2031-02-03T04:05:06.789+01:00"));
  assert.match(id, /^20310203-030506-[0-9a-f]{4}$/);
});

Deno.test("a build's identifier is one that the agent takes", () => {
  fc.assert(fc.property(times, (time) => {
    assert.ok(buildIdSchema.safeParse(newBuildId(time)).success);
  }));
});

Deno.test("builds' identifiers sort by their start", () => {
  fc.assert(fc.property(times, times, (one, other) => {
    const [first, last] = one < other ? [one, other] : [other, one];
    const stamp = (time: Date) => newBuildId(time).slice(0, 15);
    assert.ok(stamp(first) <= stamp(last));
  }));
});

Deno.test("builds that start at the same time have different identifiers", () => {
  const time = new Date();
  const ids = new Set(Array.from({ length: 20 }, () => newBuildId(time)));
  assert.ok(ids.size > 1);
});
