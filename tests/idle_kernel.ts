/**
 * A kernel in a few instructions: it greets on the serial port and halts. It
 * makes a virtual machine that costs nothing, for tests of what is around it.
 *
 * @module
 */

export const IDLE_KERNEL_GREETING = "idle kernel\r\n";

const SECTOR_BYTES = 512;

/** The Linux boot protocol: one sector of boot code, one of set-up code. */
export function buildIdleKernel(): Uint8Array {
  const kernel = new Uint8Array(4 * SECTOR_BYTES);
  const view = new DataView(kernel.buffer);
  view.setUint8(0x1f1, 1); // sectors of set-up code
  view.setUint16(0x1fe, 0xaa55, true);
  view.setUint16(0x200, 0x66eb, true); // jump to 0x268
  kernel.set(new TextEncoder().encode("HdrS"), 0x202);
  view.setUint16(0x206, 0x0204, true); // version of the protocol
  view.setUint8(0x211, 1); // loaded high
  view.setUint32(0x22c, 0x7fffffff, true); // highest address of an initrd
  kernel.set(buildCode(), 0x268);
  return kernel;
}

/** Real-mode code: out to the first serial port, then halt for good. */
function buildCode(): number[] {
  const greeting = [...new TextEncoder().encode(IDLE_KERNEL_GREETING)];
  return [
    ...[0xba, 0xf8, 0x03], // mov dx, 0x3f8
    ...greeting.flatMap((byte) => [0xb0, byte, 0xee]), // mov al, byte; out dx, al
    ...[0xfa, 0xf4], // cli; hlt
    ...[0xeb, 0xfc], // jmp to the cli
  ];
}
