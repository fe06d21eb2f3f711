import type { ErrorDetails } from "../errors.ts";
import type { RpcFailure } from "./protocol.ts";

/** A method of the agent refuses or fails, for a reason that the host knows. */
export class AgentError extends Error {
  override readonly name = "AgentError";
  /** More lines, such as the console's last ones. */
  readonly detail: string | undefined;

  constructor(
    readonly code: RpcFailure["code"],
    message: string,
    details: Pick<ErrorDetails, "cause"> & { detail?: string } = {},
  ) {
    super(message, { cause: details.cause });
    this.detail = details.detail;
  }
}
