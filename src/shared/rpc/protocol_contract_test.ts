import assert from "node:assert/strict";
import {
  describeProtocol,
  findContractFault,
  readContract,
} from "./testing/protocol_contract.ts";

Deno.test("the protocol is the one that was written down for its number", async () => {
  const fault = findContractFault(await readContract(), describeProtocol());
  if (fault !== undefined) assert.fail(fault);
});

Deno.test("a change of the protocol needs a new number", () => {
  const written = describeProtocol();
  const changed = { ...written, errorCodes: { failed: -1 } };
  assert.match(
    findContractFault(written, changed) ?? "",
    /^The protocol changed, and still has number \d+: raise PROTOCOL_VERSION/,
  );
  assert.match(
    findContractFault(written, { ...changed, version: 1_000_000 }) ?? "",
    /is of protocol \d+, not 1000000: .* run scripts\/write-protocol$/,
  );
});

Deno.test("the contract tells bounds, patterns and keys apart", () => {
  const text = JSON.stringify(describeProtocol());
  for (
    const part of [
      '"pattern":"^[0-9a-f]{64}$"',
      '"maxLength":64000',
      '"additionalProperties":false',
      '"multipleOf":1048576',
    ]
  ) assert.ok(text.includes(part), part);
});
