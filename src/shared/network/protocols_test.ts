import assert from "node:assert/strict";
import { egressRuleSchema } from "./egress_rule.ts";
import {
  isProtocolName,
  protocolAt,
  protocolNames,
  protocols,
} from "./protocols.ts";

Deno.test("each protocol has a port of its own, by which it is known", () => {
  for (const name of protocolNames) {
    const { port } = protocols[name];
    assert.equal(protocolAt(port), name);
    assert.ok(
      egressRuleSchema.safeParse({ host: "a.example", port, protocol: name })
        .success,
    );
  }
  assert.equal(protocolAt(8080), undefined);
});

Deno.test("a name is a protocol's only if it has a row", () => {
  assert.ok(isProtocolName("https"));
  for (const text of ["tcp", "HTTPS", "gopher", "toString", "__proto__", ""]) {
    assert.equal(isProtocolName(text), false, text);
  }
});
