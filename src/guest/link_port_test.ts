import assert from "node:assert/strict";
import { EnvironmentError } from "../errors.ts";
import { requestLinks, serveLinks } from "./link_port.ts";
import type { CreateLinksRequest } from "./linker.ts";

const request = { root: "/ws", links: [{ path: "a", target: "b" }] };

/** Asks, one after the other, and gives what became of each request. */
async function ask(
  create: (request: CreateLinksRequest) => Promise<void>,
  requests: CreateLinksRequest[],
): Promise<PromiseSettledResult<void>[]> {
  const { port1, port2 } = new MessageChannel();
  serveLinks(port2, create);
  const results: PromiseSettledResult<void>[] = [];
  try {
    for (const each of requests) {
      results.push(...await Promise.allSettled([requestLinks(port1, each)]));
    }
  } finally {
    port1.close();
    port2.close();
  }
  return results;
}

Deno.test("requests for links arrive as they were made, in order", async () => {
  const other = { root: "/ws", links: [] };
  const seen: CreateLinksRequest[] = [];
  const results = await ask((each) => {
    seen.push(each);
    return Promise.resolve();
  }, [request, other]);
  assert.deepEqual(seen, [request, other]);
  assert.ok(results.every(({ status }) => status === "fulfilled"));
});

Deno.test("a request for links ends only when they are there", async () => {
  let created = false;
  await ask(async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    created = true;
  }, [request]);
  assert.ok(created);
});

Deno.test("links that cannot be created are an error, and the port goes on", async () => {
  const failures = [new Error("no room"), "no room"];
  const [first, second, third] = await ask(() => {
    const failure = failures.shift();
    return failure ? Promise.reject(failure) : Promise.resolve();
  }, [request, request, request]);
  for (const result of [first, second]) {
    assert.ok(result?.status === "rejected");
    assert.ok(result.reason instanceof EnvironmentError);
    assert.equal(result.reason.code, "workspace-links");
    assert.match(result.reason.message, /: no room$/);
  }
  assert.equal(third?.status, "fulfilled");
});
