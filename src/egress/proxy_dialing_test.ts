import assert from "node:assert/strict";
import type { EgressRule } from "../shared/network/egress_rule.ts";
import {
  createDialer,
  defaultDialLimits,
  type DialerOptions,
} from "./dialer.ts";
import { tunnel } from "./proxy_connection.ts";
import { noProxy, type ProxyServer } from "./proxy_settings.ts";
import { ConnectProxy, copy } from "./testing/connect_proxy.ts";
import { refusedAs, rule } from "./testing/dialing.ts";
import { testAuthority } from "./testing/tls_identity.ts";

const unknown = () => Promise.reject(new Error("ENOTFOUND"));

function serverAt(proxy: ConnectProxy, tls = false): ProxyServer {
  const { port } = proxy;
  return { hostname: "localhost", port, tls, authorization: null };
}

/** A dialer behind a proxy, whose machine knows no names. */
function dialerBehind(
  proxy: ConnectProxy,
  options: Partial<DialerOptions> = {},
  server: Partial<ProxyServer> = {},
) {
  const http = { ...serverAt(proxy), ...server };
  return createDialer({
    rules: [rule],
    resolve: unknown,
    ownAddresses: () => [],
    proxy: { ...noProxy, http, others: http },
    ...options,
  });
}

/** A server that speaks first, as SSH's does, and gives back what it is sent. */
function serveEcho() {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served = (async () => {
    for await (const connection of listener) {
      await connection.write(new TextEncoder().encode("welcome\n"));
      await copy(connection, connection).catch(() => {});
      connection.close();
    }
  })();
  return {
    port: (listener.addr as Deno.NetAddr).port,
    async [Symbol.asyncDispose]() {
      listener.close();
      await served;
    },
  };
}

async function exchange(
  connection: Deno.TcpConn | Deno.TlsConn,
  text: string,
): Promise<string> {
  await connection.write(new TextEncoder().encode(text));
  await connection.closeWrite();
  let answer = "";
  const decoder = new TextDecoder();
  for await (const piece of connection.readable) {
    answer += decoder.decode(piece, { stream: true });
  }
  return answer;
}

Deno.test("a host is reached through the proxy, by its name", async () => {
  await using echo = serveEcho();
  await using proxy = new ConnectProxy({
    places: { "example.org:80": echo.port },
  });
  const { connection } = await dialerBehind(proxy).dial(rule);
  assert.equal(await exchange(connection, "hello"), "welcome\nhello");
  assert.deepEqual(proxy.requests, [
    "CONNECT example.org:80 HTTP/1.1\r\nHost: example.org:80\r\n\r\n",
  ]);
});

Deno.test("user name and password go to the proxy, and into no message", async () => {
  await using echo = serveEcho();
  await using proxy = new ConnectProxy({
    places: { "example.org:80": echo.port },
  });
  const authorization = `Basic ${btoa("me:secret")}`;
  const { dial } = dialerBehind(proxy, {}, { authorization });
  (await dial(rule)).connection.close();
  assert.match(
    proxy.requests[0]!,
    /\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n/,
  );
  await using strict = new ConnectProxy({
    says: "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
  });
  await assert.rejects(
    dialerBehind(strict, {}, { authorization }).dial(rule),
    refusedAs(
      "connect-failed",
      new RegExp(
        `^Cannot connect to "example.org:80" through the proxy localhost:${strict.port}: it wants a user name and a password \\(407\\)$`,
      ),
    ),
  );
});

Deno.test("what a proxy says instead of connecting is told", async () => {
  const says: [string, RegExp][] = [
    ["HTTP/1.1 403 Forbidden\r\n\r\n", /: it refuses \(403\)$/],
    ["HTTP/1.0 502 \x1b[2J evil\r\n\r\n", /: it refuses \(502\)$/],
    ["SSH-2.0-server\r\n\r\n", /: it does not speak HTTP\/1$/],
    ["HTTP/2 200\r\n\r\n", /: it does not speak HTTP\/1$/],
    ["HTTP/1.1 2000\r\n\r\n", /: it does not speak HTTP\/1$/],
    ["HTTP/1.1 200 OK\r\n", /: it closed the connection$/],
    ["", /: it closed the connection$/],
    [`HTTP/1.1 200 OK\r\nA: ${"a".repeat(20_000)}`, /: it says too much$/],
  ];
  for (const [text, message] of says) {
    await using proxy = new ConnectProxy({ says: text });
    await assert.rejects(
      dialerBehind(proxy).dial(rule),
      refusedAs("connect-failed", message),
    );
  }
});

Deno.test("a proxy that says nothing, or is not there, is given up", async () => {
  const limits = { ...defaultDialLimits, connectMilliseconds: 200 };
  await using silent = new ConnectProxy({ isSilent: true });
  await assert.rejects(
    dialerBehind(silent, { limits }).dial(rule),
    refusedAs("connect-failed", /no answer in 0.2 s$/),
  );
  const gone = new ConnectProxy();
  await gone[Symbol.asyncDispose]();
  await assert.rejects(
    dialerBehind(gone).dial(rule),
    refusedAs("connect-failed", /through the proxy localhost:\d+: .*refused/i),
  );
});

