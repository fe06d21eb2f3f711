import assert from "node:assert/strict";
import type { EgressRule } from "../shared/network/egress_rule.ts";
import { type Connect, createDialer, defaultDialLimits } from "./dialer.ts";
import { refusedAs, rule, withServer } from "./testing/dialing.ts";

Deno.test("an allowed name is resolved once, and its address dialed", async () => {
  let questions = 0;
  const resolve = () => Promise.resolve([`203.0.113.${++questions}`]);
  await withServer({ resolve }, async ({ dial, dialed, events }) => {
    const { connection, rule: matched } = await dial(rule);
    connection.close();
    assert.equal(matched, rule);
    assert.deepEqual(dialed, ["203.0.113.1 80"]);
    assert.equal(questions, 1);
    assert.deepEqual(events.map(({ type }) => type), ["allowed", "connected"]);
  });
});

Deno.test("what the rules do not name is neither resolved nor dialed", async () => {
  const resolve = () => assert.fail("Asked the resolver");
  await withServer({ resolve }, async ({ dial, dialed, events }) => {
    await assert.rejects(
      dial({ ...rule, port: 22 }),
      refusedAs("not-allowed", /^Refused "example.org:22": the build/),
    );
    assert.deepEqual(dialed, []);
    assert.deepEqual(events.map(({ type }) => type), ["refused"]);
  });
});

Deno.test("a name with private addresses alone is refused", async () => {
  const resolve = () => Promise.resolve(["10.0.0.1", "::ffff:127.0.0.1"]);
  await withServer({ resolve }, async ({ dial, dialed }) => {
    await assert.rejects(
      dial(rule),
      refusedAs(
        "refused-address",
        /10.0.0.1 is in a private network, ::ffff:127.0.0.1 is this machine/,
      ),
    );
    assert.deepEqual(dialed, []);
  });
});

Deno.test("of mixed addresses only the public ones are dialed", async () => {
  const resolve = () =>
    Promise.resolve(["169.254.169.254", "203.0.113.9", "127.0.0.1"]);
  await withServer({ resolve }, async ({ dial, dialed }) => {
    (await dial(rule)).connection.close();
    assert.deepEqual(dialed, ["203.0.113.9 80"]);
  });
});

Deno.test("another spelling of a private address is refused", async () => {
  const named = { ...rule, host: "127.1" };
  const resolve = () => Promise.resolve(["127.0.0.1"]);
  await withServer({ rules: [named], resolve }, async ({ dial }) => {
    await assert.rejects(
      dial(named),
      refusedAs("refused-address", /127.0.0.1 is this machine itself/),
    );
  });
});

Deno.test("the name localhost is refused by the system's own resolver", async () => {
  const named = { ...rule, host: "localhost" };
  const { dial } = createDialer({
    rules: [named],
    connect: () => assert.fail("Connected"),
  });
  await assert.rejects(
    dial(named),
    refusedAs("refused-address", /is this machine itself/),
  );
});

Deno.test("the next address is tried when one does not answer", async () => {
  const resolve = () => Promise.resolve(["203.0.113.1", "203.0.113.2"]);
  const tried: string[] = [];
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const connect: Connect = ({ hostname, signal }) => {
    tried.push(hostname);
    if (tried.length === 2) return Deno.connect({ port, signal });
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  };
  const limits = { ...defaultDialLimits, connectMilliseconds: 20 };
  const { dial } = createDialer({ rules: [rule], resolve, connect, limits });
  (await dial(rule)).connection.close();
  assert.deepEqual(tried, ["203.0.113.1", "203.0.113.2"]);
});

Deno.test("no more addresses are tried than the limit says", async () => {
  const resolve = () =>
    Promise.resolve(Array.from({ length: 50 }, (_, n) => `203.0.113.${n}`));
  let tries = 0;
  const connect: Connect = () => {
    tries++;
    return Promise.reject(new Error("connection refused"));
  };
  const limits = { ...defaultDialLimits, addresses: 3 };
  const { dial } = createDialer({ rules: [rule], resolve, connect, limits });
  await assert.rejects(
    dial(rule),
    refusedAs(
      "connect-failed",
      /^Cannot connect to "example.org:80": connection refused$/,
    ),
  );
  assert.equal(tries, 3);
});

Deno.test("a name without an address, or without an answer, is told", async () => {
  const limits = { ...defaultDialLimits, resolveMilliseconds: 20 };
  for (
    const [resolve, message] of [
      [() => Promise.resolve([]), /it has no address$/],
      [() => Promise.reject(new Error("ENOTFOUND")), /ENOTFOUND$/],
      [() => new Promise<string[]>(() => {}), /no answer in 0.02 s$/],
    ] as const
  ) {
    const { dial } = createDialer({ rules: [rule], resolve, limits });
    await assert.rejects(dial(rule), refusedAs("no-address", message));
  }
});

