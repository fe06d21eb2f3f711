import assert from "node:assert/strict";
import type { ImageSource } from "./image_copy.ts";
import { type CopyingCache, ImageImports } from "./image_imports.ts";

const { signal } = new AbortController();

function source(device: string): ImageSource {
  return { device, format: "raw", allocatedBytes: 7, maxBytes: 7 };
}

/** A cache that only notes what is asked of it. */
function recordingCache(): { cache: CopyingCache; notes: string[] } {
  const notes: string[] = [];
  return {
    notes,
    cache: {
      copy: ({ device }) =>
        Promise.resolve({
          bytes: 7,
          keep(image) {
            notes.push(`keep ${device} as ${image}`);
            return Promise.resolve("seal");
          },
          discard() {
            notes.push(`discard ${device}`);
            return Promise.resolve();
          },
        }),
    },
  };
}

Deno.test("an image is kept when its host says so, and only once", async () => {
  const { cache, notes } = recordingCache();
  const imports = new ImageImports(cache);
  assert.deepEqual(await imports.copy("a", source("disk"), signal), {
    bytes: 7,
  });
  assert.deepEqual(notes, []);
  assert.deepEqual(await imports.keep("a"), { seal: "seal" });
  assert.deepEqual(notes, ["keep disk as a"]);
  await assert.rejects(imports.keep("a"), { code: "unknown-image" });
  await imports.close();
  assert.deepEqual(notes, ["keep disk as a"]);
});

Deno.test("what its host did not keep is discarded", async () => {
  const { cache, notes } = recordingCache();
  const imports = new ImageImports(cache);
  await imports.copy("a", source("first"), signal);
  await imports.copy("a", source("second"), signal);
  assert.deepEqual(notes, ["discard first"]);
  await imports.close();
  assert.deepEqual(notes, ["discard first", "discard second"]);
  await assert.rejects(imports.keep("a"), { code: "unknown-image" });
});
