/**
 * The hello example in nested VMs: from nothing, and with everything warm.
 *
 * @module
 */

import {
  benchState,
  type BuildTimes,
  contractor,
  makeState,
  timedBuild,
} from "./contractor_command.ts";
import { type Figure, seconds, spread } from "./table.ts";

/** A cold build takes minutes, so there is one. */
const WARM_BUILDS = 3;

function figures(
  name: string,
  builds: readonly BuildTimes[],
  format: (values: number[]) => string,
): Figure[] {
  const phases = builds.flatMap(({ phases }) => [...phases.keys()]);
  return [
    { name, value: format(builds.map(({ seconds }) => seconds)) },
    ...[...new Set(phases)].map((phase) => ({
      name: `  ${phase}`,
      value: format(builds.map(({ phases }) => phases.get(phase) ?? 0)),
    })),
  ];
}

async function removeState(): Promise<void> {
  await contractor("manager", "stop", "--force");
  await Deno.remove(benchState, { recursive: true });
  await makeState();
}

/** Builds hello once from nothing, then with everything warm. */
export async function measureHello(spec: string): Promise<Figure[]> {
  await makeState();
  await removeState();
  const cold = await timedBuild(spec);
  const warm: BuildTimes[] = [];
  for (let n = 0; n < WARM_BUILDS; n++) warm.push(await timedBuild(spec));
  return [
    ...figures(
      "hello, cold: no manager, nothing cached",
      [cold],
      ([value]) => seconds(value!),
    ),
    ...figures("hello, warm: manager up, playbook cached", warm, spread),
  ];
}
