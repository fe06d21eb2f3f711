/**
 * Composes a filter of system calls for programs that read hostile bytes.
 *
 * Refused is what such a program has no use for and an intruder would: other
 * processes, sockets, file systems, the kernel's rarer parts. Whatever of these
 * a program tries fails with EPERM.
 *
 * @module
 */

/** Numbers of x86-64 (arch/x86/entry/syscalls/syscall_64.tbl in Linux). */
const refused = {
  processes: [
    ...[57, 58, 322], // fork, vfork, execveat
    ...[62, 129, 200, 234, 297, 424], // kill and its kin
    ...[101, 310, 311, 312, 440], // ptrace, process_vm_*, kcmp, process_madvise
    ...[434, 438], // pidfd_open, pidfd_getfd
    ...[240, 29, 64, 68], // mq_open, shmget, semget, msgget
  ],
  files: [
    ...[133, 259], // mknod, mknodat
    ...[155, 161, 165, 166], // pivot_root, chroot, mount, umount2
    ...[428, 429, 430, 431, 432, 433, 442], // the newer kin of mount
    ...[179, 443, 300, 303, 304], // quotactl, fanotify_init, file handles
  ],
  kernel: [
    ...[272, 308], // unshare, setns
    ...[175, 176, 313, 246, 320, 169], // modules, kexec, reboot
    ...[163, 167, 168, 103, 153], // acct, swapon, swapoff, syslog, vhangup
    ...[248, 249, 250], // keys
    ...[298, 321, 323], // perf_event_open, bpf, userfaultfd
    ...[425, 426, 427], // io_uring
    ...[135, 154, 172, 173], // personality, modify_ldt, iopl, ioperm
    ...[134, 136, 139, 156, 180, 212], // long obsolete
    ...[159, 164, 170, 171, 227, 305], // clocks, names of the machine
    ...[319, 447], // memfd_create, memfd_secret
  ],
  sockets: [41, 53], // socket, socketpair
} as const;

const CLONE = 56;
const CLONE_THREAD = 0x10000;
/** Its flags are out of a filter's sight; a C library then uses clone. */
const CLONE_3 = 435;
/** Numbers from here on are those of x32. */
const X32 = 0x40000000;

const EPERM = 1;
const ENOSYS = 38;

/** AUDIT_ARCH_X86_64 */
const ARCHITECTURE = 0xc000003e;

/** Where struct seccomp_data has its parts. */
const data = { number: 0, architecture: 4, firstArgument: 16 } as const;

/** Codes of classic BPF, as seccomp(2) takes it. */
export const code = {
  load: 0x20,
  jumpIfEqual: 0x15,
  jumpIfAtLeast: 0x35,
  jumpIfAnySet: 0x45,
  answer: 0x06,
} as const;

/** Answers of a filter. */
export const verdict = {
  kill: 0x80000000,
  allow: 0x7fff0000,
  fail: (error: number) => 0x00050000 | error,
} as const;

type Instruction = readonly [
  code: number,
  ifTrue: number,
  ifFalse: number,
  operand: number,
];

/** Bytes of an instruction, struct sock_filter. */
export const INSTRUCTION_BYTES = 8;

/**
 * The filter as setpriv(1) reads it: an array of struct sock_filter.
 *
 * @param options whether the program may have sockets
 */
export function seccompFilter(options: { sockets: boolean }): Uint8Array {
  const numbers = [
    ...refused.processes,
    ...refused.files,
    ...refused.kernel,
    ...(options.sockets ? [] : refused.sockets),
  ];
  return encode([
    [code.load, 0, 0, data.architecture],
    [code.jumpIfEqual, 1, 0, ARCHITECTURE],
    [code.answer, 0, 0, verdict.kill],
    [code.load, 0, 0, data.number],
    [code.jumpIfAtLeast, 0, 1, X32],
    [code.answer, 0, 0, verdict.kill],
    ...numbers.flatMap((number) => failing(number, EPERM)),
    ...failing(CLONE_3, ENOSYS),
    // Threads, but no processes.
    [code.jumpIfEqual, 0, 3, CLONE],
    [code.load, 0, 0, data.firstArgument],
    [code.jumpIfAnySet, 1, 0, CLONE_THREAD],
    [code.answer, 0, 0, verdict.fail(EPERM)],
    [code.answer, 0, 0, verdict.allow],
  ]);
}

function failing(number: number, error: number): Instruction[] {
  return [
    [code.jumpIfEqual, 0, 1, number],
    [code.answer, 0, 0, verdict.fail(error)],
  ];
}

function encode(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * INSTRUCTION_BYTES);
  const view = new DataView(bytes.buffer);
  program.forEach(([operation, ifTrue, ifFalse, operand], index) => {
    const at = index * INSTRUCTION_BYTES;
    view.setUint16(at, operation, true);
    view.setUint8(at + 2, ifTrue);
    view.setUint8(at + 3, ifFalse);
    view.setUint32(at + 4, operand, true);
  });
  return bytes;
}
