import type { EgressRule } from "../shared/rpc/protocol.ts";
import type { PhaseContext } from "./phase.ts";

/** Has the host dial these destinations and no others. */
export async function configureEgress(
  { job, ports }: Pick<PhaseContext, "job" | "ports">,
  rules: EgressRule[],
): Promise<void> {
  const { spec, denied, opened } = job.project;
  const { networkBytes, networkBitsPerSecond } = spec.resources;
  await ports.egress.configure({
    rules,
    learn: job.learn,
    denied: [...denied],
    opened: [...opened],
    proxy: job.proxy,
    limits: {
      ...(networkBytes !== undefined && { totalBytes: networkBytes }),
      ...(networkBitsPerSecond !== undefined && {
        bitsPerSecond: networkBitsPerSecond,
      }),
    },
  });
}
