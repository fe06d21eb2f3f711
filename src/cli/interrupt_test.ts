import { deepEqual, equal } from "node:assert/strict";
import { withInterrupt } from "./interrupt.ts";

const script = new URL("./testdata/wait_for_interrupt.ts", import.meta.url);

/** Runs the script and interrupts it whenever it has printed a line of these. */
async function interruptAt(
  lines: string[],
  signal: Deno.Signal,
  ...args: string[]
) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--cached-only", script.href, ...args],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const printed: string[] = [];
  let rest = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const complete = (rest + text).split("\n");
    rest = complete.pop()!;
    for (const line of complete) {
      printed.push(line);
      if (lines.includes(line)) child.kill(signal);
    }
  }
  return { printed, code: (await child.status).code };
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.test(`withInterrupt lets the action end after ${signal}`, async () => {
    const { printed, code } = await interruptAt(["ready"], signal);
    deepEqual(printed, ["ready", "interrupted", "told", "cleaned up"]);
    equal(code, 0);
  });
}

Deno.test("withInterrupt ends at once when interrupted again", async () => {
  const lines = ["ready", "told"];
  const { printed, code } = await interruptAt(lines, "SIGINT", "slow");
  deepEqual(printed, ["ready", "interrupted", "told"]);
  equal(code, 130);
});

Deno.test("withInterrupt gives the action's result", async () => {
  equal(await withInterrupt(() => Promise.resolve(7)), 7);
});
