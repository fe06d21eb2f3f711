import { loadOwnConfig } from "../config/load.ts";
import { callAgent } from "../guest/session/call_agent.ts";
import type { AcceleratorChoice } from "../host/manager_vm/accelerator.ts";
import { managerSettings } from "../host/manager_vm/manager_settings.ts";
import type { ManagerSettings } from "../host/vmm.ts";
import {
  revokeOwnPermissions,
  spawnGuest,
  spawnVmm,
} from "../permissions/isolates.ts";
import type {
  MethodName,
  MethodParams,
  MethodResult,
} from "../shared/rpc/protocol.ts";
import { createStateDirectories } from "../host/state/state_directory.ts";
import type { ManagerIsolates } from "./connect.ts";

/** What a command that manages the manager works with. */
export interface ManagerSession extends ManagerIsolates {
  readonly settings: ManagerSettings;
  /** Calls the agent, once the guest isolate is connected. */
  request<M extends MethodName>(
    method: M,
    params: MethodParams<M>,
  ): Promise<MethodResult<M>>;
}

/** Runs a command with the threads that deal with the manager. */
export async function withManagerSession<T>(
  options: { purpose: string; accelerator?: AcceleratorChoice | undefined },
  work: (session: ManagerSession) => Promise<T>,
): Promise<T> {
  const settings = managerSettings(
    options.accelerator,
    (await loadOwnConfig()).manager,
  );
  await createStateDirectories(settings.paths);
  using isolates = new DisposableStack();
  const vmm = await spawnVmm(settings);
  isolates.defer(() => vmm.terminate());
  const { socket } = await vmm.call("takeRpcPort", {
    purpose: options.purpose,
  });
  const guest = spawnGuest(socket);
  isolates.defer(() => guest.terminate());
  await revokeOwnPermissions([vmm, guest]);
  const session: ManagerSession = {
    settings,
    vmm,
    guest,
    rpcSocket: socket,
    request: (method, params) => callAgent(guest, method, params),
  };
  try {
    return await work(session);
  } finally {
    await guest.call("disconnect", {});
  }
}
