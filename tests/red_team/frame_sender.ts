/**
 * A program for the worker that sends the frame on its standard input, as it
 * is, out of the first network card. The tiny worker has nothing that can.
 *
 * @module
 */

const BASE = 0x400000;
const ELF_HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;

const u16 = (value: number) => [value & 0xff, value >> 8 & 0xff];
const u32 = (value: number) => [...u16(value & 0xffff), ...u16(value >>> 16)];
const u64 = (value: number) => [...u32(value), ...u32(0)];

/** x86-64; comments are in Intel's notation. */
const code = [
  // socket(AF_PACKET, SOCK_RAW, 0)
  ...[0xbf, 0x11, 0, 0, 0], // mov edi, 17
  ...[0xbe, 0x03, 0, 0, 0], // mov esi, 3
  ...[0x31, 0xd2], // xor edx, edx
  ...[0xb8, 0x29, 0, 0, 0], // mov eax, 41
  ...[0x0f, 0x05], // syscall
  ...[0x89, 0xc3], // mov ebx, eax
  // read(0, buffer, 2048)
  ...[0x31, 0xff], // xor edi, edi
  ...[0x48, 0x8d, 0xb4, 0x24, 0, 0xf0, 0xff, 0xff], // lea rsi, [rsp-4096]
  ...[0xba, 0, 0x08, 0, 0], // mov edx, 2048
  ...[0x31, 0xc0], // xor eax, eax
  ...[0x0f, 0x05], // syscall
  // sendto(socket, buffer, length, 0, link, 20)
  ...[0x89, 0xdf], // mov edi, ebx
  ...[0x48, 0x8d, 0xb4, 0x24, 0, 0xf0, 0xff, 0xff], // lea rsi, [rsp-4096]
  ...[0x89, 0xc2], // mov edx, eax
  ...[0x45, 0x31, 0xd2], // xor r10d, r10d
  ...[0x4c, 0x8d, 0x05, 0x19, 0, 0, 0], // lea r8, [rip+link]
  ...[0x41, 0xb9, 0x14, 0, 0, 0], // mov r9d, 20
  ...[0xb8, 0x2c, 0, 0, 0], // mov eax, 44
  ...[0x0f, 0x05], // syscall
  // exit(sent < 0)
  ...[0x89, 0xc7], // mov edi, eax
  ...[0xc1, 0xef, 0x1f], // shr edi, 31
  ...[0xb8, 0x3c, 0, 0, 0], // mov eax, 60
  ...[0x0f, 0x05], // syscall
  // link: struct sockaddr_ll of the second interface, which comes after `lo`.
  ...[...u16(17), ...u16(0), ...u32(2), ...Array(12).fill(0)],
];

const size = ELF_HEADER_BYTES + PROGRAM_HEADER_BYTES + code.length;

/** A static executable for Linux on x86-64 (ELF-64, one loaded segment). */
export const frameSender: Uint8Array = Uint8Array.from([
  ...[0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, ...Array(8).fill(0)],
  ...[...u16(2), ...u16(62), ...u32(1)],
  ...u64(BASE + ELF_HEADER_BYTES + PROGRAM_HEADER_BYTES),
  ...[...u64(ELF_HEADER_BYTES), ...u64(0), ...u32(0)],
  ...[...u16(ELF_HEADER_BYTES), ...u16(PROGRAM_HEADER_BYTES), ...u16(1)],
  ...[...u16(0), ...u16(0), ...u16(0)],
  ...[...u32(1), ...u32(5), ...u64(0), ...u64(BASE), ...u64(BASE)],
  ...[...u64(size), ...u64(size), ...u64(0x1000)],
  ...code,
]);

/** Shell commands that send files of the source tree as frames. */
export function sendFrames(...files: string[]): string {
  return [
    "cp send_frame sender && chmod +x sender",
    ...files.map((file) => `sudo ./sender <${file}`),
  ].join("\n");
}
