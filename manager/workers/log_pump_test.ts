import assert from "node:assert/strict";
import { LogPump } from "./log_pump.ts";

/** A port that yields these texts, then ends. */
function port(texts: string[]) {
  return {
    read(buffer: Uint8Array): Promise<number | null> {
      const text = texts.shift();
      if (text === undefined) return Promise.resolve(null);
      return Promise.resolve(
        new TextEncoder().encodeInto(text, buffer).written,
      );
    },
  };
}

Deno.test("LogPump hands all bytes to the sink, in order", async () => {
  const pump = new LogPump(port(["a", "b", "c"]));
  let text = "";
  pump.direct(async (bytes) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    text += new TextDecoder().decode(bytes);
    return true;
  });
  await pump.drained();
  assert.equal(text, "abc");
});

Deno.test("LogPump reads on when the sink fails, so that no worker hangs", async () => {
  const texts = ["a", "b", "c"];
  const pump = new LogPump(port(texts));
  pump.direct(() => Promise.reject(new Error("gone")));
  await pump.done;
  assert.deepEqual(texts, []);
});

Deno.test("LogPump reads no further than the sink wants", async () => {
  const texts = ["a", "b", "c"];
  const pump = new LogPump(port(texts));
  let text = "";
  pump.direct((bytes) => {
    text += new TextDecoder().decode(bytes);
    return Promise.resolve(text.length < 2);
  });
  await pump.done;
  await pump.drained();
  assert.equal(text, "ab");
  assert.deepEqual(texts, ["c"]);
});

Deno.test("LogPump counts as drained once the port is silent", async () => {
  const rest = Promise.withResolvers<null>();
  const texts = ["a", "b"];
  const pump = new LogPump({
    read(buffer) {
      const text = texts.shift();
      if (text === undefined) return rest.promise;
      return new Promise((resolve) =>
        setTimeout(() => {
          resolve(new TextEncoder().encodeInto(text, buffer).written);
        }, 5)
      );
    },
  });
  let text = "";
  pump.direct((bytes) => {
    text += new TextDecoder().decode(bytes);
    return Promise.resolve(true);
  });
  await pump.drained();
  assert.equal(text, "ab");
  rest.resolve(null);
  await pump.done;
});
