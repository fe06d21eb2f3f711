import assert from "node:assert/strict";
import type { VmmApi } from "../host/vmm.ts";
import type { Isolate } from "../isolate/isolate.ts";
import { superviseManager } from "./supervise.ts";

/** A manager that is in one state after the other, and stays in the last. */
function managerThatIs(...states: string[]) {
  return {
    call() {
      const state = states.length > 1 ? states.shift() : states[0];
      return state === "unknown"
        ? Promise.reject(new Error("QEMU does not answer"))
        : Promise.resolve(state);
    },
  } as unknown as Pick<Isolate<VmmApi>, "call">;
}

function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(signal.reason))
  );
}

Deno.test("a manager that runs is left alone", async () => {
  const manager = managerThatIs("running", "unknown", "running");
  const supervision = superviseManager(manager, 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await supervision.stop();
  assert.ok(!supervision.signal.aborted);
});

Deno.test("a manager that ended, or has no space, is told once", async () => {
  for (
    const [state, code] of [
      ["gone", "manager-gone"],
      ["disk-full", "state-directory-full"],
    ] as const
  ) {
    const manager = managerThatIs("running", "running", state);
    const supervision = superviseManager(manager, 1);
    const reason = await aborted(supervision.signal) as { code: string };
    assert.equal(reason.code, code);
    await supervision.stop();
  }
});

Deno.test("the end of a supervision looks a last time", async () => {
  const manager = managerThatIs("running", "disk-full");
  const supervision = superviseManager(manager, 60_000);
  await supervision.stop();
  const { code } = supervision.signal.reason as { code: string };
  assert.equal(code, "state-directory-full");
});
