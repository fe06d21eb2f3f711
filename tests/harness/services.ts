/**
 * What canaries say: as much of each protocol as a client needs to see that it
 * has reached one.
 *
 * @module
 */

import type { CanaryConnection, Serve } from "./canary.ts";

async function readAll(connection: CanaryConnection): Promise<void> {
  while (await connection.read() !== null);
}

/** Takes bytes and says nothing. */
export const sink: Serve = readAll;

/** Takes the first bytes, such as a TLS hello, and hangs up. */
export const hangUp: Serve = async (connection) => {
  await connection.read();
};

/** Sends back what it gets. */
export const echo: Serve = async (connection) => {
  for (;;) {
    const piece = await connection.read();
    if (piece === null) return;
    await connection.write(piece);
  }
};

/** Speaks first, as mail servers do, and hangs up. */
export const greet: Serve = async (connection) => {
  await connection.write("welcome\n");
};

/** Answers every request of a connection with a short page. */
export const http: Serve = async (connection) => {
  const page = "canary\n";
  while (await connection.readUntil("\r\n\r\n")) {
    await connection.write(
      `HTTP/1.1 200 OK\r\nContent-Length: ${page.length}\r\n\r\n${page}`,
    );
  }
};

/** Answers a request with a page that has no end. */
export const endlessHttp: Serve = async (connection) => {
  await connection.readUntil("\r\n\r\n");
  await connection.write("HTTP/1.0 200 OK\r\n\r\n");
  const piece = new Uint8Array(64 * 1024);
  for (;;) await connection.write(piece);
};

/** Answers a request with a page: a text, or so many bytes. */
export function pageOf(content: string | number): Serve {
  const page = typeof content === "string"
    ? new TextEncoder().encode(content)
    : new Uint8Array(content);
  return async (connection) => {
    await connection.readUntil("\r\n\r\n");
    await connection.write(
      `HTTP/1.0 200 OK\r\nContent-Length: ${page.length}\r\n\r\n`,
    );
    await connection.write(page);
    await readAll(connection);
  };
}

/** Shows a banner, as SSH servers do before they hear anything. */
export const ssh: Serve = async (connection) => {
  await connection.write("SSH-2.0-canary\r\n");
  await readAll(connection);
};

/** Answers a git client with an error, in git's packet format. */
export const git: Serve = async (connection) => {
  await connection.read();
  await connection.write("0015ERR no repository");
};
