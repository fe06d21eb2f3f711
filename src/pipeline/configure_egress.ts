import type { EgressRule } from "../rpc/protocol.ts";
import type { PhaseContext } from "./phase.ts";

/** Has the host dial these destinations and no others. */
export async function configureEgress(
  { job, ports }: Pick<PhaseContext, "job" | "ports">,
  rules: EgressRule[],
): Promise<void> {
  const { spec, denied, opened } = job.project;
  const { totalBytes, rateBitsPerSecond } = spec.resources.bandwidth;
  await ports.egress.configure({
    rules,
    learn: job.learn,
    denied: [...denied],
    opened: [...opened],
    proxy: job.proxy,
    limits: {
      ...(totalBytes !== undefined && { totalBytes }),
      ...(rateBitsPerSecond !== undefined && {
        bitsPerSecond: rateBitsPerSecond,
      }),
    },
  });
}
