import { deepStrictEqual, equal } from "node:assert/strict";
import { chooseTestState } from "./test_state.ts";

Deno.test("chooseTestState() defaults to a directory in the source tree", () => {
  const expected = {
    state: "/src/.cache/test-state",
    runtime: "/src/.cache/test-state/run",
  };
  deepStrictEqual(chooseTestState(undefined, "/src", "/tmp"), expected);
  deepStrictEqual(chooseTestState("", "/src", "/tmp"), expected);
});

Deno.test("chooseTestState() takes the chosen directory", () => {
  equal(chooseTestState("/x", "/src", "/tmp").state, "/x");
  equal(chooseTestState("x", "/src", "/tmp").state, "/src/x");
});

Deno.test("chooseTestState() keeps the runtime directory short", () => {
  const long = `/${"deep/".repeat(20)}state`;
  const { state, runtime } = chooseTestState(long, "/src", "/tmp");
  equal(state, long);
  equal(/^\/tmp\/contractor-[0-9a-f]{12}$/.test(runtime), true);
  equal(chooseTestState(long, "/src", "/tmp").runtime, runtime);
});
