/**
 * Reads a tar archive from the start of a raw disk file, one member at a time.
 * The archive is hostile: everything that it makes us hold in memory is
 * bounded, and a name is given only if it is valid UTF-8.
 *
 * @module
 */

import {
  BLOCK,
  padding,
  parseHeader,
  parsePax,
  type RawHeader,
  TarFormatError,
  untilNul,
} from "./tar_format.ts";

/** Bytes read at once. */
const BUFFER_BYTES = 4 * 1024 ** 2;

/** Longest extension header: a name has 4 KiB, pax adds a few short records. */
export const MAX_EXTENSION_BYTES = 64 * 1024;

/** Global pax headers in a row; GNU tar writes none, git one. */
const MAX_GLOBAL_HEADERS = 4;

/** What a member is; `other` is what we know no name for. */
export type MemberKind =
  | "file"
  | "directory"
  | "symlink"
  | "hard link"
  | "device"
  | "FIFO"
  | "sparse file"
  | "other";

/** A member of an archive. */
export interface TarMember {
  kind: MemberKind;
  /** Undefined if it is not valid UTF-8. */
  name: string | undefined;
  /** What a link points to; undefined if it is not valid UTF-8. */
  target: string | undefined;
  mode: number;
  size: number;
  /** Seconds since 1970, with a fraction if the archive has one. */
  mtime: number;
}

/** Names and values that stand before a member and override its header. */
interface Extensions {
  name?: Uint8Array;
  link?: Uint8Array;
  pax?: Map<string, Uint8Array>;
}

const kinds: Record<string, MemberKind> = {
  "0": "file",
  "1": "hard link",
  "2": "symlink",
  "3": "device",
  "4": "device",
  "5": "directory",
  "6": "FIFO",
  "S": "sparse file",
};

/** What is read from: a file, say. */
export type ByteSource = Pick<Deno.FsFile, "read">;

/** A pull parser; throws {@linkcode TarFormatError} on a damaged archive. */
export class TarReader {
  readonly #file: ByteSource;
  readonly #buffer: Uint8Array;
  #start = 0;
  #end = 0;
  #bodyLeft = 0;
  #paddingLeft = 0;

  /**
   * @param file positioned at the archive's first byte
   * @param bufferBytes has to hold a block, and an extension header
   */
  constructor(file: ByteSource, bufferBytes = BUFFER_BYTES) {
    this.#file = file;
    this.#buffer = new Uint8Array(bufferBytes);
  }

  /** The next member; undefined at the end-of-archive mark. */
  async next(): Promise<TarMember | undefined> {
    await this.#skipBody();
    const extensions: Extensions = {};
    let globals = 0;
    while (true) {
      const header = parseHeader(await this.#takeBlock());
      if (header === undefined) {
        if (Object.keys(extensions).length > 0) {
          throw new TarFormatError("an extension header has no member");
        }
        return undefined;
      }
      if (header.type === "g") {
        if (++globals > MAX_GLOBAL_HEADERS) {
          throw new TarFormatError("it has too many global headers");
        }
        refuseGlobalOverrides(parsePax(await this.#takeExtension(header)));
      } else if (header.type === "x") {
        extensions.pax = once(
          extensions.pax,
          parsePax(await this.#takeExtension(header)),
        );
      } else if (header.type === "L") {
        const name = untilNul(await this.#takeExtension(header));
        extensions.name = once(extensions.name, name);
      } else if (header.type === "K") {
        const link = untilNul(await this.#takeExtension(header));
        extensions.link = once(extensions.link, link);
      } else {
        const member = toMember(header, extensions);
        this.#bodyLeft = member.size;
        this.#paddingLeft = padding(member.size);
        return member;
      }
    }
  }

  /**
   * The next piece of the current member's body, undefined at its end. The
   * bytes are valid until the next call.
   */
  async read(): Promise<Uint8Array | undefined> {
    if (this.#bodyLeft === 0) return undefined;
    if (this.#start === this.#end) await this.#fill();
    const length = Math.min(this.#bodyLeft, this.#end - this.#start);
    this.#bodyLeft -= length;
    return this.#take(length);
  }

  async #skipBody(): Promise<void> {
    this.#bodyLeft += this.#paddingLeft;
    this.#paddingLeft = 0;
    while (await this.read() !== undefined);
  }

  async #takeExtension(header: RawHeader): Promise<Uint8Array> {
    if (header.size > MAX_EXTENSION_BYTES) {
      throw new TarFormatError("an extension header is too large");
    }
    const padded = header.size + padding(header.size);
    while (this.#end - this.#start < padded) await this.#fill();
    return this.#take(padded).slice(0, header.size);
  }

  async #takeBlock(): Promise<Uint8Array> {
    while (this.#end - this.#start < BLOCK) await this.#fill();
    return this.#take(BLOCK);
  }

  #take(length: number): Uint8Array {
    const taken = this.#buffer.subarray(this.#start, this.#start + length);
    this.#start += length;
    return taken;
  }

  /** Reads more, after moving what is left to the buffer's start. */
  async #fill(): Promise<void> {
    this.#buffer.copyWithin(0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
    const count = await this.#file.read(this.#buffer.subarray(this.#end));
    if (!count) throw new TarFormatError("it is cut short");
    this.#end += count;
  }
}

function once<T>(before: T | undefined, value: T): T {
  if (before !== undefined) {
    throw new TarFormatError("a member has the same extension header twice");
  }
  return value;
}

function refuseGlobalOverrides(records: Map<string, Uint8Array>): void {
  for (const key of records.keys()) {
    if (/^(path|linkpath|size|mtime|GNU\.sparse\..*)$/.test(key)) {
      throw new TarFormatError("a global header changes all members");
    }
  }
}

function toMember(header: RawHeader, extensions: Extensions): TarMember {
  const pax = extensions.pax ?? new Map<string, Uint8Array>();
  const sparse = [...pax.keys()].some((key) => key.startsWith("GNU.sparse."));
  const kind = sparse ? "sparse file" : kinds[header.type] ?? "other";
  const size = paxNumber(pax.get("size"), /^[0-9]{1,15}$/) ?? header.size;
  const bodiless = kind === "directory" || kind === "symlink";
  if (size < 0 || (size > 0 && bodiless)) {
    throw new TarFormatError("a header has an impossible size");
  }
  return {
    kind,
    name: decode(pax.get("path") ?? extensions.name ?? header.name),
    target: decode(pax.get("linkpath") ?? extensions.link ?? header.link),
    mode: header.mode,
    size,
    mtime: paxNumber(pax.get("mtime"), /^-?[0-9]{1,15}(\.[0-9]*)?$/) ??
      header.mtime,
  };
}

function paxNumber(
  bytes: Uint8Array | undefined,
  pattern: RegExp,
): number | undefined {
  if (bytes === undefined) return undefined;
  const digits = bytes.length <= 40 ? decode(bytes) : undefined;
  if (digits === undefined || !pattern.test(digits)) {
    throw new TarFormatError("a pax header has a malformed number");
  }
  return Number(digits);
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
