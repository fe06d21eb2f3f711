/**
 * The tar format, as far as the workspace needs it: blocks, headers (ustar and
 * GNU), pax records. Pure functions on bytes.
 *
 * We write GNU records for long names, which every tar understands, busybox's
 * included, and a pax record for the sub-second part of a time, which busybox
 * skips. tar-stream cannot write it so: with pax records its plain headers
 * lack the names.
 *
 * @module
 */

/** Tar counts in blocks of this many bytes. */
export const BLOCK = 512;

/** Bytes of a name that fit into a plain header. */
const NAME_FIELD = 100;

/** Largest size that 11 octal digits can hold. */
const MAX_OCTAL_SIZE = 0o77777777777;

/** A tar archive that breaks the format; the message says where. */
export class TarFormatError extends Error {
  override readonly name = "TarFormatError";
}

/** A header as it stands in its block; names are raw bytes. */
export interface RawHeader {
  name: Uint8Array;
  link: Uint8Array;
  mode: number;
  size: number;
  /** Seconds since 1970. */
  mtime: number;
  /** One character; `0` also for the NUL of ancient archives. */
  type: string;
}

/** What can be packed. */
export interface MemberToPack {
  path: string;
  kind: "file" | "directory" | "symlink";
  mode: number;
  size: number;
  /** Milliseconds since 1970. */
  mtime: number;
  /** Of a symlink. */
  target?: string;
}

const encoder = new TextEncoder();

/** Bytes that pad a body of `size` bytes to whole blocks. */
export function padding(size: number): number {
  return (BLOCK - size % BLOCK) % BLOCK;
}

/** Encodes all headers of a member; its body and padding follow. */
export function encodeHeaders(member: MemberToPack): Uint8Array {
  const directory = member.kind === "directory";
  const name = encoder.encode(directory ? `${member.path}/` : member.path);
  const link = encoder.encode(member.target ?? "");
  const blocks: Uint8Array[] = [];
  if (member.mtime % 1000 !== 0 || member.mtime < 0) {
    const record = paxRecord("mtime", (member.mtime / 1000).toFixed(3));
    blocks.push(extension("x", record));
  }
  if (name.length > NAME_FIELD) blocks.push(extension("L", terminated(name)));
  if (link.length > NAME_FIELD) blocks.push(extension("K", terminated(link)));
  blocks.push(encodeHeader({
    name: name.subarray(0, NAME_FIELD),
    link: link.subarray(0, NAME_FIELD),
    mode: member.mode & 0o777,
    size: member.kind === "file" ? member.size : 0,
    mtime: Math.max(0, Math.floor(member.mtime / 1000)),
    type: directory ? "5" : member.kind === "symlink" ? "2" : "0",
  }));
  return concatenate(blocks);
}

/** Encodes one header block. */
export function encodeHeader(header: RawHeader): Uint8Array {
  const block = new Uint8Array(BLOCK);
  block.set(header.name, 0);
  writeText(block, 100, octal(header.mode, 7));
  writeText(block, 108, octal(0, 7));
  writeText(block, 116, octal(0, 7));
  if (header.size <= MAX_OCTAL_SIZE) {
    writeText(block, 124, octal(header.size, 11));
  } else {
    writeBinary(block, 124, header.size);
  }
  writeText(block, 136, octal(header.mtime, 11));
  writeText(block, 156, header.type);
  block.set(header.link, 157);
  writeText(block, 257, "ustar\x0000");
  writeText(block, 148, `${octal(checksum(block), 6)}\0 `);
  return block;
}

