/**
 * Decides what a worker's DNS question is answered.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import dnsPacket from "dns-packet";
import { hostNameSchema } from "../../src/shared/network/egress_rule.ts";
import type { Refusal } from "../../src/shared/rpc/verdict.ts";

/** The address of a name that the worker may reach, or why it may not. */
export type Resolution = { address: string } | { refusal: Refusal };

/** What the answers are made of. */
export interface NameService {
  /** Finds the address of a lower-case name. */
  resolve(name: string): Promise<Resolution>;
  /** The name that has an address, for questions the other way round. */
  nameOf(address: string): string | undefined;
  /** Told of questions that are held against the worker. */
  onRefused(name: string, refusal: Refusal): void;
}

/** Seconds; a name keeps its address for the worker's life. */
const TTL_SECONDS = 300;

/** DNS header, without which there is nobody to answer (RFC 1035, 4.1.1). */
const HEADER_BYTES = 12;

/** Type and class, behind a question's name (RFC 1035, 4.1.2). */
const QUESTION_END_BYTES = 4;

/** Where the header's 16-bit fields are. */
const headerFields = {
  flags: 2,
  questions: 4,
  answers: 6,
  authorities: 8,
  additional: 10,
} as const;

/** What resolvers agree on for a datagram; a question has far less. */
export const MAX_QUESTION_BYTES = 1232;

const QUERY_FLAG_MASK = 0x8000;
const REFUSED = 5;
const NAME_ERROR = 3;

/** Names of the worker itself, which a resolver should not even ask for. */
const ownNames = /^(localhost|localhost\.localdomain|(.+\.)?localhost)$/;

/** `_https._tcp.` before a name asks for a service of it (RFC 2782). */
const servicePrefix = /^(_[a-z0-9-]{1,62}\.)+/;

const reverseName =
  /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa$/;

/** A message with its only question. */
type Query = dnsPacket.Packet & { question: dnsPacket.Question };

/** Flag bits of an answer: "authoritative" is not claimed. */
function answerFlags(query: dnsPacket.Packet, code: number): number {
  const recursionDesired = (query.flags ?? 0) & dnsPacket.RECURSION_DESIRED;
  return recursionDesired | dnsPacket.RECURSION_AVAILABLE | code;
}

/**
 * Answers one DNS message; undefined if there is no question in it. Only
 * declared names exist, and they have IPv4 addresses alone.
 */
export async function answerQuery(
  message: Uint8Array,
  names: NameService,
): Promise<Uint8Array | undefined> {
  const query = decodeQuery(message);
  if (query === undefined) {
    names.onRefused("", "wrong-protocol");
    return undefined;
  }
  const encode = (code: number, answers: dnsPacket.Answer[] = []) =>
    new Uint8Array(dnsPacket.encode({
      type: "response",
      id: query.id ?? 0,
      flags: answerFlags(query, code),
      questions: [query.question],
      answers,
    }));
  const { question } = query;
  const name = question.name.toLowerCase().replace(/\.$/, "");
  const refuse = (code: number, refusal: Refusal) => {
    names.onRefused(name, refusal);
    return encode(code);
  };
  if (question.class !== undefined && question.class !== "IN") {
    return refuse(REFUSED, "name-not-allowed");
  }
  if (ownNames.test(name)) return encode(NAME_ERROR);
  const reverse = reverseName.exec(name);
  if (reverse !== null) {
    const known = names.nameOf(reverse.slice(1).reverse().join("."));
    if (known === undefined) return refuse(NAME_ERROR, "name-not-allowed");
    return question.type === "PTR"
      ? encode(0, [{
        type: "PTR",
        name: question.name,
        ttl: TTL_SECONDS,
        data: known,
      }])
      : encode(0);
  }
  const host = name.replace(servicePrefix, "");
  const isHostName = hostNameSchema.safeParse(host).success &&
    !host.includes("*");
  const found: Resolution = isHostName
    ? await names.resolve(host)
    : { refusal: "name-not-allowed" };
  if ("refusal" in found) return refuse(NAME_ERROR, found.refusal);
  if (question.type !== "A" || host !== name) return encode(0);
  return encode(0, [{
    type: "A",
    name: question.name,
    ttl: TTL_SECONDS,
    data: found.address,
  }]);
}

function decodeQuery(message: Uint8Array): Query | undefined {
  if (!isQuestion(message)) return undefined;
  try {
    const packet = dnsPacket.decode(Buffer.from(message));
    const question = packet.questions?.[0];
    if (question === undefined || !isAskedAs(question, message)) return;
    return { ...packet, question };
  } catch {
    return undefined;
  }
}

/**
 * Whether the name is in the message as an answer would repeat it. One that is
 * no UTF-8, or has dots in its labels, would make of the answer no message.
 */
function isAskedAs(question: dnsPacket.Question, message: Uint8Array): boolean {
  const repeated = dnsPacket.encode({ type: "query", questions: [question] })
    .subarray(HEADER_BYTES, -QUESTION_END_BYTES);
  return repeated.every((byte, at) => message[HEADER_BYTES + at] === byte);
}

/**
 * Whether the header is that of one question, with at most one record beside it
 * (EDNS, RFC 6891). Whatever else may hold much to decode is not looked at.
 */
function isQuestion(message: Uint8Array): boolean {
  const size = message.byteLength;
  if (size < HEADER_BYTES || size > MAX_QUESTION_BYTES) return false;
  const view = new DataView(message.buffer, message.byteOffset);
  const field = (name: keyof typeof headerFields) =>
    view.getUint16(headerFields[name]);
  // Answering answers would let two servers talk for ever.
  return (field("flags") & QUERY_FLAG_MASK) === 0 && field("questions") === 1 &&
    field("answers") === 0 && field("authorities") === 0 &&
    field("additional") <= 1;
}
