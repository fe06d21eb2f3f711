/**
 * Checks every HTTP/1.0 and HTTP/1.1 request of a connection (RFC 9112): each
 * must ask for the declared host, and nothing may stand where servers could see
 * another request than is seen here.
 *
 * Stricter than the RFC: lines end with CR LF; there is exactly one Host, in
 * HTTP/1.0, too; a body has either one Content-Length or the transfer coding
 * `chunked`, in lower case, without extensions; no empty line before a request;
 * no CONNECT. After an upgrade, what follows must still be HTTP/1.1, so that no
 * other protocol can be switched to. No body, and no chunk, begins with what a
 * server that skips no body would take for a request.
 *
 * A request's head goes once it is complete and checked, its body as it comes.
 *
 * @module
 */

import { BodyStart } from "./body_start.ts";
import { parseField } from "./http_field.ts";
import { findLineEnd, type LineBytes, lookOnFrom } from "./http_lines.ts";
import {
  type Body,
  HttpRequestHead,
  MAX_FIELDS,
  parseNumber,
} from "./http_request_head.ts";
import { decodeLatin1 } from "./latin1.ts";
import {
  type InspectionStep,
  type Objection,
  type ProtocolCheck,
  WRONG_PROTOCOL,
} from "./protocol_step.ts";

/** A head, and a body's trailers, at most. */
export const MAX_HEAD_BYTES = 64 * 1024;

/** A chunk's size. No extensions: servers disagree about where they end. */
const CHUNK_SIZE = /^[0-9A-Fa-f]{1,14}$/;
const MAX_CHUNK_LINE_BYTES = 14 + "\r\n".length;
/** What would change how the message was read, or whom it was sent to. */
const NOT_IN_TRAILERS = ["host", "content-length", "transfer-encoding"];

/** Which lines are read. */
type Part = "head" | "chunk-line" | "chunk-end" | "trailers";

/** The check of an HTTP client's requests. */
export class HttpRequestsCheck implements ProtocolCheck {
  readonly #host: string;
  readonly #port: number;
  #part: Part = "head";
  #head: HttpRequestHead;
  #trailers = 0;
  /** Bytes of the body, or of its chunk, still to come before `#part`. */
  #dataLeft = 0;
  /** Set until it is known how the data begins. */
  #dataStart: BodyStart | undefined;
  #lineStart = 0;
  #scanned = 0;
  #isBetweenRequests = true;

  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
    this.#head = new HttpRequestHead(host, port);
  }

  step(bytes: Uint8Array): InspectionStep {
    if (this.#dataLeft > 0) return this.#passData(bytes);
    this.#isBetweenRequests = false;
    return this.#readLines(bytes);
  }

  mayEnd(): boolean {
    return this.#isBetweenRequests || this.#dataLeft > 0 ||
      this.#part !== "head";
  }

  #expectData(length: number): void {
    this.#dataLeft = length;
    this.#dataStart = new BodyStart();
  }

  #passData(bytes: Uint8Array): InspectionStep {
    const data = bytes.subarray(0, this.#dataLeft);
    const isWhole = data.length === this.#dataLeft;
    const found = this.#dataStart?.read(data, isWhole);
    if (found === "more") return "more";
    if (found === "request") return WRONG_PROTOCOL;
    this.#dataStart = undefined;
    this.#dataLeft -= data.length;
    return data.length;
  }

  #readLines(bytes: Uint8Array): InspectionStep {
    const limit = this.#part === "chunk-line"
      ? MAX_CHUNK_LINE_BYTES
      : MAX_HEAD_BYTES;
    while (true) {
      const end = findLineEnd(bytes, this.#scanned, this.#lineBytes());
      if (end === "bad") return WRONG_PROTOCOL;
      this.#scanned = end === "more" ? lookOnFrom(bytes) : end + 2;
      if (this.#scanned > limit) return WRONG_PROTOCOL;
      if (end === "more") return "more";
      const line = decodeLatin1(bytes.subarray(this.#lineStart, end));
      this.#lineStart = this.#scanned;
      const taken = this.#takeLine(line);
      if (taken === "go-on") continue;
      if (taken !== "complete") return taken;
      const complete = this.#scanned;
      this.#lineStart = this.#scanned = 0;
      return complete;
    }
  }

  /** Only the values of fields may have bytes beyond ASCII. */
  #lineBytes(): LineBytes {
    const isField = this.#part === "trailers" ||
      (this.#part === "head" && this.#lineStart > 0);
    return isField ? "any" : "ascii";
  }

  #takeLine(line: string): "go-on" | "complete" | Objection {
    switch (this.#part) {
      case "head":
        return line === "" ? this.#endHead() : this.#head.take(line) ?? "go-on";
      case "chunk-line":
        return this.#takeChunkLine(line);
      case "chunk-end":
        if (line !== "") return WRONG_PROTOCOL;
        this.#part = "chunk-line";
        return "complete";
      case "trailers":
        return line === "" ? this.#endRequest() : this.#takeTrailer(line);
    }
  }

  #endHead(): "complete" | Objection {
    const body: Body | Objection = this.#head.finish();
    if (typeof body === "object") return body;
    if (body === "chunked") {
      this.#part = "chunk-line";
      return "complete";
    }
    this.#expectData(body);
    return this.#endRequest();
  }

  #takeChunkLine(line: string): "complete" | Objection {
    const size = parseNumber(line, CHUNK_SIZE, 16);
    if (size === undefined) return WRONG_PROTOCOL;
    this.#expectData(size);
    this.#part = size === 0 ? "trailers" : "chunk-end";
    return "complete";
  }

  #takeTrailer(line: string): "go-on" | Objection {
    const field = parseField(line);
    const isGood = field !== undefined && ++this.#trailers <= MAX_FIELDS &&
      !NOT_IN_TRAILERS.includes(field.name);
    return isGood ? "go-on" : WRONG_PROTOCOL;
  }

  #endRequest(): "complete" {
    this.#part = "head";
    this.#head = new HttpRequestHead(this.#host, this.#port);
    this.#trailers = 0;
    this.#isBetweenRequests = true;
    return "complete";
  }
}
