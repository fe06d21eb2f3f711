import assert from "node:assert/strict";
import fc from "fast-check";
import { canBeOpened, kindOfAddress } from "./address_policy.ts";
import { closedAddress, closedHost } from "./closed_places.ts";
import { createDialer } from "./dialer.ts";
import { HostPatterns } from "../shared/network/host_patterns.ts";
import { refusedAs, rule, withServer } from "./testing/dialing.ts";

const own = ["198.51.100.1", "2001:470::1"];
const at = (...opened: string[]) => ({ opened: new HostPatterns(opened), own });

/** A place of each kind, and how a user can open it. */
const places: [string, string][] = [
  ["10.0.0.1", "10.0.0.1"],
  ["10.0.0.1", "10.0.0.0/8"],
  ["192.168.1.1", "192.168.0.0/16"],
  ["100.64.0.1", "100.64.0.0/10"],
  ["100.100.100.200", "100.100.100.200"],
  ["127.0.0.1", "127.0.0.1"],
  ["169.254.169.254", "169.254.169.254"],
  ["169.254.169.254", "::ffff:169.254.169.254"],
  ["169.254.1.1", "169.254.0.0/16"],
  ["198.51.100.1", "198.51.100.1"],
  ["198.18.0.1", "198.18.0.0/15"],
];

Deno.test("an address in a spec opens nothing: the user's word does", async () => {
  const resolve = () => assert.fail("Asked the resolver");
  for (const [host, opened] of places) {
    const named = { ...rule, host };
    const rules = [named];
    await withServer({ rules, resolve }, async ({ dial, dialed }) => {
      await assert.rejects(dial(named), { code: "refused-address" });
      assert.deepEqual(dialed, []);
    });
    const options = { rules, resolve, opened: [opened] };
    await withServer(options, async ({ dial, dialed }) => {
      (await dial(named)).connection.close();
      assert.deepEqual(dialed, [`${host} 80`]);
    });
  }
});

Deno.test("what the user opens is reached only if the rules name it", async () => {
  const opened = ["10.0.0.0/8", "mirror.example"];
  const resolve = () => Promise.resolve(["10.0.0.1"]);
  const learn = () => assert.fail("Learned a host");
  for (const options of [{ opened, resolve }, { opened, resolve, learn }]) {
    await withServer(options, async ({ dial, dialed }) => {
      for (const host of ["10.0.0.1", "mirror.example"]) {
        await assert.rejects(dial({ ...rule, host }));
      }
      assert.deepEqual(dialed, []);
      (await dial(rule)).connection.close();
      assert.deepEqual(dialed, ["10.0.0.1 80"]);
    });
  }
});

Deno.test("an opened name leads to private addresses, for itself alone", async () => {
  const mirror = { ...rule, host: "mirror.example" };
  const below = { ...rule, host: "a.mirror.example" };
  const resolve = () =>
    Promise.resolve(["169.254.169.254", "fe80::1%eth0", "10.0.0.1"]);
  const rules = [rule, mirror, below];
  const options = { rules, resolve, opened: ["mirror.example"] };
  await withServer(options, async ({ dial, dialed }) => {
    (await dial(mirror)).connection.close();
    assert.deepEqual(dialed, ["10.0.0.1 80"]);
    for (const other of [rule, below]) {
      await assert.rejects(
        dial(other),
        refusedAs("refused-address", /10.0.0.1 is in a private network$/),
      );
    }
    assert.deepEqual(dialed, ["10.0.0.1 80"]);
  });
});

