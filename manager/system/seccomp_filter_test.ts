import assert from "node:assert/strict";
import {
  code,
  INSTRUCTION_BYTES,
  seccompFilter,
  verdict,
} from "./seccomp_filter.ts";

const X86_64 = 0xc000003e;
const I386 = 0x40000003;
const THREAD = 0x3d0f00;

interface Call {
  number: number;
  architecture?: number;
  first?: number;
}

/** What the kernel would answer: a machine for classic BPF. */
function run(filter: Uint8Array, call: Call): number {
  const { number, architecture = X86_64, first = 0 } = call;
  const data = new Map([[0, number], [4, architecture], [16, first]]);
  const view = new DataView(filter.buffer);
  let accumulator = 0;
  for (let at = 0; at < filter.length; at += INSTRUCTION_BYTES) {
    const operand = view.getUint32(at + 4, true);
    const jump = (holds: boolean) => {
      at += view.getUint8(at + (holds ? 2 : 3)) * INSTRUCTION_BYTES;
    };
    switch (view.getUint16(at, true)) {
      case code.load:
        accumulator = data.get(operand)!;
        break;
      case code.jumpIfEqual:
        jump(accumulator === operand);
        break;
      case code.jumpIfAtLeast:
        jump(accumulator >= operand);
        break;
      case code.jumpIfAnySet:
        jump((accumulator & operand) !== 0);
        break;
      case code.answer:
        return operand;
    }
  }
  throw new Error("The filter has no answer");
}

const plain = seccompFilter({ sockets: false });
const withSockets = seccompFilter({ sockets: true });

const calls: Record<string, [Call, plain: number, withSockets?: number]> = {
  read: [{ number: 0 }, verdict.allow],
  open: [{ number: 257 }, verdict.allow],
  "execve, for the program itself": [{ number: 59 }, verdict.allow],
  "a thread": [{ number: 56, first: THREAD }, verdict.allow],
  "a process": [{ number: 56, first: 17 }, verdict.fail(1)],
  fork: [{ number: 57 }, verdict.fail(1)],
  vfork: [{ number: 58 }, verdict.fail(1)],
  "clone3, instead of which clone is used": [
    { number: 435 },
    verdict.fail(38),
  ],
  socket: [{ number: 41 }, verdict.fail(1), verdict.allow],
  socketpair: [{ number: 53 }, verdict.fail(1), verdict.allow],
  kill: [{ number: 62 }, verdict.fail(1)],
  ptrace: [{ number: 101 }, verdict.fail(1)],
  mount: [{ number: 165 }, verdict.fail(1)],
  unshare: [{ number: 272 }, verdict.fail(1)],
  bpf: [{ number: 321 }, verdict.fail(1)],
  io_uring_setup: [{ number: 425 }, verdict.fail(1)],
  "a call of x32": [{ number: 0x40000000 }, verdict.kill],
  "a call of 32 bits": [{ number: 3, architecture: I386 }, verdict.kill],
};

for (
  const [title, [call, expected, other = expected]] of Object.entries(calls)
) {
  Deno.test(`the filter's answer to ${title}`, () => {
    assert.equal(run(plain, call), expected);
    assert.equal(run(withSockets, call), other);
  });
}

Deno.test("every call gets an answer of the three", () => {
  const answers = new Set([
    ...[verdict.allow, verdict.kill, verdict.fail(1), verdict.fail(38)],
  ]);
  for (let number = 0; number < 1024; number++) {
    assert.ok(answers.has(run(plain, { number })));
  }
  assert.ok(plain.length / INSTRUCTION_BYTES <= 4096, "as the kernel takes it");
});
