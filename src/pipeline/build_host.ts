import {
  recoverWorkspace,
  unpackedPath,
} from "../guest/trees/replace_workspace.ts";
import type { Keeping } from "../config/user_config.ts";
import {
  buildPaths,
  createStateDirectories,
} from "../host/state/state_directory.ts";
import type { ManagerSettings } from "../host/vmm.ts";
import type { BuildSpec } from "../spec/build_spec.ts";
import { revokeOwnPermissions, spawnVmm } from "../permissions/isolates.ts";
import { isolatePorts } from "./isolate_ports.ts";
import { BuildIsolates } from "./isolates.ts";
import type { Ports } from "./ports.ts";
import { treesDiskPath } from "./job.ts";
import { checkFolders, createParents, hasWorkspace } from "./spec_places.ts";
import { lockWorkspace } from "./workspace_lock.ts";

/** What a build holds on the host while it runs. */
export interface BuildHost extends AsyncDisposable {
  readonly ports: Ports;
  /** Directory for the disks that are handed to the manager. */
  readonly staging: string;
  readonly log: string;
  readonly report: string;
  /** Whether there is a workspace of an earlier build. */
  readonly hasWorkspace: boolean;
  /** What the user should know before the build. */
  readonly notes: readonly string[];
}

/**
 * Checks what the spec names on the host, takes the locks and starts the
 * threads of a build. Afterwards the main thread has no permissions left.
 *
 * @throws {UsageError} if the source or the workspace cannot be used
 * @throws {EnvironmentError} `lock-held` if another build uses the workspace
 */
export async function openBuildHost(
  build: string,
  spec: BuildSpec,
  settings: ManagerSettings,
  kept: Keeping,
  egressModule: URL,
): Promise<BuildHost> {
  const { source, workspace, workerImage } = spec.paths;
  await checkFolders(spec);
  const { paths } = settings;
  await createStateDirectories(paths);
  const purpose = `building ${spec.name}`;
  await using resources = new AsyncDisposableStack();
  await createParents(workspace);
  resources.use(
    await lockWorkspace(paths.run.directory, workspace, purpose),
  );
  const notes = await recoverWorkspace(workspace);
  const startsFromWorkspace = await hasWorkspace(workspace);
  const { directory, log, report } = buildPaths(paths, build);
  await Deno.mkdir(directory, { mode: 0o700 });
  const vmm = await spawnVmm(settings, [workerImage]);
  resources.defer(() => vmm.terminate());
  await vmm.call("checkImage", { path: workerImage });
  const { directory: staging } = await vmm.call("openStaging", {
    build,
    purpose,
  });
  resources.defer(() => vmm.call("closeStaging", { build }));
  // Nobody waits for it, and what it cannot do the next build may.
  vmm.call("removeOldBuilds", kept).catch(() => {});
  const { socket } = await vmm.call("takeRpcPort", { purpose });
  const isolates = new BuildIsolates(vmm, socket, {
    trees: [source, workspace],
    disk: treesDiskPath(staging),
    unpacked: unpackedPath(workspace, build),
    log,
  }, egressModule);
  resources.defer(() => isolates.terminate());
  await revokeOwnPermissions(isolates.all);
  const held = resources.move();
  return {
    ports: isolatePorts(isolates),
    staging,
    log,
    report,
    notes,
    hasWorkspace: startsFromWorkspace,
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}
