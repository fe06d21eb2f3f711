import assert from "node:assert/strict";
import {
  BuildFailedError,
  ContractorError,
  EnvironmentError,
  InterruptedError,
  LimitExceededError,
  UsageError,
} from "../shared/errors.ts";
import { type Isolate, spawnIsolate } from "./isolate.ts";
import type { SampleApi } from "./testdata/sample_api.ts";

const sampleUrl = new URL("./testdata/sample.isolate.ts", import.meta.url);
const brokenUrl = new URL("./testdata/broken.isolate.ts", import.meta.url);

async function withSample(
  use: (isolate: Isolate<SampleApi>) => Promise<void>,
  permissions: Deno.PermissionOptions = "none",
): Promise<void> {
  const isolate = spawnIsolate<SampleApi>({
    url: sampleUrl,
    name: "sample",
    permissions,
  });
  try {
    await use(isolate);
  } finally {
    isolate.terminate();
  }
}

Deno.test("calls made before an isolate has started are answered", async () => {
  await withSample(async (isolate) => {
    const sums = await Promise.all([
      isolate.call("add", { left: 1, right: 2 }),
      isolate.call("add", { left: 3, right: 4 }),
    ]);
    assert.deepEqual(sums, [3, 7]);
  });
});

Deno.test("events arrive in order, before the result", async () => {
  await withSample(async (isolate) => {
    const seen: unknown[] = [];
    const onEvent = (event: number) => seen.push(event);
    seen.push(await isolate.call("count", { to: 5 }, { onEvent }));
    assert.deepEqual(seen, [1, 2, 3, 4, 5, "done"]);
  });
});

Deno.test("whoever emits can wait for the listener", async () => {
  await withSample(async (isolate) => {
    const seen: string[] = [];
    await isolate.call("countHeard", { to: 2 }, {
      async onEvent(number) {
        seen.push(`${number} begins`);
        await isolate.call("add", { left: 1, right: 1 });
        seen.push(`${number} ends`);
      },
    });
    assert.deepEqual(seen, ["1 begins", "1 ends", "2 begins", "2 ends"]);
  });
});

Deno.test("whoever emits waits for nobody who does not listen", async () => {
  await withSample(async (isolate) => {
    await isolate.call("countHeard", { to: 3 });
  });
});

Deno.test("a listener that throws fails its call alone", async () => {
  await withSample(async (isolate) => {
    const mistake = new Error("listener");
    const onEvent = () => {
      throw mistake;
    };
    await assert.rejects(isolate.call("wait", {}, { onEvent }), mistake);
    assert.equal(await isolate.call("add", { left: 1, right: 1 }), 2);
  });
});

Deno.test("errors keep their class, code, exit code, text and hint", async () => {
  const expected: [string, typeof ContractorError, object][] = [
    ["usage", UsageError as never, {
      code: "bad-arguments",
      exitCode: 2,
      message: "Bad",
      hint: "Do better",
    }],
    ["environment", EnvironmentError as never, {
      code: "file-system",
      exitCode: 3,
    }],
    ["build", BuildFailedError as never, { code: "build-failed", exitCode: 1 }],
    ["limit", LimitExceededError as never, {
      code: "log-limit",
      exitCode: 4,
      record: { limit: "log", allowed: 10, measured: 12.5 },
    }],
    ["limit without record", LimitExceededError as never, {
      code: "log-limit",
      record: undefined,
    }],
    ["interrupted", InterruptedError as never, { exitCode: 130 }],
    ["base", ContractorError, { code: "network-violation", exitCode: 5 }],
    ["invented", EnvironmentError as never, { code: "isolate-failed" }],
    ["invented base", EnvironmentError as never, { code: "isolate-failed" }],
    ["mistake", EnvironmentError as never, {
      code: "isolate-failed",
      message: "a mistake",
    }],
    ["text", EnvironmentError as never, { message: "text" }],
  ];
  await withSample(async (isolate) => {
    for (const [how, Class, properties] of expected) {
      const error = await isolate.call("fail", { how }).catch((e) => e);
      assert.equal(error.constructor, Class, how);
      assert.partialDeepStrictEqual(
        { ...error, message: error.message },
        properties,
      );
      assert.equal(
        error.detail,
        how === "environment" ? "more\nlines" : undefined,
      );
    }
  });
});

Deno.test("an aborted call rejects with the reason, which the handler sees", async () => {
  await withSample(async (isolate) => {
    const abort = new AbortController();
    const reason = new InterruptedError("Stop");
    await assert.rejects(
      isolate.call("wait", {}, {
        signal: abort.signal,
        onEvent: () => abort.abort(reason),
      }),
      reason,
    );
    await assert.rejects(
      isolate.call("add", { left: 1, right: 1 }, { signal: abort.signal }),
      reason,
    );
  });
});

Deno.test("a call aborted before the isolate has started is not made", async () => {
  await withSample(async (isolate) => {
    const abort = new AbortController();
    const events: unknown[] = [];
    const call = isolate.call("count", { to: 3 }, {
      signal: abort.signal,
      onEvent: (event) => events.push(event),
    });
    abort.abort(new Error("never mind"));
    await assert.rejects(call, { message: "never mind" });
    await isolate.call("add", { left: 1, right: 1 });
    assert.deepEqual(events, []);
  });
});

Deno.test("an isolate has no more than the permissions that it was given", async () => {
  const file = new URL(import.meta.url).pathname;
  const read = (isolate: Isolate<SampleApi>) =>
    isolate.call("read", { path: file });
  await withSample(async (isolate) => {
    await assert.rejects(read(isolate), { code: "isolate-failed" });
  });
  await withSample(async (isolate) => {
    assert.match(await read(isolate), /no more than/);
  }, { read: [file] });
});

for (const how of ["throw", "reject"] as const) {
  Deno.test(`a crash rejects all calls under way: ${how}`, async () => {
    await withSample(async (isolate) => {
      const crashed = {
        code: "isolate-crashed",
        exitCode: 3,
        message: /^The isolate "sample" crashed: .*out of order/,
      };
      const waiting = assert.rejects(isolate.call("wait", {}), crashed);
      await assert.rejects(isolate.call("crash", { how }), crashed);
      await waiting;
      const late = isolate.call("add", { left: 1, right: 1 });
      await assert.rejects(late, crashed);
    });
  });
}

Deno.test("an isolate that does not start rejects its calls", async () => {
  for (const url of [brokenUrl, new URL("./missing.ts", import.meta.url)]) {
    const isolate = spawnIsolate<SampleApi>({
      url,
      name: "broken",
      permissions: "none",
    });
    await assert.rejects(isolate.call("add", { left: 1, right: 1 }), {
      code: "isolate-crashed",
    });
  }
});

Deno.test("terminating rejects the calls under way", async () => {
  await withSample(async (isolate) => {
    const call = isolate.call("wait", {}, {
      onEvent: () => isolate.terminate(),
    });
    await assert.rejects(call, { code: "isolate-terminated" });
  });
});

Deno.test("an unknown method is an error", async () => {
  await withSample(async (isolate) => {
    await assert.rejects(isolate.call("toString" as "add", {} as never), {
      code: "isolate-failed",
      message: 'The isolate has no method "toString"',
    });
  });
});
