import assert from "node:assert/strict";
import { ExitCode, LimitExceededError } from "../../shared/errors.ts";
import { BuildLog } from "./build_log.ts";
import { inTemporaryDirectory } from "../testing/trees.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** Runs a test with a log; `saved` reads its file, `told` what it handed on. */
function withLog(
  limit: number,
  test: (
    log: BuildLog,
    seen: { told: string[]; saved: () => string },
  ) => Promise<void>,
): Promise<void> {
  return inTemporaryDirectory(async (directory) => {
    const path = `${directory}/log.txt`;
    Deno.writeTextFileSync(path, "left by another build\n".repeat(100));
    const told: string[] = [];
    const log = new BuildLog(path, limit, (text) => told.push(text));
    try {
      await test(log, { told, saved: () => Deno.readTextFileSync(path) });
    } finally {
      log.close();
    }
  });
}

const tooMuch = (measured: number) => (error: unknown) => {
  assert.ok(error instanceof LimitExceededError, String(error));
  assert.equal(error.code, "log-limit");
  assert.equal(error.exitCode, ExitCode.limitExceeded);
  assert.deepEqual(error.record, { limit: "log", allowed: 8, measured });
  return true;
};

Deno.test("a log keeps lines without colours and hands them on with them", () =>
  withLog(1000, async (log, { told, saved }) => {
    await log.write(encode("\x1b[32mgreen\x1b[0m\nha"));
    await log.write(encode("lf\n\x1b[2J"));
    assert.equal(saved(), "green\nhalf\n");
    assert.deepEqual(told, ["\x1b[32mgreen\x1b[0m\n", "half\n"]);
    await log.endStep();
    assert.equal(saved(), "green\nhalf\n\\x1b[2J\n");
    assert.equal(log.bytes, 24);
  }));

Deno.test("each step of a log begins with a line of its own", () =>
  withLog(1000, async (log, { told, saved }) => {
    await log.write(new Uint8Array([0x61, 0xc3]));
    await log.endStep();
    await log.write(encode("b\n"));
    await log.endStep();
    assert.equal(saved(), "a\ufffd\nb\n");
    assert.deepEqual(told, ["a\ufffd\n", "b\n"]);
  }));

Deno.test("a log may be as long as its limit", () =>
  withLog(8, async (log, { saved }) => {
    await log.write(encode("123\n"));
    await log.write(encode("567\n"));
    assert.equal(saved(), "123\n567\n");
  }));

Deno.test("a log that is too long ends, and what fits is kept", () =>
  withLog(8, async (log, { saved }) => {
    await log.write(encode("123\n"));
    await assert.rejects(log.write(encode("56789")), tooMuch(9));
    await log.endStep();
    assert.equal(saved(), "123\n5678\n");
    assert.equal(log.bytes, 9);
  }));

Deno.test("a log of control characters does not grow beyond twice its limit", () =>
  withLog(8, async (log) => {
    await log.write(encode("\x07\x07\x07\n"));
    await assert.rejects(log.write(encode("\x07\x07\n")), tooMuch(22));
  }));

Deno.test("nothing is added to a log that was too long", () =>
  withLog(8, async (log, { saved }) => {
    await assert.rejects(log.write(encode("1234567\n9")), tooMuch(9));
    await assert.rejects(log.write(encode("more\nand more\n")), tooMuch(23));
    await log.endStep();
    assert.equal(saved(), "1234567\n");
  }));

Deno.test("a log that cannot be saved fails", () => {
  const log = new BuildLog("/dev/full", 1000, () => assert.fail("Handed on"));
  return assert.rejects(log.write(encode("line\n")), {
    code: "disk-full",
    message: 'Cannot write "/dev/full": no space left on the disk',
  }).finally(() => log.close());
});
