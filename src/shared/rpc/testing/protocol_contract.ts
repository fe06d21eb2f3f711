/**
 * What host and agent have to agree on, as plain data. The copy in
 * `testdata/protocol.json` tells whether it changed without a new number.
 * `scripts/write-protocol` writes it anew after `PROTOCOL_VERSION` was raised.
 *
 * @module
 */

import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { STREAM_WINDOW } from "../credit_stream.ts";
import { FrameType, HEADER_BYTES } from "../frame.ts";
import { hostMessageSchema, responseSchema } from "../json_rpc.ts";
import {
  EXPORT_GRANULE,
  GREETING,
  methods,
  PROTOCOL_VERSION,
  RPC_PORT_COUNT,
  RpcErrorCode,
  rpcFailureSchema,
  rpcPortName,
  streamPurposeSchema,
} from "../protocol.ts";

/** The contract of one version of the protocol. */
export interface ProtocolContract {
  version: number;
  [part: string]: unknown;
}

/** How one goes on after the contract changed. */
const HOW_TO_WRITE =
  "raise PROTOCOL_VERSION in src/shared/rpc/protocol.ts, then run scripts/write-protocol";

const contractFile = new URL("../testdata/protocol.json", import.meta.url);

/** The contract as it is in the code. */
export function describeProtocol(): ProtocolContract {
  const ofMethods = Object.entries(methods).map((
    [name, { params, result }],
  ) => [
    name,
    { params: describe(params), result: describe(result) },
  ]);
  return {
    version: PROTOCOL_VERSION,
    greeting: GREETING,
    ports: Array.from({ length: RPC_PORT_COUNT }, (_, n) => rpcPortName(n)),
    exportGranule: EXPORT_GRANULE,
    frame: { headerBytes: HEADER_BYTES, types: FrameType },
    streamWindow: STREAM_WINDOW,
    hostMessage: describe(hostMessageSchema),
    response: describe(responseSchema),
    methods: Object.fromEntries(ofMethods),
    streamPurpose: describe(streamPurposeSchema),
    errorCodes: RpcErrorCode,
    failure: describe(rpcFailureSchema),
  };
}

/** The contract that was written down last. */
export async function readContract(): Promise<ProtocolContract> {
  return JSON.parse(await Deno.readTextFile(contractFile));
}

/**
 * Says what is wrong if what was written down is not what is in the code.
 *
 * @returns undefined if they are the same
 */
export function findContractFault(
  written: ProtocolContract,
  current: ProtocolContract,
): string | undefined {
  if (isDeepStrictEqual(written, current)) return undefined;
  return written.version === current.version
    ? `The protocol changed, and still has number ${current.version}: ${HOW_TO_WRITE}`
    : `src/shared/rpc/testdata/protocol.json is of protocol ${written.version}, not ${current.version}: ${HOW_TO_WRITE}`;
}

function describe(schema: z.ZodType): unknown {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: "input" });
  return rest;
}

async function writeContract(): Promise<void> {
  const current = describeProtocol();
  const written = await readContract();
  const isChanged = !isDeepStrictEqual(written, current);
  if (isChanged && written.version === current.version) {
    throw new Error(findContractFault(written, current));
  }
  await Deno.writeTextFile(
    contractFile,
    JSON.stringify(current, null, 2) + "\n",
  );
}

if (import.meta.main) await writeContract();
