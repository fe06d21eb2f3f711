/**
 * Puts a ClientHello together from TLS records.
 *
 * RFC 8446, section 5.1: a message may be spread over several records, but no
 * other record may come between them, and here nothing may share a record with
 * the hello.
 *
 * @module
 */

import { HeldBytes } from "./held_bytes.ts";

/** Records of a hello, with their headers, at most. */
export const MAX_HELLO_BYTES = 64 * 1024;

const RECORD_HEADER_LENGTH = 5;
const MAX_RECORD_LENGTH = 2 ** 14;
const HANDSHAKE = 22;
const APPLICATION_DATA = 23;
const MAJOR_VERSION = 3;
const MESSAGE_HEADER_LENGTH = 4;
const CLIENT_HELLO = 1;
/** First of three bytes of a hello's length: its vectors cannot hold more. */
const MAX_LENGTH_START = 2;

/** A whole hello: its message's body, and where its last record ends. */
export interface WholeHello {
  body: Uint8Array;
  end: number;
}

/**
 * Why there is no hello: another message; application data before the hello
 * was whole; or a record or message that is wrong in itself.
 */
export type NoHello = "not-a-hello" | "interrupted" | "malformed";

/** Reads one hello from bytes that grow. */
export class TlsHelloReader {
  readonly #message = new HeldBytes();
  #position = 0;
  #recordLeft = 0;

  /** Reads on; `bytes` starts with all the bytes of the call before. */
  read(bytes: Uint8Array): WholeHello | "more" | NoHello {
    while (true) {
      if (this.#position > MAX_HELLO_BYTES) return "malformed";
      if (this.#recordLeft === 0) {
        const header = this.#readRecordHeader(bytes);
        if (header !== "read") return header;
      }
      if (!this.#takeFragment(bytes)) return "more";
      const message = this.#message.bytes;
      if (!startsHello(message)) return "not-a-hello";
      if (message.length < MESSAGE_HEADER_LENGTH) continue;
      const length = MESSAGE_HEADER_LENGTH + readLength(message);
      if (message.length < length) continue;
      const endsWithRecord = message.length === length &&
        this.#recordLeft === 0 && this.#position <= MAX_HELLO_BYTES;
      if (!endsWithRecord) return "malformed";
      return {
        body: message.subarray(MESSAGE_HEADER_LENGTH),
        end: this.#position,
      };
    }
  }

  #readRecordHeader(
    bytes: Uint8Array,
  ): "read" | "more" | "interrupted" | "malformed" {
    const header = bytes.subarray(
      this.#position,
      this.#position + RECORD_HEADER_LENGTH,
    );
    const type = header[0] ?? HANDSHAKE;
    if (type === APPLICATION_DATA && this.#message.length > 0) {
      return "interrupted";
    }
    if (type !== HANDSHAKE) return "malformed";
    if ((header[1] ?? MAJOR_VERSION) !== MAJOR_VERSION) return "malformed";
    if (header.length < RECORD_HEADER_LENGTH) return "more";
    const length = header[3]! << 8 | header[4]!;
    if (length === 0 || length > MAX_RECORD_LENGTH) return "malformed";
    this.#position += RECORD_HEADER_LENGTH;
    this.#recordLeft = length;
    return "read";
  }

  /** False if there is nothing to take yet. */
  #takeFragment(bytes: Uint8Array): boolean {
    const fragment = bytes.subarray(
      this.#position,
      this.#position + this.#recordLeft,
    );
    this.#message.add(fragment);
    this.#position += fragment.length;
    this.#recordLeft -= fragment.length;
    return fragment.length > 0;
  }
}

/** Whether a handshake message can be a ClientHello, as far as it goes. */
function startsHello(message: Uint8Array): boolean {
  return (message[0] ?? CLIENT_HELLO) === CLIENT_HELLO &&
    (message[1] ?? 0) <= MAX_LENGTH_START;
}

/** The length of a message's body, in three bytes. */
function readLength(message: Uint8Array): number {
  return message[1]! << 16 | message[2]! << 8 | message[3]!;
}
