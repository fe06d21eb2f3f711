import type { Isolate } from "../../isolate/isolate.ts";
import type {
  MethodName,
  MethodParams,
  MethodResult,
} from "../../shared/rpc/protocol.ts";
import type { GuestApi } from "../guest.ts";

/** Calls the agent through the `guest` isolate, which checks its answers. */
export async function callAgent<M extends MethodName>(
  guest: Pick<Isolate<GuestApi>, "call">,
  method: M,
  params: MethodParams<M>,
  options: { signal?: AbortSignal } = {},
): Promise<MethodResult<M>> {
  const answer = await guest.call("request", { method, params }, options);
  return answer as MethodResult<M>;
}
