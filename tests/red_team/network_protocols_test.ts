/**
 * A declared port carries the declared protocol to the declared name and
 * nothing else: the first bytes are looked at before any of them leaves.
 *
 * @module
 */

import assert from "node:assert/strict";
import { FakeInternet } from "../harness/fake_internet.ts";
import { greet, http } from "../harness/services.ts";
import { Project } from "../project.ts";
import { assertSuccess, run, standardAllowance } from "./attack.ts";
import { type Denial, denies, deniesEach } from "./denial.ts";
import { clientHello } from "./tls_hello.ts";

/** Sends a file of the source tree; `nc` waits a little for an answer. */
const send = (file: string, port: number) =>
  `nc -w 3 allowed.example ${port} <${file} >/dev/null || true`;

const request = (lines: string[]) => [...lines, "", ""].join("\r\n");

/** A request of the git protocol, behind its length in hexadecimal. */
function gitRequest(host: string): string {
  const line = `git-upload-pack /it.git\0host=${host}\0`;
  return (line.length + 4).toString(16).padStart(4, "0") + line;
}

const hello = clientHello({ name: "allowed.example" });

Deno.test("every declared protocol reaches its host", async () => {
  await using internet = new FakeInternet();
  const literal = internet.serve("192.0.2.20:80", http);
  const greeter = internet.serve("192.0.2.10:7002", greet);
  await using project = await Project.create();
  const result = await run(project, internet, {
    allow: [
      ...standardAllowance,
      "{ host: allowed.example, protocols: ['tcp:7002'] }",
      "{ host: '*.wild.example', protocols: [http] }",
      "{ host: 192.0.2.20, protocols: [http] }",
    ],
    files: {
      hello,
      two: request(["GET /one HTTP/1.1", "Host: allowed.example"]) +
        request(["GET /two HTTP/1.1", "Host: allowed.example"]),
      git: gitRequest("allowed.example"),
    },
    script: `
set -x
[ "$(wget -q -O - http://allowed.example/page)" = canary ]
[ "$(wget -q -O - http://a.wild.example/below)" = canary ]
[ "$(wget -q -O - http://192.0.2.20/literal)" = canary ]
nc -w 3 allowed.example 80 <two | grep -c canary
wget -q -O - https://allowed.example/ || true
nc -w 3 allowed.example 443 <hello || true
echo SSH-2.0-probe | nc -w 3 allowed.example 22 | grep SSH-2.0-canary
nc -w 3 allowed.example 9418 <git | grep 'no repository'
[ "$(echo anything | nc -w 3 allowed.example 7000)" = anything ]
[ "$(sleep 3 | nc -w 3 allowed.example 7002)" = welcome ]
`,
  });
  assertSuccess(result);
  const requests = internet.allowed(80).text;
  for (const path of ["page", "below", "one", "two"]) {
    assert.match(requests, new RegExp(`GET /${path} HTTP`));
  }
  assert.match(literal.text, /^GET \/literal HTTP/);
  const [fromWget, fromFile] = internet.allowed(443).connections;
  assert.match(fromWget!.text, /allowed\.example/);
  assert.equal(fromFile!.bytes, hello.length);
  assert.match(internet.allowed(22).text, /^SSH-2\.0-probe/);
  assert.match(internet.allowed(9418).text, /^[0-9a-f]{4}git-upload-pack/);
  assert.equal(internet.allowed(7000).text, "anything\n");
  assert.equal(greeter.connections.length, 1);
  assert.equal(internet.trap.connections.length, 0);
});

const tls = { protocol: "https", host: "allowed.example", port: 443 } as const;

const plain = { protocol: "http", host: "allowed.example", port: 80 } as const;

/** What is seen on port 80 besides is the control's request. */
function requestAttack(
  name: string,
  requests: string,
  attempt: Denial["attempt"],
): Denial {
  return {
    name,
    files: { requests },
    script: send("requests", 80),
    attempt: { ...plain, ...attempt },
    unseen: /EVIL/,
  };
}