/** Reads a header block; undefined for the block of zeros that ends a tar. */
export function parseHeader(block: Uint8Array): RawHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  if (parseNumber(block, 148, 8) !== checksum(block)) {
    throw new TarFormatError("a header has a wrong checksum");
  }
  const magic = text(block.subarray(257, 265));
  const ustar = magic.startsWith("ustar\0");
  if (!ustar && magic !== "ustar  \0") {
    throw new TarFormatError("a header is of an unknown format");
  }
  const prefix = ustar ? untilNul(block.subarray(345, 500)) : block.slice(0, 0);
  const name = untilNul(block.subarray(0, 100));
  return {
    name: prefix.length === 0
      ? name
      : concatenate([prefix, encoder.encode("/"), name]),
    link: untilNul(block.subarray(157, 257)),
    mode: parseNumber(block, 100, 8),
    size: parseNumber(block, 124, 12),
    mtime: parseNumber(block, 136, 12),
    type: block[156] === 0 ? "0" : String.fromCharCode(block[156]!),
  };
}

/** Reads the records of a pax header; keys and values are raw bytes' text. */
export function parsePax(body: Uint8Array): Map<string, Uint8Array> {
  const records = new Map<string, Uint8Array>();
  let offset = 0;
  while (offset < body.length) {
    const space = body.indexOf(0x20, offset);
    const digits = space < 0 ? "" : text(body.subarray(offset, space));
    const length = /^[1-9][0-9]{0,6}$/.test(digits) ? Number(digits) : 0;
    const end = offset + length;
    const equals = body.indexOf(0x3d, space);
    if (
      length === 0 || end > body.length || body[end - 1] !== 0x0a ||
      equals < 0 || equals >= end
    ) throw new TarFormatError("a pax header has a malformed record");
    const key = text(body.subarray(space + 1, equals));
    records.set(key, body.slice(equals + 1, end - 1));
    offset = end;
  }
  return records;
}

/** The bytes before the first NUL. */
export function untilNul(bytes: Uint8Array): Uint8Array {
  const nul = bytes.indexOf(0);
  return bytes.slice(0, nul < 0 ? bytes.length : nul);
}

/** One pax record, whose length counts itself. */
export function paxRecord(key: string, value: string): Uint8Array {
  const rest = encoder.encode(` ${key}=${value}\n`).length;
  let length = rest + 1;
  while (String(length).length + rest !== length) length++;
  return encoder.encode(`${length} ${key}=${value}\n`);
}

function extension(type: "x" | "L" | "K", body: Uint8Array): Uint8Array {
  const header = encodeHeader({
    name: encoder.encode(type === "x" ? "PaxHeader" : "././@LongLink"),
    link: new Uint8Array(0),
    mode: 0o644,
    size: body.length,
    mtime: 0,
    type,
  });
  return concatenate([header, body, new Uint8Array(padding(body.length))]);
}

function parseNumber(block: Uint8Array, start: number, length: number): number {
  const field = block.subarray(start, start + length);
  if (field[0] === 0x80 || field[0] === 0xff) return parseBinary(field);
  const digits = /^ *([0-7]*)[ \0]*$/.exec(text(field))?.[1];
  if (digits === undefined) {
    throw new TarFormatError("a header has a malformed number");
  }
  return digits === "" ? 0 : parseInt(digits, 8);
}

/** GNU's base 256: the first byte is the sign, the rest is big-endian. */
function parseBinary(field: Uint8Array): number {
  let value = field[0] === 0xff ? -1 : 0;
  for (const byte of field.subarray(1)) value = value * 256 + byte;
  if (!Number.isSafeInteger(value)) {
    throw new TarFormatError("a header has a number that is too large");
  }
  return value;
}

function writeBinary(block: Uint8Array, start: number, value: number) {
  let rest = value;
  for (let i = start + 11; i > start; i--) {
    block[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  block[start] = 0x80;
}

/** Sum of all bytes, the checksum field itself counting as spaces. */
function checksum(block: Uint8Array): number {
  let sum = 8 * 0x20;
  for (let i = 0; i < BLOCK; i++) {
    if (i < 148 || i >= 156) sum += block[i]!;
  }
  return sum;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}

function writeText(block: Uint8Array, start: number, value: string) {
  encoder.encodeInto(value, block.subarray(start));
}

/** Latin-1, one character a byte: for fields that should be ASCII. */
function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 1024));
}

function terminated(bytes: Uint8Array): Uint8Array {
  return concatenate([bytes, new Uint8Array(1)]);
}

function concatenate(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
