/**
 * A worker's DNS questions: an answer is one to the question, and gives no
 * address but that of a declared name.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import dnsPacket from "dns-packet";
import fc from "fast-check";
import {
  answerQuery,
  MAX_QUESTION_BYTES,
  type NameService,
} from "../../manager/egress/dns_answer.ts";
import { hostNameSchema } from "../../src/shared/network/egress_rule.ts";
import type { Target } from "../target.ts";

const DECLARED = "mirror.test";
const ADDRESS = "198.18.0.1";

const name = fc.oneof(
  fc.constantFrom(DECLARED, "MIRROR.TEST", `_https._tcp.${DECLARED}`),
  fc.constantFrom("1.0.18.198.in-addr.arpa", "999.1.1.1.in-addr.arpa"),
  fc.constantFrom("localhost", "*.mirror.test", "a.b.", "\u202e.test", ""),
  fc.domain(),
);

const query = fc.record({
  name,
  type: fc.constantFrom("A", "AAAA", "PTR", "TXT", "ANY", "AXFR", "SRV"),
  id: fc.nat(0xffff),
  edns: fc.boolean(),
}).map(({ name, type, id, edns }) =>
  new Uint8Array(dnsPacket.encode({
    type: "query",
    id,
    flags: dnsPacket.RECURSION_DESIRED,
    questions: [{ name, type: type as "A" }],
    additionals: edns
      ? [{
        ...{ type: "OPT", name: ".", udpPayloadSize: 1232, flags: 0 },
        options: [],
      } as unknown as dnsPacket.OptAnswer]
      : [],
  }))
);

export default {
  tokens: ["\xc0\x0c", "\xc0\x00", "\x06mirror\x04test\0", "\x3f", "\x40"],
  structured: query,
  maxBytes: MAX_QUESTION_BYTES + 8,
  async check(input) {
    let refused = 0;
    const names: NameService = {
      resolve(name) {
        assert.ok(hostNameSchema.safeParse(name).success, name);
        return Promise.resolve(
          name === DECLARED
            ? { address: ADDRESS }
            : { refusal: "name-not-allowed" },
        );
      },
      nameOf: (address) => address === ADDRESS ? DECLARED : undefined,
      onRefused: () => void refused++,
    };
    const answer = await answerQuery(input, names);
    if (answer === undefined) return assert.equal(refused, 1);
    const packet = dnsPacket.decode(Buffer.from(answer));
    assert.equal(packet.type, "response");
    assert.equal(packet.id, input[0]! << 8 | input[1]!);
    assert.equal(packet.questions?.length, 1);
    const answers = packet.answers ?? [];
    assert.ok(answers.length <= 1);
    for (const answer of answers) {
      assert.ok(answer.type === "A" || answer.type === "PTR");
      assert.equal(answer.data, answer.type === "A" ? ADDRESS : DECLARED);
    }
    // Larger than the question by no more than its one answer.
    assert.ok(answer.length <= input.length + 2 * 255 + 16);
  },
} satisfies Target;
