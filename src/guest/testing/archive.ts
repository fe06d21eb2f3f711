/**
 * Builds archives for tests, valid or not, block by block.
 *
 * @module
 */

import {
  BLOCK,
  encodeHeader,
  padding,
  paxRecord,
  type RawHeader,
} from "../trees/tar_format.ts";

const encoder = new TextEncoder();
const bytesOf = (value: string | Uint8Array) =>
  typeof value === "string" ? encoder.encode(value) : value;

/** What a test may set in a header; names may be raw bytes. */
export type HeaderChanges =
  & Partial<Omit<RawHeader, "name" | "link">>
  & { name: string | Uint8Array; link?: string | Uint8Array };

/** A header and a body; the size is the body's unless it is given. */
export function member(
  changes: HeaderChanges,
  body: string | Uint8Array = "",
): Uint8Array {
  const content = bytesOf(body);
  const header = encodeHeader({
    mode: 0o644,
    mtime: 1_700_000_000,
    type: "0",
    size: content.length,
    ...changes,
    name: bytesOf(changes.name),
    link: bytesOf(changes.link ?? ""),
  });
  return join(header, content, new Uint8Array(padding(content.length)));
}

export function file(name: string, body = "content\n"): Uint8Array {
  return member({ name }, body);
}

export function directory(name: string): Uint8Array {
  return member({ name: `${name}/`, type: "5", mode: 0o755 });
}

export function symlink(name: string, link: string): Uint8Array {
  return member({ name, link, type: "2", mode: 0o777 });
}

/** A pax header with these records. */
export function pax(records: Record<string, string>, type = "x"): Uint8Array {
  const body = Object.entries(records).map(([k, v]) => paxRecord(k, v));
  return member({ name: "PaxHeader", type }, join(...body));
}

/** A GNU long name (`L`) or long link target (`K`). */
export function longName(name: string, type = "L"): Uint8Array {
  return member({ name: "././@LongLink", type }, `${name}\0`);
}

/** The end-of-archive mark. */
export function end(): Uint8Array {
  return new Uint8Array(2 * BLOCK);
}

/** Changes raw bytes of an archive; the checksum stays as it was. */
export function patch(
  archive: Uint8Array,
  offset: number,
  value: string | Uint8Array,
): Uint8Array {
  const patched = archive.slice();
  patched.set(bytesOf(value), offset);
  return patched;
}

/** Corrects the checksum of the header that the archive begins with. */
export function resum(archive: Uint8Array): Uint8Array {
  const blank = patch(archive, 148, "        ");
  const sum = blank.subarray(0, BLOCK).reduce((a, b) => a + b, 0);
  return patch(blank, 148, `${sum.toString(8).padStart(6, "0")}\0 `);
}

export function join(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
