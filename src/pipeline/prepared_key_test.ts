import assert from "node:assert/strict";
import { digestSchema } from "../shared/rpc/protocol.ts";
import { preparedKey } from "./prepared_key.ts";

const inputs = {
  imageDigest: "0".repeat(64),
  ansible: [{ hosts: "worker", tasks: [{ name: "one" }, { name: "two" }] }],
  network: undefined as unknown,
  learn: false,
  diskBytes: 20 * 1024 ** 3,
};

const key = (changes: Partial<typeof inputs> = {}) =>
  preparedKey({ ...inputs, ...changes });

Deno.test("a prepared worker's key is a digest that the agent takes", () => {
  assert.ok(digestSchema.safeParse(key()).success);
});

Deno.test("a prepared worker's key is the same for the same inputs", () => {
  assert.equal(key(), preparedKey(structuredClone(inputs)));
});

Deno.test("a prepared worker's key differs with each of the inputs", () => {
  const keys = [
    key(),
    key({ imageDigest: "1".repeat(64) }),
    key({ ansible: [{ hosts: "worker", tasks: [{ name: "one" }] }] }),
    key({ ansible: [] }),
    key({ network: [] }),
    key({ network: [{ host: "example.org", protocols: ["https"] }] }),
    key({ learn: true }),
    key({ diskBytes: inputs.diskBytes + 1 }),
  ];
  assert.equal(new Set(keys).size, keys.length);
});

Deno.test("a prepared worker's key depends on the order of the tasks", () => {
  const [play] = inputs.ansible;
  const tasks = play!.tasks.toReversed();
  assert.notEqual(key({ ansible: [{ ...play!, tasks }] }), key());
});