Deno.test("behind a proxy the same is refused as without", async () => {
  const hosts = [
    "10.0.0.1",
    "169.254.169.254",
    "0.0.0.0",
    "0x7f000001",
    "127.1",
    "metadata.google.internal",
    "nas.local",
    "intranet",
    "denied.example",
    "203.0.113.9",
    "private.example",
    "mixed.example",
  ];
  const answers: Record<string, string[]> = {
    "private.example": ["10.0.0.1"],
    // The proxy may choose either.
    "mixed.example": ["192.0.2.1", "10.0.0.1"],
    "public.example": ["192.0.2.1"],
  };
  const rules = [...hosts, "public.example", "unknown.example"]
    .map((host): EgressRule => ({ ...rule, host }));
  const resolve = (host: string) =>
    host in answers ? Promise.resolve(answers[host]!) : unknown();
  await using echo = serveEcho();
  const places = Object.fromEntries(
    rules.map(({ host }) => [`${host}:80`, echo.port]),
  );
  await using proxy = new ConnectProxy({ places });
  const denied = ["denied.example", "203.0.113.0/24"];
  const { dial } = dialerBehind(proxy, { rules, denied, resolve });
  for (const host of hosts) {
    await assert.rejects(
      dial({ ...rule, host }),
      /^EgressRefusedError: Refused /,
      host,
    );
  }
  await assert.rejects(dial({ ...rule, host: "other.example" }), {
    code: "not-allowed",
  });
  assert.deepEqual(proxy.requests, []);

  for (const host of ["public.example", "unknown.example"]) {
    (await dial({ ...rule, host })).connection.close();
  }
  assert.equal(proxy.requests.length, 2);
});

Deno.test("what the user opens goes through the proxy, too", async () => {
  await using echo = serveEcho();
  const hosts = ["10.0.0.1", "intranet", "nas.local", "mirror.example"];
  await using proxy = new ConnectProxy({
    places: Object.fromEntries(
      hosts.map((host) => [`${host}:80`, echo.port]),
    ),
  });
  const { dial } = dialerBehind(proxy, {
    rules: hosts.map((host) => ({ ...rule, host })),
    opened: hosts,
    resolve: () => Promise.resolve(["192.168.0.1"]),
  });
  for (const host of hosts) {
    (await dial({ ...rule, host })).connection.close();
  }
  assert.equal(proxy.requests.length, hosts.length);
});

Deno.test("what needs no proxy is dialed and judged as ever", async () => {
  await using echo = serveEcho();
  await using proxy = new ConnectProxy();
  const server = serverAt(proxy);
  const local = { ...rule, host: "127.0.0.1", port: echo.port };
  const direct = { ...rule, host: "direct.example", port: echo.port };
  const { dial } = createDialer({
    rules: [local, direct],
    opened: ["127.0.0.1"],
    resolve: () => Promise.resolve(["127.0.0.1"]),
    proxy: { http: server, others: server, direct: ["direct.example"] },
  });
  for (const destination of [local, direct]) {
    (await dial(destination)).connection.close();
  }
  assert.deepEqual(proxy.requests, []);
});

Deno.test("while learning behind a proxy, a private name is not told", async () => {
  await using echo = serveEcho();
  await using proxy = new ConnectProxy({
    places: { "new.example:80": echo.port },
  });
  const learned: string[] = [];
  const learn = ({ host }: EgressRule) => learned.push(host) > 0;
  const { dial } = dialerBehind(proxy, { learn, opened: ["intranet"] });
  for (const host of ["intranet", "a.internal", "nas.local"]) {
    await assert.rejects(dial({ ...rule, host }), { code: "refused-address" });
  }
  (await dial({ ...rule, host: "new.example" })).connection.close();
  assert.deepEqual(learned, ["new.example"]);
});

Deno.test("a proxy that wants TLS gets it, if its certificate is good", async () => {
  await using echo = serveEcho();
  await using proxy = new ConnectProxy({
    places: { "example.org:80": echo.port },
    tls: true,
  });
  const server = serverAt(proxy, true);
  const open = async (caCerts: string[]) =>
    await tunnel(
      await Deno.connect({ hostname: "127.0.0.1", port: proxy.port }),
      server,
      rule,
      { signal: AbortSignal.timeout(10_000), caCerts },
    );
  assert.equal(
    await exchange(await open([testAuthority]), "hello"),
    "welcome\nhello",
  );
  await assert.rejects(open([]), /certificate/i);
  await assert.rejects(
    dialerBehind(proxy, {}, { tls: true }).dial(rule),
    refusedAs("connect-failed", /through the proxy .*certificate/i),
  );
});
