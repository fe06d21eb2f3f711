import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import dnsPacket from "dns-packet";
import fc from "fast-check";
import { answerQuery, type NameService } from "./dns_answer.ts";

/** One name exists; what is refused is noted. */
function nameService(): NameService & { refused: string[]; reasons: string[] } {
  const refused: string[] = [];
  const reasons: string[] = [];
  return {
    refused,
    reasons,
    resolve: (name) =>
      Promise.resolve(
        name === "mirror.test"
          ? { address: "198.18.0.1" }
          : { refusal: "name-not-allowed" },
      ),
    nameOf: (address) => address === "198.18.0.1" ? "mirror.test" : undefined,
    onRefused(name, refusal) {
      refused.push(name);
      reasons.push(refusal);
    },
  };
}

async function ask(name: string, type: dnsPacket.RecordType = "A") {
  const names = nameService();
  const { refused } = names;
  const answer = await answerQuery(
    dnsPacket.encode({
      type: "query",
      id: 4711,
      flags: dnsPacket.RECURSION_DESIRED,
      questions: [{ type, name }],
    }),
    names,
  );
  assert.ok(answer !== undefined);
  const packet = dnsPacket.decode(Buffer.from(answer));
  // Neither library nor types name the code: the low four flag bits.
  const code = (packet.flags ?? 0) & 0xf;
  assert.equal(packet.id, 4711);
  assert.equal(packet.type, "response");
  return { packet, code, refused };
}

Deno.test("a declared name has its synthetic address", async () => {
  for (const name of ["mirror.test", "MIRROR.test"]) {
    const { packet, code, refused } = await ask(name);
    assert.equal(code, 0);
    assert.equal(packet.answers?.length, 1);
    const [answer] = packet.answers ?? [];
    assert.ok(answer?.type === "A");
    assert.equal(answer.data, "198.18.0.1");
    assert.equal(answer.name, name);
    assert.deepEqual(refused, []);
  }
});

Deno.test("a declared name has nothing but an IPv4 address", async () => {
  for (const type of ["AAAA", "TXT", "SRV", "MX"] as const) {
    const { packet, code, refused } = await ask("mirror.test", type);
    assert.equal(code, 0);
    assert.deepEqual(packet.answers, []);
    assert.deepEqual(refused, []);
  }
});

Deno.test("any other name does not exist and is told of", async () => {
  for (
    const name of ["other.test", "*.test", "a_b.test", "1.0.0.127.in-addr.arpa"]
  ) {
    const { code, refused } = await ask(name);
    assert.equal(code, 3);
    assert.deepEqual(refused, [name]);
  }
});

Deno.test("a service of a declared name is no attempt", async () => {
  const { code, refused } = await ask("_http._tcp.mirror.test", "SRV");
  assert.equal(code, 0);
  assert.deepEqual(refused, []);
  const other = await ask("_http._tcp.other.test", "SRV");
  assert.equal(other.code, 3);
  assert.deepEqual(other.refused, ["_http._tcp.other.test"]);
});

Deno.test("a synthetic address has a name again", async () => {
  const { packet, refused } = await ask("1.0.18.198.in-addr.arpa", "PTR");
  const [answer] = packet.answers ?? [];
  assert.ok(answer?.type === "PTR");
  assert.equal(answer.data, "mirror.test");
  assert.deepEqual(refused, []);
});

Deno.test("the worker's own names are no attempt", async () => {
  for (const name of ["localhost", "a.localhost"]) {
    const { code, refused } = await ask(name);
    assert.equal(code, 3);
    assert.deepEqual(refused, []);
  }
});

Deno.test("answers are not answered", async () => {
  const response = dnsPacket.encode({
    type: "response",
    questions: [{ type: "A", name: "mirror.test" }],
  });
  const names = nameService();
  assert.equal(await answerQuery(response, names), undefined);
  assert.deepEqual(names.reasons, ["wrong-protocol"]);
});

Deno.test("what is more than one question is an attempt, and not decoded", async () => {
  const question = { type: "A", name: "mirror.test" } as const;
  const record = { type: "A", name: "mirror.test", data: "192.0.2.1" } as const;
  const queries: dnsPacket.Packet[] = [
    { questions: [] },
    { questions: [question, question] },
    { questions: [question], answers: [record] },
    { questions: [question], authorities: [record] },
    { questions: [question], additionals: [record, record] },
  ];
  for (const query of queries) {
    const names = nameService();
    const message = dnsPacket.encode({ type: "query", ...query });
    assert.equal(await answerQuery(message, names), undefined);
    assert.deepEqual(names.reasons, ["wrong-protocol"]);
  }
});

Deno.test("a question that is too long is an attempt", async () => {
  const message = dnsPacket.encode({
    type: "query",
    questions: [{ type: "A", name: "mirror.test" }],
  });
  const names = nameService();
  const padded = new Uint8Array(1233);
  padded.set(message);
  assert.ok(await answerQuery(padded.subarray(0, 1232), names));
  assert.deepEqual(names.reasons, []);
  assert.equal(await answerQuery(padded, names), undefined);
  assert.deepEqual(names.reasons, ["wrong-protocol"]);
});

Deno.test("a question may say what its asker can do", async () => {
  const names = nameService();
  const message = dnsPacket.encode({
    type: "query",
    questions: [{ type: "A", name: "mirror.test" }],
    additionals: [{
      type: "OPT",
      name: ".",
      udpPayloadSize: 1232,
      extendedRcode: 0,
      ednsVersion: 0,
      flags: 0,
      flag_do: false,
      options: [],
    }],
  });
  assert.ok(await answerQuery(message, names));
  assert.deepEqual(names.reasons, []);
});

Deno.test("answerQuery() survives hostile bytes", async () => {
  const query = dnsPacket.encode({
    type: "query",
    questions: [{ type: "A", name: "mirror.test" }],
  });
  const mutated = fc.tuple(
    fc.array(fc.tuple(fc.nat(query.length - 1), fc.nat(255))),
    fc.uint8Array({ maxLength: 50 }),
  ).map(([changes, tail]) => {
    const bytes = new Uint8Array([...query, ...tail]);
    for (const [at, value] of changes) bytes[at] = value;
    return bytes;
  });
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.uint8Array({ maxLength: 600 }), mutated),
      async (bytes) => {
        const answer = await answerQuery(bytes, nameService());
        assert.ok(answer === undefined || answer.byteLength <= 1024);
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("a name that an answer could not repeat is no question", async () => {
  const ask = async (label: number[]) => {
    const names = nameService();
    const header = [0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    const question = [label.length, ...label, 0, 0, 1, 0, 1];
    const message = Uint8Array.from([...header, ...question]);
    return { answer: await answerQuery(message, names), ...names };
  };
  const plain = new TextEncoder().encode("bücher");
  const { answer } = await ask([...plain]);
  assert.equal(dnsPacket.decode(Buffer.from(answer!)).id, 7);
  for (const label of [new Array(63).fill(0xff), [0x2e, 0x2e], [0x61, 0x2e]]) {
    const { answer, reasons } = await ask(label);
    assert.equal(answer, undefined);
    assert.deepEqual(reasons, ["wrong-protocol"]);
  }
});
