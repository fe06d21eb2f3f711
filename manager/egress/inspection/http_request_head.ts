/**
 * Checks the head of one HTTP request: its request line and its fields.
 *
 * @module
 */

import { judgeNames, showLatin1 } from "./claimed_name.ts";
import { parseField } from "./http_field.ts";
import { type Objection, WRONG_PROTOCOL } from "./protocol_step.ts";

/** Fields of a request, at most. */
export const MAX_FIELDS = 200;

/** How the body is delimited: its length in bytes, or by chunks. */
export type Body = number | "chunked";

const REQUEST_LINE =
  /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e]+) HTTP\/1\.([01])$/;
/** Without zeros in front: some read those as octal. */
const CONTENT_LENGTH = /^(?:0|[1-9][0-9]{0,15})$/;
const ABSOLUTE_FORM = /^http:\/\/([^/?#]*)/i;

/** Takes the lines of a head one by one. */
export class HttpRequestHead {
  readonly #host: string;
  readonly #port: number;
  #minorVersion: number | undefined;
  #fields = 0;
  #asksForUpgrade = false;
  readonly #hosts: string[] = [];
  readonly #lengths: string[] = [];
  readonly #codings: string[] = [];

  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
  }

  /** Checks the next line, one character per byte, not the empty one. */
  take(line: string): Objection | undefined {
    return this.#minorVersion === undefined
      ? this.#takeRequestLine(line)
      : this.#takeField(line);
  }

  /** Checks the whole after its last line; tells what body follows. */
  finish(): Body | Objection {
    if (this.#minorVersion === undefined) return WRONG_PROTOCOL;
    const body = this.#body();
    // A server that upgrades at once would read the body as another protocol.
    if (this.#asksForUpgrade && body !== 0) return WRONG_PROTOCOL;
    return judgeNames(this.#hosts, this.#host, this.#port) ?? body;
  }

  #takeRequestLine(line: string): Objection | undefined {
    const match = REQUEST_LINE.exec(line);
    if (match === null) return WRONG_PROTOCOL;
    const [, method, target, minorVersion] = match as string[];
    this.#minorVersion = Number(minorVersion);
    return this.#judgeTarget(method!, target!);
  }

  #judgeTarget(method: string, target: string): Objection | undefined {
    if (method === "CONNECT") {
      return { ...WRONG_PROTOCOL, claimed: showLatin1(target) };
    }
    if (target.startsWith("/")) return undefined;
    if (target === "*" && method === "OPTIONS") return undefined;
    const authority = ABSOLUTE_FORM.exec(target)?.[1];
    if (authority === undefined) return WRONG_PROTOCOL;
    return judgeNames([authority], this.#host, this.#port);
  }

  #takeField(line: string): Objection | undefined {
    const field = parseField(line);
    if (field === undefined || ++this.#fields > MAX_FIELDS) {
      return WRONG_PROTOCOL;
    }
    const { name, value } = field;
    if (name === "host") this.#hosts.push(value);
    if (name === "upgrade") this.#asksForUpgrade = true;
    if (name === "content-length") this.#lengths.push(value);
    if (name === "transfer-encoding") this.#codings.push(value);
    return undefined;
  }

  #body(): Body | Objection {
    if (this.#lengths.length + this.#codings.length > 1) return WRONG_PROTOCOL;
    const [coding] = this.#codings;
    if (coding !== undefined) {
      const isKnown = coding === "chunked" && this.#minorVersion === 1;
      return isKnown ? "chunked" : WRONG_PROTOCOL;
    }
    const [length] = this.#lengths;
    if (length === undefined) return 0;
    return parseNumber(length, CONTENT_LENGTH, 10) ?? WRONG_PROTOCOL;
  }
}

/** A number that is exact; undefined for anything else. */
export function parseNumber(
  text: string,
  pattern: RegExp,
  radix: number,
): number | undefined {
  if (!pattern.test(text)) return undefined;
  const number = parseInt(text, radix);
  return Number.isSafeInteger(number) ? number : undefined;
}
