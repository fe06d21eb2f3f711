import { EnvironmentError } from "../errors.ts";
import { quoteVisibly } from "../visible_text.ts";
import type { ResponseError } from "./json_rpc.ts";
import {
  type MethodName,
  type RpcFailure,
  rpcFailureSchema,
} from "./protocol.ts";

/** The agent answered a request with an error. */
export class RpcFailureError extends EnvironmentError {
  /** The agent's reason, if it gave a valid one. */
  readonly failure: RpcFailure | undefined;
  /** The error's number, by JSON-RPC. */
  readonly rpcCode: number;

  constructor(method: MethodName, error: ResponseError) {
    const parsed = rpcFailureSchema.safeParse(error.data);
    super(
      parsed.success ? `manager-${parsed.data.code}` : "manager-failed",
      `The manager cannot do "${method}": ${quoteVisibly(error.message)}`,
      parsed.data?.detail === undefined ? {} : { detail: parsed.data.detail },
    );
    this.failure = parsed.data;
    this.rpcCode = error.code;
  }
}
