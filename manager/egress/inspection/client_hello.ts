/**
 * Reads the ClientHello message of TLS.
 *
 * RFC 8446, section 4.1.2, and RFC 5246, section 7.4.1.2, for the message;
 * RFC 6066, section 3, for the server name; RFC 9849 for the encrypted client
 * hello, and draft-ietf-tls-esni-02 for the encrypted server name before it.
 *
 * @module
 */

import { decodeLatin1 } from "./latin1.ts";

/** What a client asks for, as far as it matters here. */
export interface ClientHello {
  /** Server names of type host_name, one character per byte. */
  serverNames: string[];
  /** Another name may be asked for, in a form that only the server can read. */
  hidesName: boolean;
  /** The server may answer in TLS 1.3, so ask for a second hello. */
  offersTls13: boolean;
  /** Data may follow before the server has answered. */
  sendsEarlyData: boolean;
}

const Extension = {
  serverName: 0,
  earlyData: 42,
  supportedVersions: 43,
} as const;

/**
 * An encrypted hello (RFC 9849) with the numbers of its drafts, and the
 * encrypted server name that came before it.
 */
const hidingExtensions = [
  ...[0xfe0d, 0xfe0c, 0xfe0b, 0xfe0a, 0xfe09, 0xfe08, 0xff02, 0xff03],
  0xffce,
];

const HOST_NAME = 0;
const TLS_1_3 = 0x0304;

/** Reads the body of the message; undefined if it is malformed. */
export function parseClientHello(body: Uint8Array): ClientHello | undefined {
  try {
    return readClientHello(new Reader(body));
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

class MalformedError extends Error {}

function readClientHello(reader: Reader): ClientHello {
  check(reader.number(2) >>> 8 === 3);
  reader.bytes(32); // Random
  check(reader.vector(1).length <= 32); // Session id
  const cipherSuites = reader.vector(2).length;
  check(cipherSuites >= 2 && cipherSuites % 2 === 0);
  check(reader.vector(1).length >= 1); // Compression methods
  const extensions = reader.atEnd
    ? new Map<number, Reader>()
    : readExtensions(reader.vector(2));
  check(reader.atEnd);
  const names = extensions.get(Extension.serverName);
  const versions = extensions.get(Extension.supportedVersions);
  return {
    serverNames: names === undefined ? [] : readServerNames(names),
    hidesName: hidingExtensions.some((type) => extensions.has(type)),
    offersTls13: versions !== undefined &&
      readVersions(versions).includes(TLS_1_3),
    sendsEarlyData: extensions.has(Extension.earlyData),
  };
}

function readExtensions(reader: Reader): Map<number, Reader> {
  const extensions = new Map<number, Reader>();
  while (!reader.atEnd) {
    const type = reader.number(2);
    check(!extensions.has(type));
    extensions.set(type, reader.vector(2));
  }
  return extensions;
}

function readServerNames(reader: Reader): string[] {
  const list = reader.vector(2);
  check(reader.atEnd && !list.atEnd);
  const names: string[] = [];
  while (!list.atEnd) {
    check(list.number(1) === HOST_NAME);
    const name = list.vector(2);
    check(!name.atEnd);
    names.push(decodeLatin1(name.bytes(name.length)));
  }
  return names;
}

function readVersions(reader: Reader): number[] {
  const list = reader.vector(1);
  check(reader.atEnd && !list.atEnd);
  const versions: number[] = [];
  while (!list.atEnd) versions.push(list.number(2));
  return versions;
}

function check(condition: boolean): void {
  if (!condition) throw new MalformedError();
}

/** Reads what RFC 8446, section 3, calls the presentation language. */
class Reader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get length(): number {
    return this.#bytes.length - this.#position;
  }

  get atEnd(): boolean {
    return this.length === 0;
  }

  bytes(length: number): Uint8Array {
    check(length <= this.length);
    const start = this.#position;
    this.#position += length;
    return this.#bytes.subarray(start, this.#position);
  }

  number(width: number): number {
    return this.bytes(width).reduce((value, byte) => value * 256 + byte, 0);
  }

  /** A vector, behind its length in so many bytes. */
  vector(lengthWidth: number): Reader {
    return new Reader(this.bytes(this.number(lengthWidth)));
  }
}
