import assert from "node:assert/strict";
import { runTarget } from "./run_target.ts";
import { bytesOf } from "./target.ts";

const planted = import.meta.resolve("./testdata/planted_faults.ts");
const rare = import.meta.resolve("./testdata/rare_fault.ts");

function run(input: string) {
  const isHanging = /^[hw]/.test(input);
  return runTarget({
    module: planted,
    corpus: [bytesOf("d"), bytesOf(input)],
    seed: 1,
    deadline: 0,
    executions: 0,
    inputSeconds: isHanging ? 1 : 60,
    growthBytes: 512 * 1024 ** 2,
  });
}

Deno.test("a target without a fault runs to its end", async () => {
  const { executions, failure } = await run("d");
  assert.equal(failure, undefined);
  assert.equal(executions, 2);
});

const faults = {
  u: /TypeError: It is undeclared/,
  h: /takes longer than 1 s/,
  w: /takes longer than 1 s/,
  m: /grew by \d+ bytes/,
  r: /It is lost/,
};
for (const [letter, says] of Object.entries(faults)) {
  Deno.test(`a fault is found with its input: ${letter}`, async () => {
    const { failure } = await run(`${letter}-input`);
    assert.ok(failure !== undefined);
    assert.match(failure.message, says);
    assert.deepEqual(failure.input, bytesOf(`${letter}-input`));
  });
}

Deno.test("changes find what neither corpus nor structure has", async () => {
  const options = {
    module: rare,
    corpus: [bytesOf("corpus")],
    deadline: Infinity,
    executions: 100_000,
  };
  const first = await runTarget({ ...options, seed: 7 });
  assert.match(first.failure?.message ?? "", /It is evil/);
  const again = await runTarget({ ...options, seed: 7 });
  assert.equal(again.executions, first.executions);
  assert.deepEqual(again.failure?.input, first.failure?.input);
});
