/**
 * The protocols that a build spec can name. A new one is a row here: what else
 * it needs, such as its check, the compiler and the tests ask for.
 *
 * @module
 */

/** What there is to know of a protocol. */
interface Row {
  /** Where it is spoken unless a spec says otherwise. */
  readonly port: number;
  /** By what the manager judges what a client says first. */
  readonly check: string;
}

/** In the order in which they are offered, shown and preferred. */
export const protocols = {
  http: { port: 80, check: "http-requests" },
  https: { port: 443, check: "tls-client-hello" },
  ssh: { port: 22, check: "ssh-banner" },
  git: { port: 9418, check: "git-request" },
} as const satisfies Readonly<Record<string, Row>>;

/** A protocol that is checked, by its name in a spec. */
export type ProtocolName = keyof typeof protocols;

/** Whatever is spoken at a port that a spec gives: it is not looked at. */
export const PLAIN = "tcp";

/** What a rule says is spoken. */
export type RuleProtocol = ProtocolName | typeof PLAIN;

/** The checks that the protocols need. */
export type CheckName = (typeof protocols)[ProtocolName]["check"];

/** All names, in order. */
export const protocolNames = Object.keys(protocols) as ProtocolName[];

/** Whether a text is the name of a protocol that is checked. */
export function isProtocolName(text: string): text is ProtocolName {
  return Object.hasOwn(protocols, text);
}

/** What is usually spoken at a port. */
export function protocolAt(port: number): ProtocolName | undefined {
  return protocolNames.find((name) => protocols[name].port === port);
}
