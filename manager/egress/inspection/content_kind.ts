/**
 * Says what first bytes look like, for a report.
 *
 * @module
 */

import type { ContentKind } from "../../../src/shared/rpc/verdict.ts";
import { decodeLatin1 } from "./latin1.ts";

const LOOKED_AT = 1024;

const DNS_HEADER_LENGTH = 12;
const MAX_QUIC_ID_LENGTH = 20;

const REQUEST_START =
  /^(?:(?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PROPFIND|REPORT) [\x21-\x7e]|[!#$%&'*+.^_`|~0-9A-Za-z-]+ [\x21-\x7e]+ HTTP\/[0-9])/;
const PKT_LINE_START = /^[0-9a-f]{4}git-/;
// deno-lint-ignore no-control-regex -- control characters are what is not text
const NOT_TEXT = /[\x00-\x08\x0b\x0e-\x1f\x7f]/;

/** The protocol that the bytes seem to start; a guess, not a check. */
export function classifyContent(bytes: Uint8Array): ContentKind {
  if (bytes.length === 0) return "empty";
  const start = bytes.subarray(0, LOOKED_AT);
  const text = decodeLatin1(start);
  if (isTls(start)) return "tls";
  if (text.startsWith("SSH-")) return "ssh";
  if (text.startsWith("PRI * HTTP/2")) return "http2";
  if (PKT_LINE_START.test(text)) return "git";
  if (REQUEST_START.test(text)) return "http";
  if (isQuic(start)) return "quic";
  if (isDnsQuery(start) || isDnsQueryOverTcp(bytes)) return "dns";
  return isText(start, text) ? "text" : "binary";
}

/** A handshake record of SSL 3.0 or later. */
function isTls(bytes: Uint8Array): boolean {
  return bytes[0] === 22 && bytes[1] === 3 && (bytes[2] ?? 0) <= 4;
}

/** A long header (RFC 8999) of version 1, 2, a draft or a reserved one. */
function isQuic(bytes: Uint8Array): boolean {
  if (bytes.length < 7 || (bytes[0]! & 0xc0) !== 0xc0) return false;
  const version = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1);
  const known = version === 1 || version === 0x6b3343cf ||
    version >>> 8 === 0xff0000 ||
    (version & 0x0f0f0f0f) === 0x0a0a0a0a;
  return known && bytes[5]! <= MAX_QUIC_ID_LENGTH;
}

/** A standard query with one question and no answers. */
function isDnsQuery(bytes: Uint8Array): boolean {
  if (bytes.length <= DNS_HEADER_LENGTH) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const [questions, answers, authorities, additional] = [4, 6, 8, 10]
    .map((offset) => view.getUint16(offset));
  return (bytes[2]! & 0xfe) === 0 && (bytes[3]! & 0x4f) === 0 &&
    questions === 1 && answers === 0 && authorities === 0 && additional! <= 2;
}

function isDnsQueryOverTcp(bytes: Uint8Array): boolean {
  if (bytes.length < 2) return false;
  return (bytes[0]! << 8 | bytes[1]!) === bytes.length - 2 &&
    isDnsQuery(bytes.subarray(2));
}

function isText(bytes: Uint8Array, text: string): boolean {
  if (NOT_TEXT.test(text)) return false;
  try {
    // As a stream: the last character may be cut.
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
