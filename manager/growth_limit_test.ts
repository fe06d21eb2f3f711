import assert from "node:assert/strict";
import { withGrowthLimit } from "./growth_limit.ts";

const MIB = 1024 ** 2;
const never = new AbortController().signal;

async function withFile(test: (path: string) => Promise<void>) {
  const path = await Deno.makeTempFile();
  try {
    await test(path);
  } finally {
    await Deno.remove(path);
  }
}

/** Writes on and on, until the signal ends it. */
async function grow(path: string, signal: AbortSignal): Promise<void> {
  using file = await Deno.open(path, { append: true });
  for (;;) {
    signal.throwIfAborted();
    await file.write(new Uint8Array(MIB).fill(1));
    await file.syncData();
  }
}

Deno.test("a file that grows beyond its limit is written no further", () =>
  withFile(async (path) => {
    await assert.rejects(
      withGrowthLimit(path, 4 * MIB, never, (signal) => grow(path, signal)),
      { code: "image-too-large" },
    );
  }));

Deno.test("a file that was written too fast to be seen is refused all the same", () =>
  withFile(async (path) => {
    const write = () => Deno.writeFile(path, new Uint8Array(8 * MIB).fill(1));
    await assert.rejects(withGrowthLimit(path, 4 * MIB, never, write), {
      code: "image-too-large",
    });
    await withGrowthLimit(path, 9 * MIB, never, write);
  }));

Deno.test("holes are not counted", () =>
  withFile(async (path) => {
    const write = () => Deno.truncate(path, 1024 * MIB);
    await withGrowthLimit(path, MIB, never, write);
  }));

Deno.test("the failure of who writes, and of who gives up, is theirs", () =>
  withFile(async (path) => {
    const broken = new Error("broken");
    await assert.rejects(
      withGrowthLimit(path, MIB, never, () => Promise.reject(broken)),
      broken,
    );
    const enough = new Error("enough");
    await assert.rejects(
      withGrowthLimit(
        path,
        Infinity,
        AbortSignal.abort(enough),
        (signal) => grow(path, signal),
      ),
      enough,
    );
  }));
