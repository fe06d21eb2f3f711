import assert from "node:assert/strict";
import { DEFAULT_IDLE_SECONDS, IdleTimer, parseIdleSeconds } from "./power.ts";

const sleep = (milliseconds: number) =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

Deno.test("parseIdleSeconds() reads the kernel's command line", () => {
  assert.equal(parseIdleSeconds("quiet contractor.idle=60 x\n"), 60);
  assert.equal(parseIdleSeconds("contractor.idle=60\n"), 60);
  assert.equal(parseIdleSeconds("quiet\n"), DEFAULT_IDLE_SECONDS);
  assert.equal(parseIdleSeconds("xcontractor.idle=60"), DEFAULT_IDLE_SECONDS);
});

Deno.test("IdleTimer calls back when nothing was held for a while", async () => {
  let calls = 0;
  const timer = new IdleTimer(0.05, () => calls++);
  const releases = [timer.hold(), timer.hold()];
  await sleep(100);
  releases[0]!();
  releases[0]!();
  await sleep(100);
  assert.equal(calls, 0);
  releases[1]!();
  await sleep(100);
  assert.equal(calls, 1);
  timer.stop();
});
