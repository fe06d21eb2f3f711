import type { BuildSpec } from "../spec/build_spec.ts";
import type { PhaseNetwork } from "../spec/network.ts";

/** Whether the host may have to dial for a build at all. */
export function mayReachHosts(
  { ansible, network }: Pick<BuildSpec, "ansible" | "network">,
  learn: boolean,
): boolean {
  const { prepare, build } = network;
  return learn || hasHosts(build) ||
    // Without a list the playbook reaches the image's package repositories.
    ansible !== undefined && (prepare === undefined || hasHosts(prepare));
}

function hasHosts(network: PhaseNetwork): boolean {
  return network !== "none" && network.length > 0;
}
