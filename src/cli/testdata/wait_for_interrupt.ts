import { withInterrupt } from "../interrupt.ts";

/** Ends long after the first interrupt, if it is let. */
await withInterrupt(async (signal) => {
  console.log("ready");
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {}, 1000);
    signal.addEventListener("abort", () => {
      console.log(signal.reason.code);
      if (Deno.args[0] !== "slow") {
        clearInterval(timer);
        resolve();
      }
    });
  });
}, () => console.log("told"));
console.log("cleaned up");
