/**
 * Client hellos of TLS 1.3 (RFC 8446), byte by byte.
 *
 * @module
 */

const encoder = new TextEncoder();

const SERVER_NAME = 0;
const SUPPORTED_GROUPS = 10;
const SIGNATURE_ALGORITHMS = 13;
const SUPPORTED_VERSIONS = 43;
const KEY_SHARE = 51;
const ENCRYPTED_CLIENT_HELLO = 0xfe0d;

function number(value: number, bytes: number): number[] {
  return Array.from(
    { length: bytes },
    (_, index) => (value >>> (8 * (bytes - 1 - index))) & 0xff,
  );
}

/** Content after its own length. */
function vector(content: number[], lengthBytes: number): number[] {
  return [...number(content.length, lengthBytes), ...content];
}

function extension(type: number, content: number[]): number[] {
  return [...number(type, 2), ...vector(content, 2)];
}

function serverName(name: string): number[] {
  const entry = [0, ...vector([...encoder.encode(name)], 2)];
  return extension(SERVER_NAME, vector(entry, 2));
}

/** The outer form of an encrypted hello (draft-ietf-tls-esni, version 0xfe0d). */
function encryptedHello(): number[] {
  const cipherSuite = [0, 1, 0, 1];
  return extension(ENCRYPTED_CLIENT_HELLO, [
    0,
    ...cipherSuite,
    7,
    ...vector(Array(32).fill(5), 2),
    ...vector(Array(144).fill(9), 2),
  ]);
}

/** A record with a client hello that asks for a server by this name, or none. */
export function clientHello(
  { name, encrypted = false }: { name?: string; encrypted?: boolean },
): Uint8Array {
  const extensions = [
    ...(name === undefined ? [] : serverName(name)),
    ...extension(SUPPORTED_GROUPS, vector([0, 0x1d], 2)),
    ...extension(SIGNATURE_ALGORITHMS, vector([4, 3, 8, 4], 2)),
    ...extension(SUPPORTED_VERSIONS, vector([3, 4], 1)),
    ...extension(
      KEY_SHARE,
      vector([0, 0x1d, ...vector(Array(32).fill(8), 2)], 2),
    ),
    ...(encrypted ? encryptedHello() : []),
  ];
  const hello = [
    ...[3, 3],
    ...Array(32).fill(1),
    ...vector(Array(32).fill(2), 1),
    ...vector([0x13, 1, 0x13, 3], 2),
    ...vector([0], 1),
    ...vector(extensions, 2),
  ];
  return Uint8Array.from([
    ...[22, 3, 1],
    ...vector([1, ...vector(hello, 3)], 2),
  ]);
}
