import assert from "node:assert/strict";
import {
  countTests,
  findSlowest,
  formatResults,
  parseJunit,
  parseParts,
  type Part,
} from "./results.ts";

const junit = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="6" failures="2" errors="0" time="1.470">
    <testsuite name="./a_test.ts" tests="6" disabled="1" errors="0" failures="2">
        <testcase name="a &gt; &quot;b&quot;" classname="./a_test.ts" time="0.226" line="1" col="6">
            <failure message="1 test step failed">1 test step failed.</failure>
        </testcase>
        <testcase name="ig" classname="./a_test.ts" time="0.000" line="2" col="11">
            <skipped/>
        </testcase>
        <testcase name="time=&quot;9&quot;" classname="./a_test.ts" time="1.236" line="3" col="6">
        </testcase>
        <testcase name="a &gt; &quot;b&quot; &gt; s1" classname="./a_test.ts" time="0.001" line="1" col="47">
        </testcase>
        <testcase name="a &gt; &quot;b&quot; &gt; s2 &lt;&amp;&apos;" classname="./a_test.ts" time="0.221" line="1" col="116">
            <failure message="Uncaught Error: x &amp; y">Error: x &amp; y
    at &lt;testcase name="z"</failure>
        </testcase>
    </testsuite>
</testsuites>
`;

const file = "a_test.ts";

Deno.test("parseJunit() reads tests and steps, with their outcomes", () => {
  assert.deepEqual(parseJunit(junit), [
    { name: 'a > "b"', file, seconds: 0.226, outcome: "failed" },
    { name: "ig", file, seconds: 0, outcome: "skipped" },
    { name: 'time="9"', file, seconds: 1.236, outcome: "passed" },
    { name: 'a > "b" > s1', file, seconds: 0.001, outcome: "passed" },
    { name: `a > "b" > s2 <&'`, file, seconds: 0.221, outcome: "failed" },
  ]);
  assert.deepEqual(parseJunit("<testsuites>\n</testsuites>"), []);
});

Deno.test("parseParts() reads records and finds their tests", () => {
  const records =
    "section\t0\t3\tLint\tLint\nfile\t1\t65\ta_test_ts\ta_test.ts\n";
  const read: string[] = [];
  const parts = parseParts(records, (name) => {
    read.push(name);
    return [];
  });
  assert.deepEqual(parts, [
    { kind: "section", status: 0, seconds: 3, title: "Lint", tests: [] },
    { kind: "file", status: 1, seconds: 65, title: "a_test.ts", tests: [] },
  ]);
  assert.deepEqual(read, ["Lint", "a_test_ts"]);
});

function part(changes: Partial<Part>): Part {
  return {
    kind: "section",
    status: 0,
    seconds: 1,
    title: "Lint",
    tests: [],
    ...changes,
  };
}

const tests = parseJunit(junit);

Deno.test("countTests() counts what failed without a failing test", () => {
  const failing = part({ status: 1, tests });
  assert.deepEqual(countTests([failing]), { passed: 2, failed: 2 });
  const alone = part({ status: 1 });
  assert.deepEqual(countTests([failing, alone]), { passed: 2, failed: 3 });
  const all = part({ kind: "files", status: 123 });
  assert.deepEqual(countTests([all]), { passed: 0, failed: 1 });
  const one = part({ kind: "file", status: 1 });
  assert.deepEqual(countTests([one, all]), { passed: 0, failed: 1 });
});

Deno.test("findSlowest() tells of steps in place of their test", () => {
  assert.deepEqual(
    findSlowest([part({ tests })]).map(({ name }) => name),
    ['time="9"', `a > "b" > s2 <&'`, 'a > "b" > s1', "ig"],
  );
  const many = Array.from({ length: 30 }, (_, n) => ({
    ...{ name: `${n}`, file, seconds: n % 20, outcome: "passed" as const },
  }));
  const slowest = findSlowest([part({ tests: many })]);
  assert.deepEqual(
    slowest.map(({ seconds }) => seconds),
    [19, 18, 17, 16, 15, 14, 13, 12, 11, 10],
  );
});

Deno.test("formatResults() says what was not run", () => {
  const left = part({ kind: "left", seconds: 0, title: "c_test.ts" });
  assert.deepEqual(countTests([part({ tests }), left]), {
    passed: 2,
    failed: 2,
  });
  assert.match(
    formatResults([part({ tests }), left]),
    /\n\nNOT RUN for want of time:\n {2}c_test\.ts\n\n2 passed, 2 failed, 1 of the files not run$/,
  );
});

Deno.test("formatResults() lists times before the closing line", () => {
  const parts = [
    part({ seconds: 12 }),
    part({ kind: "file", title: file, status: 1, tests }),
    part({ kind: "file", title: "b_test.ts", seconds: 9 }),
  ];
  assert.equal(
    formatResults(parts),
    `Sections:
      12 s  Lint

End-to-end test files:
       9 s  b_test.ts
       1 s  a_test.ts: FAILED

Slowest tests:
     1.2 s  a_test.ts: time="9"
     0.2 s  a_test.ts: a > "b" > s2 <&'
     0.0 s  a_test.ts: a > "b" > s1
     0.0 s  a_test.ts: ig

2 passed, 2 failed`,
  );
});
