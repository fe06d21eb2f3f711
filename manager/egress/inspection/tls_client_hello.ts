/**
 * Checks that a client starts TLS with a ClientHello that asks for the declared
 * name (RFC 8446, RFC 6066).
 *
 * Nothing goes to the server before the whole hello was checked. A hello with
 * an encrypted client hello (RFC 9849), or an encrypted server name as in the
 * drafts before it, is refused whatever else it says: the name inside of it
 * counts for the server, and cannot be read here.
 *
 * A TLS 1.3 server may ask for a second hello (RFC 8446, section 4.1.4), which
 * could carry another name. So after a hello that offers TLS 1.3, records go as
 * they come until one shows that no second hello can follow; a second hello
 * must be as good as the first. Whatever is encrypted, such as the renegotiation
 * of TLS 1.2, cannot be checked.
 *
 * @module
 */

import { judgeNames, showLatin1 } from "./claimed_name.ts";
import { type ClientHello, parseClientHello } from "./client_hello.ts";
import {
  type InspectionStep,
  type Objection,
  type ProtocolCheck,
  WRONG_PROTOCOL,
} from "./protocol_step.ts";
import { type NoHello, TlsHelloReader } from "./tls_hello_reader.ts";

const RECORD_HEADER_LENGTH = 5;
const MAJOR_VERSION = 3;
const HANDSHAKE = 22;
const APPLICATION_DATA = 23;

const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;

/** The check of a TLS client's hellos. */
export class TlsClientHelloCheck implements ProtocolCheck {
  readonly #host: string;
  #first: ClientHello | undefined;
  #hello: TlsHelloReader | undefined = new TlsHelloReader();
  /** Bytes of the current record, after the first hello, still to come. */
  #recordLeft = 0;

  constructor(host: string) {
    this.#host = host;
  }

  step(bytes: Uint8Array): InspectionStep {
    if (this.#hello !== undefined) return this.#readHello(this.#hello, bytes);
    if (this.#recordLeft > 0) return this.#passRecord(bytes);
    return this.#startRecord(bytes);
  }

  mayEnd(): boolean {
    return this.#first !== undefined;
  }

  #readHello(reader: TlsHelloReader, bytes: Uint8Array): InspectionStep {
    const read = reader.read(bytes);
    if (read === "more") return "more";
    if (typeof read === "string") return this.#judgeOther(read);
    const hello = parseClientHello(read.body);
    if (hello === undefined) return WRONG_PROTOCOL;
    const objection = judgeHello(hello, this.#host);
    if (objection !== undefined) return objection;
    // A server may ask for a second hello, but for no third one.
    const isSecond = this.#first !== undefined;
    if (isSecond || !hello.offersTls13) return "done";
    this.#first = hello;
    this.#hello = undefined;
    return read.end;
  }

  #judgeOther(found: NoHello): InspectionStep {
    if (this.#first === undefined) return WRONG_PROTOCOL;
    // What is encrypted already can look like the start of a hello.
    const noneFollows = found === "not-a-hello" ||
      (found === "interrupted" && !this.#first.sendsEarlyData);
    return noneFollows ? "done" : WRONG_PROTOCOL;
  }

  #startRecord(bytes: Uint8Array): InspectionStep {
    if ((bytes[1] ?? MAJOR_VERSION) !== MAJOR_VERSION) return WRONG_PROTOCOL;
    if (bytes.length < RECORD_HEADER_LENGTH) return "more";
    const type = bytes[0]!;
    if (type === HANDSHAKE) {
      this.#hello = new TlsHelloReader();
      return this.#readHello(this.#hello, bytes);
    }
    // Only early data can come before a second hello.
    if (type === APPLICATION_DATA && !this.#first!.sendsEarlyData) {
      return "done";
    }
    this.#recordLeft = bytes[3]! << 8 | bytes[4]!;
    return RECORD_HEADER_LENGTH;
  }

  #passRecord(bytes: Uint8Array): number {
    const passed = Math.min(this.#recordLeft, bytes.length);
    this.#recordLeft -= passed;
    return passed;
  }
}

function judgeHello(hello: ClientHello, host: string): Objection | undefined {
  const { serverNames, hidesName } = hello;
  if (hidesName) {
    const [name] = serverNames;
    return {
      refusal: "name-hidden",
      claimed: name === undefined ? null : showLatin1(name),
    };
  }
  // RFC 6066, section 3: a literal address is no server name.
  if (serverNames.length === 0 && IPV4.test(host)) return undefined;
  return judgeNames(serverNames, host);
}
