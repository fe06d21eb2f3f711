/**
 * JSON-RPC 2.0 over a channel: the host calls, the agent serves.
 *
 * @module
 */

export {
  type AgentClient,
  type CallOptions,
  createAgentClient,
} from "./agent_client.ts";
export { AgentError } from "./agent_error.ts";
export {
  type MethodContext,
  type MethodHandlers,
  type MethodServer,
  type MethodServerOptions,
  serveMethods,
} from "./method_server.ts";
export { RpcFailureError } from "./rpc_failure.ts";
