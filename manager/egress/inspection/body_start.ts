/**
 * Looks for a request where a body begins.
 *
 * A server that answers without reading a request's body, and keeps the
 * connection, takes the body for the next request: one that nobody checked.
 *
 * @module
 */

import { decodeLatin1 } from "./latin1.ts";

/** No server reads a longer request line; empty ones before it, some do. */
const MAX_LINE = 64 * 1024;

const TAB = 9;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const SPACE = 0x20;
const SLASH = 0x2f;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]$/;
const VERSION = "HTTP";
const SCHEME = /^https?:$/i;
const LONGEST_SCHEME = "https:".length;

/** Reads the first bytes of a body, or of a chunk. */
export class BodyStart {
  #position = 0;
  #methodAt: number | undefined;
  #methodEnd: number | undefined;
  #targetAt: number | undefined;

  /**
   * Reads on.
   *
   * @param data starts with all the bytes of the call before
   * @param isWhole whether no more will come
   */
  read(data: Uint8Array, isWhole: boolean): "more" | "no-request" | "request" {
    for (; this.#position < data.length; this.#position++) {
      if (this.#isTooLong) {
        return this.#methodAt === undefined ? "request" : "no-request";
      }
      const found = this.#take(data, data[this.#position]!);
      if (found !== "more") return found;
    }
    return isWhole ? "no-request" : "more";
  }

  /** Of the line, or of what stands before it: nobody sends so many blanks. */
  get #isTooLong(): boolean {
    return this.#position - (this.#methodAt ?? 0) >= MAX_LINE;
  }

  #take(data: Uint8Array, byte: number): "more" | "no-request" | "request" {
    if (this.#methodAt === undefined) {
      // Servers skip empty lines before a request, and some skip more.
      if (isBlank(byte) || byte === LINE_FEED) return "more";
      this.#methodAt = this.#position;
    }
    if (this.#methodEnd === undefined) {
      if (TOKEN.test(String.fromCharCode(byte))) return "more";
      const isMethod = isBlank(byte) && this.#position > this.#methodAt;
      if (!isMethod) return "no-request";
      this.#methodEnd = this.#position;
    }
    if (byte < SPACE && !isBlank(byte)) return "no-request";
    if (!isBlank(byte)) this.#targetAt ??= this.#position;
    return byte === SLASH && this.#isRequest(data) ? "request" : "more";
  }

  /** Judges by what stands before a slash. */
  #isRequest(data: Uint8Array): boolean {
    const at = this.#position;
    const before = (from: number) => decodeLatin1(data.subarray(from, at));
    const target = this.#targetAt!;
    if (target === at) {
      // HTTP/0.9 knows no version.
      const method = data.subarray(this.#methodAt, this.#methodEnd);
      return method.length === 3 && decodeLatin1(method) === "GET";
    }
    if (at - target <= LONGEST_SCHEME && SCHEME.test(before(target))) {
      return true;
    }
    return at - VERSION.length >= target &&
      before(at - VERSION.length).toUpperCase() === VERSION;
  }
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB || byte === CARRIAGE_RETURN;
}
