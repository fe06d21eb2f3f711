/**
 * The envelopes of JSON-RPC 2.0, as host and agent use them: the host sends
 * requests and one notification, the agent sends responses.
 *
 * @module
 */

import { z } from "zod";

/** Error codes of JSON-RPC 2.0. */
export const JsonRpcErrorCode = {
  methodNotFound: -32601,
  invalidParams: -32602,
} as const;

/** Longest text of an error; what is more goes into its data. */
export const MAX_ERROR_MESSAGE = 2_000;

/** Notification of the host that it no longer waits for a request. */
export const CANCEL_METHOD = "$/cancel";

const version = z.literal("2.0");
const idSchema = z.string().regex(/^[0-9a-f-]{1,64}$/);

export const requestSchema = z.strictObject({
  jsonrpc: version,
  id: idSchema,
  method: z.string().max(100),
  params: z.unknown(),
});
export type Request = z.infer<typeof requestSchema>;

export const cancellationSchema = z.strictObject({
  jsonrpc: version,
  method: z.literal(CANCEL_METHOD),
  params: z.strictObject({ id: idSchema }),
});

/** What the host may send. */
export const hostMessageSchema = z.union([cancellationSchema, requestSchema]);

export const responseErrorSchema = z.strictObject({
  code: z.int(),
  message: z.string().max(MAX_ERROR_MESSAGE),
  data: z.unknown().optional(),
});
export type ResponseError = z.infer<typeof responseErrorSchema>;

/** What the agent may send. */
export const responseSchema = z.union([
  z.strictObject({
    jsonrpc: version,
    id: idSchema,
    result: z.record(z.string(), z.unknown()),
  }),
  z.strictObject({
    jsonrpc: version,
    id: idSchema,
    error: responseErrorSchema,
  }),
]);
