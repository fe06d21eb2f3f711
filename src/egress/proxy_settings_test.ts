import assert from "node:assert/strict";
import fc from "fast-check";
import { UsageError } from "../shared/errors.ts";
import type { EgressRule } from "../shared/network/egress_rule.ts";
import {
  noProxy,
  proxyFor,
  proxySettingsSchema,
  readProxySettings,
} from "./proxy_settings.ts";

const read = (variables: Record<string, string>) =>
  readProxySettings((name) => variables[name]);

const server = { hostname: "proxy.example", port: 3128, tls: false } as const;
const plain = { ...server, authorization: null };

/** The host name of the proxy that serves a destination. */
function proxyOf(
  variables: Record<string, string>,
  host: string,
  port = 443,
  protocol: EgressRule["protocol"] = "https",
): string | undefined {
  return proxyFor({ host, port, protocol }, read(variables))?.hostname;
}

Deno.test("without variables there is no proxy", () => {
  assert.deepEqual(read({}), noProxy);
  assert.deepEqual(read({ HTTPS_PROXY: "", http_proxy: " " }), noProxy);
});

Deno.test("a proxy is read in each way that programs take it", () => {
  const cases: Record<string, unknown> = {
    "http://proxy.example:3128": plain,
    "http://proxy.example:3128/": plain,
    "proxy.example:3128": plain,
    "http://proxy.example": { ...plain, port: 80 },
    "https://proxy.example": { ...plain, port: 443, tls: true },
    "http://[::1]:3128": { ...plain, hostname: "::1" },
    "http://me:p%40ss@proxy.example:3128": {
      ...server,
      authorization: `Basic ${btoa("me:p@ss")}`,
    },
    "http://m%C3%A9:x@proxy.example:3128": {
      ...server,
      authorization: "Basic bcOpOng=",
    },
    "http://me@proxy.example:3128": {
      ...server,
      authorization: `Basic ${btoa("me:")}`,
    },
  };
  for (const [text, expected] of Object.entries(cases)) {
    const settings = read({ HTTPS_PROXY: text });
    assert.deepEqual(settings.others, expected, text);
    assert.deepEqual(proxySettingsSchema.parse(settings), settings);
  }
});

Deno.test("a proxy that cannot be used is told, and no password with it", () => {
  for (
    const [text, problem] of [
      ["socks5://me:secret@proxy.example:1080", /"socks5" is not spoken here/],
      ["http://me:secret@proxy example", /it is no URL/],
      ["http://proxy.example:3128/path", /more than a host/],
      ["http://me:%zz@proxy.example", /stray percent sign/],
      ["http://proxy.example:0", /no server has such a host or port/],
      [`http://${"a".repeat(300)}`, /no server has such a host or port/],
    ] as const
  ) {
    for (const name of ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"]) {
      assert.throws(() => read({ [name]: text }), (error) => {
        assert.ok(error instanceof UsageError);
        assert.deepEqual([error.code, error.exitCode], ["bad-proxy", 2]);
        assert.match(error.message, new RegExp(`the proxy in ${name}: `));
        assert.match(error.message, problem);
        assert.doesNotMatch(error.message + error.hint, /secret/);
        return true;
      });
    }
  }
});

Deno.test("whatever the variables say is read, or told as a mistake", () => {
  const text = fc.oneof(
    fc.string(),
    fc.webUrl(),
    fc.string({ unit: "grapheme" }).map((user) => `http://${user}@a.example`),
    fc.webAuthority({ withUserInfo: true, withPort: true, withIPv6: true }),
  );
  const variables = fc.record({ HTTPS_PROXY: text, NO_PROXY: text });
  fc.assert(fc.property(variables, fc.domain(), (variables, host) => {
    try {
      const settings = read(variables);
      assert.deepEqual(proxySettingsSchema.parse(settings), settings);
      proxyFor({ host, port: 443, protocol: "https" }, settings);
    } catch (error) {
      assert.ok(error instanceof UsageError, String(error));
    }
  }));
});

Deno.test("each protocol has its variable, in lower case first", () => {
  const all = {
    HTTP_PROXY: "http://plain.example",
    HTTPS_PROXY: "http://tls.example",
    ALL_PROXY: "http://all.example",
  };
  assert.equal(proxyOf(all, "a.example", 80, "http"), "plain.example");
  for (const protocol of ["https", "ssh", "git", "tcp"] as const) {
    assert.equal(proxyOf(all, "a.example", 443, protocol), "tls.example");
  }
  assert.equal(
    proxyOf({ ...all, https_proxy: "http://lower.example" }, "a.example"),
    "lower.example",
  );
  const { ALL_PROXY, HTTPS_PROXY, HTTP_PROXY } = all;
  assert.equal(proxyOf({ ALL_PROXY }, "a.example"), "all.example");
  assert.equal(proxyOf({ ALL_PROXY }, "a.example", 80, "http"), "all.example");
  assert.equal(
    proxyOf({ HTTPS_PROXY }, "a.example", 80, "http"),
    "tls.example",
  );
  assert.equal(proxyOf({ HTTP_PROXY }, "a.example"), undefined);
});

Deno.test("NO_PROXY is heeded, and loopback has no proxy", () => {
  const without = (NO_PROXY: string, host: string, port = 443) =>
    proxyOf({ HTTPS_PROXY: "http://proxy.example", NO_PROXY }, host, port) ===
      undefined;
  for (
    const [entries, host] of [
      ["a.example", "a.example"],
      ["a.example", "b.a.example"],
      [".a.example", "b.a.example"],
      ["*.a.example", "b.a.example"],
      ["x.example, A.example", "a.example"],
      ["x.example a.example", "a.example"],
      ["a.example:443", "a.example"],
      ["*", "a.example"],
      ["10.0.0.0/8", "10.1.2.3"],
      ["10.1.2.3", "10.1.2.3"],
      ["", "127.0.0.1"],
      ["", "localhost"],
    ] as const
  ) assert.equal(without(entries, host), true, `${entries} ${host}`);
  for (
    const [entries, host] of [
      ["", "a.example"],
      ["a.example", "aa.example"],
      ["a.example", "example"],
      ["a.example:80", "a.example"],
      ["10.0.0.0/8", "11.0.0.1"],
      ["10.0.0.0/8", "a.example"],
      ["*x", "a.example"],
      ["[", "a.example"],
      [",,, ", "a.example"],
    ] as const
  ) assert.equal(without(entries, host), false, `${entries} ${host}`);
});

Deno.test("no_proxy in lower case comes first", () => {
  const variables = {
    HTTPS_PROXY: "http://proxy.example",
    NO_PROXY: "a.example",
    no_proxy: "b.example",
  };
  assert.equal(proxyOf(variables, "a.example"), "proxy.example");
  assert.equal(proxyOf(variables, "b.example"), undefined);
});
