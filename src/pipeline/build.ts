/**
 * `contractor build`: one build from the spec to the report.
 *
 * @module
 */

import { noProxy, type ProxySettings } from "../egress/proxy_settings.ts";
import type { AcceleratorChoice } from "../host/manager_vm/accelerator.ts";
import { requireCapacity } from "../host/manager_vm/capacity.ts";
import { managerSettings } from "../host/manager_vm/manager_settings.ts";
import { egressUrl } from "../permissions/isolates.ts";
import { loadProject, type ProjectOptions } from "../project/load_project.ts";
import { openBuildHost } from "./build_host.ts";
import { newBuildId } from "./build_id.ts";
import { conductBuild } from "./conductor.ts";
import type { BuildEvent } from "./events.ts";
import { mayReachHosts } from "./reach.ts";

/** What `contractor build` was asked to do. */
export interface BuildOptions extends ProjectOptions {
  specPath: string;
  accelerator: AcceleratorChoice | undefined;
  /** Whether a prepared worker disk of an earlier build may serve. */
  useCache: boolean;
  /** Whether hosts that no rule allows can be reached, to learn of them. */
  learn: boolean;
  /** Tells what the host dials through, if the build may reach anything. */
  readProxy?: () => Promise<ProxySettings>;
  onEvent: (event: BuildEvent) => void;
  signal: AbortSignal;
  /**
   * Module of the egress isolate; tests put one in its place that resolves
   * names and connects in their own way.
   */
  egressModule?: URL;
}

/**
 * Builds what a spec says and leaves a report of it; the last event says how
 * the build ended.
 *
 * @returns the exit code
 * @throws {ContractorError} if the build could not even be started
 */
export async function runBuild(options: BuildOptions): Promise<number> {
  const project = await loadProject(options.specPath, options);
  const settings = managerSettings(options.accelerator, project.manager);
  requireCapacity(settings, project.spec.resources);
  // A proxy that cannot be used is no matter to a build that reaches nothing.
  const proxy = mayReachHosts(project.spec, options.learn)
    ? await options.readProxy?.()
    : undefined;
  const id = newBuildId();
  await using host = await openBuildHost(
    id,
    project.spec,
    settings,
    project.keep.builds,
    options.egressModule ?? egressUrl,
  );
  const { useCache, learn, onEvent, signal } = options;
  const { ports, staging, log, report, hasWorkspace, notes } = host;
  return await conductBuild({
    id,
    project,
    useCache,
    learn,
    proxy: proxy ?? noProxy,
    staging,
    log,
    report,
    hasWorkspace,
    notes,
  }, { ports, onEvent, signal });
}
