import { EnvironmentError } from "../../shared/errors.ts";
import { RPC_PORT_COUNT } from "../../shared/rpc/protocol.ts";
import { type FileLock, tryAcquireLock } from "../state/lock.ts";
import type { StatePaths } from "../state/state_directory.ts";

/** A port of the manager that this process alone may connect to. */
export interface RpcPort {
  readonly port: number;
  readonly socket: string;
  readonly lock: FileLock;
}

/**
 * Takes an RPC port that no other command uses.
 *
 * @throws {EnvironmentError} `rpc-ports-busy`
 */
export async function takeRpcPort(
  paths: StatePaths,
  purpose: string,
): Promise<RpcPort> {
  for (const [port, { socket, lock: path }] of paths.run.rpcPorts.entries()) {
    const lock = await tryAcquireLock(path, purpose);
    if (lock !== undefined) return { port, socket, lock };
  }
  throw new EnvironmentError(
    "rpc-ports-busy",
    `Cannot reach the manager: ${RPC_PORT_COUNT} other commands use it already`,
    { hint: "Wait until one of them is done" },
  );
}