Deno.test("an opened name does not lead to the cloud's metadata", async () => {
  const opened = [rule.host];
  const resolve = () => Promise.resolve(["169.254.169.254", "0.0.0.0"]);
  await withServer({ opened, resolve }, async ({ dial, dialed }) => {
    await assert.rejects(
      dial(rule),
      refusedAs("refused-address", /is the cloud's metadata service/),
    );
    assert.deepEqual(dialed, []);
  });
});

Deno.test("a range does not open the metadata services in it", () => {
  for (
    const [address, range] of [
      ["169.254.169.254", "169.254.0.0/16"],
      ["169.254.169.254", "0.0.0.0/0"],
      ["::ffff:169.254.169.254", "::/0"],
      ["100.100.100.200", "100.64.0.0/10"],
      ["fd00:ec2::254", "fd00::/8"],
    ] as const
  ) {
    const kind = closedAddress("a.example", address, at(range));
    assert.equal(kind, "metadata", `${address} ${range}`);
    const opened = closedAddress("a.example", address, at(range, address));
    assert.equal(opened, undefined, address);
  }
});

Deno.test("localhost is reached by the system's resolver if it is opened", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const local = { ...rule, host: "localhost", port };
  const closed = createDialer({ rules: [local] });
  await assert.rejects(closed.dial(local), { code: "refused-address" });
  const open = createDialer({ rules: [local], opened: ["localhost"] });
  (await open.dial(local)).connection.close();
  (await listener.accept()).close();
});

Deno.test("public addresses of this machine are its own by any name", async () => {
  const resolve = () =>
    Promise.resolve(["198.51.100.1", "::ffff:198.51.100.1", "2001:470:0::1"]);
  await withServer({ resolve }, async ({ dial, dialed }) => {
    await assert.rejects(
      dial(rule),
      refusedAs("refused-address", /198.51.100.1 is one of this machine's own/),
    );
    assert.deepEqual(dialed, []);
  });
});

Deno.test("what is known of a host without a look-up", () => {
  const kinds: [string, string | undefined][] = [
    ["10.0.0.1", "private"],
    ["0.0.0.0", "unspecified"],
    ["198.51.100.1", "own"],
    ["192.0.2.1", undefined],
    ["localhost", "loopback"],
    ["LOCALHOST", "loopback"],
    ["a.localhost", "loopback"],
    ["*.localhost", "loopback"],
    ["localhost.localdomain", "loopback"],
    ["metadata.google.internal", "metadata"],
    ["gitlab.internal", "private"],
    ["*.local", "private"],
    ["nas.home.arpa", "private"],
    ["localhost.example", undefined],
    ["local.example", undefined],
    ["mylocalhost", undefined],
    ["example.org", undefined],
  ];
  for (const [host, kind] of kinds) {
    assert.equal(closedHost(host, at()), kind, host);
  }
  assert.equal(closedHost("localhost", at("localhost")), undefined);
  assert.equal(closedHost("localhost", at("nas.local")), "loopback");
  assert.equal(closedHost("10.0.0.1", at("10.0.0.0/8")), undefined);
  assert.equal(closedHost("0.0.0.0", at("0.0.0.0/0")), "unspecified");
  assert.equal(closedHost("localhost", at("10.0.0.0/8")), "loopback");
  const metadata = "metadata.google.internal";
  assert.equal(closedHost(metadata, at("10.0.0.0/8")), "metadata");
  // Whether they lead there shows later.
  assert.equal(closedHost("nas.local", at("10.0.0.0/8")), undefined);
  assert.equal(closedHost("localhost", at("127.0.0.1")), undefined);
  assert.equal(closedHost(metadata, at("169.254.169.254")), undefined);
});

Deno.test("nothing is open without the user's word, and only what it covers", () => {
  const octet = fc.integer({ min: 0, max: 255 });
  const first = fc.constantFrom(0, 10, 100, 127, 169, 172, 192, 198, 224, 255);
  const ipv4 = fc.tuple(first, octet, octet, octet)
    .map((octets) => octets.join("."));
  const address = fc.oneof(
    ipv4,
    ipv4.map((text) => `::ffff:${text}`),
    fc.ipV6(),
  );
  fc.assert(fc.property(address, ipv4, (address, other) => {
    const kind = kindOfAddress(address);
    assert.equal(closedAddress("a.example", address, at()), kind);
    const whole = kind && canBeOpened(kind) ? undefined : kind;
    assert.equal(
      closedAddress("a.example", address, at("0.0.0.0/0", "::/0")),
      kind === "metadata" ? kind : whole,
    );
    assert.equal(
      closedAddress("a.example", address, at(other)),
      [other, `::ffff:${other}`].includes(address) ? whole : kind,
    );
  }));
});
