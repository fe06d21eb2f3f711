import {
  BuildFailedError,
  ContractorError,
  EnvironmentError,
  InterruptedError,
  LimitExceededError,
  UsageError,
} from "../../shared/errors.ts";
import { serveIsolate } from "../isolate.ts";
import { openPortStream } from "../port_stream.ts";
import type { SampleApi } from "./sample_api.ts";

const failures: Record<string, () => unknown> = {
  usage: () => new UsageError("bad-arguments", "Bad", { hint: "Do better" }),
  environment: () =>
    Object.assign(new EnvironmentError("file-system", "Odd"), {
      detail: "more\nlines",
    }),
  build: () => new BuildFailedError("build-failed", "Red"),
  limit: () =>
    new LimitExceededError("log-limit", "Too much", {
      record: { limit: "log", allowed: 10, measured: 12.5 },
    }),
  "limit without record": () => new LimitExceededError("log-limit", "Too much"),
  interrupted: () => new InterruptedError(),
  base: () => new ContractorError("network-violation", 5, "Forbidden"),
  invented: () => new EnvironmentError("made-up" as never, "Made up"),
  "invented base": () => new ContractorError("made-up", 0 as never, "Made up"),
  mistake: () => new TypeError("a mistake"),
  text: () => "text",
};

// Late on purpose: what is called before must not be lost.
await new Promise((resolve) => setTimeout(resolve, 20));

serveIsolate<SampleApi>({
  add: ({ left, right }) => Promise.resolve(left + right),
  async count({ to }, { emit }) {
    for (let n = 1; n <= to; n++) {
      emit(n);
      await Promise.resolve();
    }
    return "done";
  },
  async countHeard({ to }, { emit }) {
    for (let n = 1; n <= to; n++) await emit(n);
  },
  fail: ({ how }) => Promise.reject(failures[how]?.()),
  async wait(_params, { signal, emit }) {
    emit("waiting");
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    throw signal.reason;
  },
  read: ({ path }) => Deno.readTextFile(path),
  crash({ how }) {
    if (how === "throw") {
      setTimeout(() => {
        throw new Error("out of order");
      });
    } else Promise.reject(new Error("out of order"));
    return new Promise(() => {});
  },
  echo({ port }, { transfer }) {
    const stream = openPortStream(port);
    const handed = new MessageChannel();
    stream.readable.pipeTo(openPortStream(handed.port1).writable)
      .catch(() => {});
    stream.writable.close();
    transfer(handed.port2);
    return Promise.resolve({ port: handed.port2 });
  },
  async drain({ port }) {
    const stream = openPortStream(port);
    stream.writable.close();
    let bytes = 0;
    for await (const chunk of stream.readable) bytes += chunk.length;
    return bytes;
  },
});