deniesEach("what is not the declared protocol", [
  {
    name: "TLS for another server than the declared one",
    files: { hello: clientHello({ name: "evil.example" }) },
    script: send("hello", 443),
    attempt: { ...tls, refusal: "name-mismatch", claimed: "evil.example" },
    silent: [443],
  },
  {
    name: "TLS without a server name",
    files: { hello: clientHello({}) },
    script: send("hello", 443),
    attempt: { ...tls, refusal: "name-missing", content: "tls" },
    silent: [443],
  },
  {
    name: "TLS with an encrypted hello",
    files: { hello: clientHello({ name: "allowed.example", encrypted: true }) },
    script: send("hello", 443),
    attempt: { ...tls, refusal: "name-hidden" },
    silent: [443],
  },
  {
    name: "plain text on a TLS port",
    files: { text: "exfiltrated secret\n" },
    script: send("text", 443),
    attempt: { ...tls, refusal: "wrong-protocol", content: "text" },
    silent: [443],
  },
  {
    name: "HTTP on a TLS port",
    files: { get: request(["GET / HTTP/1.1", "Host: allowed.example"]) },
    script: send("get", 443),
    attempt: { ...tls, refusal: "wrong-protocol", content: "http" },
    silent: [443],
  },
  {
    name: "anything but SSH on an SSH port",
    files: { text: "not a banner\r\n" },
    script: send("text", 22),
    attempt: {
      protocol: "ssh",
      host: "allowed.example",
      port: 22,
      refusal: "wrong-protocol",
    },
    silent: [22],
  },
  {
    name: "git for another host than the declared one",
    files: { git: gitRequest("evil.example") },
    script: send("git", 9418),
    attempt: {
      protocol: "git",
      host: "allowed.example",
      port: 9418,
      refusal: "name-mismatch",
      claimed: "evil.example",
    },
    silent: [9418],
  },
]);

const UNREAD = request(["GET /EVIL HTTP/1.1", "Host: evil.example"]);

deniesEach("requests that are not for the declared host", [
  requestAttack(
    "HTTP for another host than the declared one",
    request(["GET /EVIL HTTP/1.1", "Host: evil.example"]),
    { refusal: "name-mismatch", claimed: "evil.example" },
  ),
  requestAttack(
    "HTTP without a host",
    request(["GET /EVIL HTTP/1.0"]),
    { refusal: "name-missing" },
  ),
  requestAttack(
    "HTTP with two hosts",
    request([
      "GET /EVIL HTTP/1.1",
      "Host: allowed.example",
      "Host: evil-two.example",
    ]),
    { refusal: "name-mismatch", claimed: "evil-two.example" },
  ),
  requestAttack(
    "HTTP with another host in the request line",
    request([
      "GET http://evil-line.example/EVIL HTTP/1.1",
      "Host: allowed.example",
    ]),
    { refusal: "name-mismatch", claimed: "evil-line.example" },
  ),
  requestAttack(
    "another host in the second request of a connection",
    request(["GET /first HTTP/1.1", "Host: allowed.example"]) +
      request(["GET /EVIL HTTP/1.1", "Host: evil-second.example"]),
    { refusal: "name-mismatch", claimed: "evil-second.example" },
  ),
  requestAttack(
    "a request hidden in the body of another",
    request([
      "POST /first HTTP/1.1",
      "Host: allowed.example",
      "Content-Length: 4",
      "Transfer-Encoding: chunked",
    ]) + "0\r\n\r\n" + request(["GET /EVIL HTTP/1.1", "Host: evil.example"]),
    { refusal: "wrong-protocol", content: "http" },
  ),
  requestAttack(
    "a request in place of a body that the server may not read",
    request([
      "GET /first HTTP/1.1",
      "Host: allowed.example",
      `Content-Length: ${UNREAD.length}`,
    ]) + UNREAD,
    { refusal: "wrong-protocol", content: "http" },
  ),
  requestAttack(
    "HTTP/2 without TLS",
    request(["PRI * HTTP/2.0"]) + "SM\r\n\r\nEVIL",
    { refusal: "wrong-protocol", content: "http2" },
  ),
]);

denies(requestAttack(
  "a tunnel through a web server",
  request(["CONNECT EVIL.example:443 HTTP/1.1", "Host: allowed.example"]),
  {},
));
