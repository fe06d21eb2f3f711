/**
 * Dialers under test: whatever they dial ends at a server on this machine.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { EgressRule } from "../../shared/network/egress_rule.ts";
import {
  type Connect,
  createDialer,
  type DialerOptions,
  type DialEvent,
} from "../dialer.ts";
import { EgressRefusedError } from "../egress_error.ts";

/** What the dialers' rules allow. */
export const rule: EgressRule = {
  host: "example.org",
  port: 80,
  protocol: "http",
};

/** A dialer whose connections all end at a server on this machine. */
export async function withServer(
  options: Partial<DialerOptions>,
  test: (context: {
    dial: ReturnType<typeof createDialer>["dial"];
    dialed: string[];
    events: DialEvent[];
  }) => Promise<void>,
): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = (async () => {
    for await (const connection of listener) connection.close();
  })();
  const { port } = listener.addr as Deno.NetAddr;
  const dialed: string[] = [];
  const events: DialEvent[] = [];
  const connect: Connect = ({ hostname, port: wanted, signal }) => {
    dialed.push(`${hostname} ${wanted}`);
    return Deno.connect({ hostname: "127.0.0.1", port, signal });
  };
  const dialer = createDialer({
    rules: [rule],
    resolve: () => Promise.resolve(["203.0.113.1"]),
    ownAddresses: () => ["198.51.100.1", "2001:470::1"],
    connect,
    ...options,
  });
  try {
    await test({
      dial: (destination) =>
        dialer.dial(destination, (event) => events.push(event)),
      dialed,
      events,
    });
  } finally {
    listener.close();
    await accepting;
  }
}

/** Checks the error of a refused connection. */
export function refusedAs(code: EgressRefusedError["code"], message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof EgressRefusedError);
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  };
}