Deno.test("what the user denies is not dialed, whatever the rules say", async () => {
  const wildcard = { ...rule, host: "*.example.org" };
  const rules = [rule, wildcard];
  const denied = ["example.org", "*.ads.example.org"];
  const resolve = () => assert.fail("Asked the resolver");
  await withServer({ rules, denied, resolve }, async ({ dial, dialed }) => {
    for (const host of ["example.org", "x.ads.example.org"]) {
      await assert.rejects(
        dial({ ...rule, host }),
        refusedAs("denied", /: your configuration denies it$/),
      );
    }
    assert.deepEqual(dialed, []);
  });
});

Deno.test("a denied place is not dialed in any way", async () => {
  const resolve = () =>
    Promise.resolve([
      "203.0.113.1",
      "::ffff:203.0.113.1",
      "64:ff9b::203.0.113.1",
      "2002:cb00:7101::1",
    ]);
  const literal = { ...rule, host: "203.0.113.1" };
  const rules = [rule, literal];
  for (
    const denied of [
      ["203.0.113.1"],
      ["203.0.113.0/24"],
      ["::ffff:203.0.113.1"],
      ["::ffff:203.0.113.0/120"],
    ]
  ) {
    const opened = ["0.0.0.0/0", "::/0", rule.host];
    const options = { rules, denied, opened, resolve };
    await withServer(options, async ({ dial, dialed }) => {
      await assert.rejects(
        dial(rule),
        refusedAs("refused-address", /203.0.113.1 is denied by your config/),
      );
      await assert.rejects(dial(literal), { code: "denied" });
      assert.deepEqual(dialed, []);
    });
  }
  await withServer({ rules, resolve }, async ({ dial, dialed }) => {
    (await dial(rule)).connection.close();
    (await dial(literal)).connection.close();
    assert.deepEqual(dialed, ["203.0.113.1 80", "203.0.113.1 80"]);
  });
});

Deno.test("a name that changes its address is judged anew each time", async () => {
  const answers = [["203.0.113.1"], ["127.0.0.1"]];
  const resolve = () => Promise.resolve(answers.shift() ?? []);
  await withServer({ resolve }, async ({ dial, dialed }) => {
    (await dial(rule)).connection.close();
    await assert.rejects(dial(rule), { code: "refused-address" });
    assert.deepEqual(dialed, ["203.0.113.1 80"]);
  });
});

/** A dialer that learns, and what it was told. */
function learning(learned: EgressRule[], accepts = true) {
  return (destination: EgressRule) => {
    learned.push(destination);
    return accepts;
  };
}

Deno.test("while learning, public hosts without a rule are told and dialed", async () => {
  const learned: EgressRule[] = [];
  const learn = learning(learned);
  const other = { ...rule, host: "other.example", port: 8080 };
  await withServer({ learn }, async ({ dial, dialed }) => {
    (await dial(rule)).connection.close();
    assert.deepEqual(learned, []);
    const { connection, rule: matched } = await dial(other);
    connection.close();
    assert.deepEqual([matched, learned], [other, [other]]);
    assert.deepEqual(dialed, ["203.0.113.1 80", "203.0.113.1 8080"]);
  });
});

Deno.test("while learning, addresses and wildcards are not dialed", async () => {
  const learn = () => assert.fail("Learned a host");
  const resolve = () => assert.fail("Asked the resolver");
  await withServer({ learn, resolve }, async ({ dial, dialed }) => {
    for (
      const host of [
        "203.0.113.1",
        "134744072",
        "0x08080808",
        "8.8",
        "*.a.test",
      ]
    ) {
      await assert.rejects(dial({ ...rule, host }), { code: "not-allowed" });
    }
    assert.deepEqual(dialed, []);
  });
});

Deno.test("while learning, denied and private hosts are not dialed", async () => {
  const learn = () => assert.fail("Learned a host");
  const resolve = () => Promise.resolve(["192.168.0.1"]);
  const denied = ["denied.example"];
  await withServer({ learn, resolve, denied }, async ({ dial, dialed }) => {
    await assert.rejects(dial({ ...rule, host: "denied.example" }), {
      code: "denied",
    });
    await assert.rejects(dial({ ...rule, host: "other.example" }), {
      code: "refused-address",
      address: "192.168.0.1",
    });
    assert.deepEqual(dialed, []);
  });
});

Deno.test("a host that may not be learned any more is not dialed", async () => {
  const learn = learning([], false);
  await withServer({ learn }, async ({ dial, dialed }) => {
    await assert.rejects(dial({ ...rule, host: "other.example" }), {
      code: "not-allowed",
    });
    assert.deepEqual(dialed, []);
  });
});
