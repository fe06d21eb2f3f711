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
import { type Figure, seconds } from "./table.ts";

function figures(name: string, times: BuildTimes): Figure[] {
  return [
    { name, value: seconds(times.seconds) },
    ...[...times.phases].map(([phase, value]) => ({
      name: `  ${phase}`,
      value: seconds(value),
    })),
  ];
}

async function removeState(): Promise<void> {
  await contractor("manager", "stop", "--force");
  await Deno.remove(benchState, { recursive: true });
  await makeState();
}

/** Builds hello three times: cold, warm, and with only the caches warm. */
export async function measureHello(spec: string): Promise<Figure[]> {
  await makeState();
  await removeState();
  const cold = await timedBuild(spec);
  const warm = await timedBuild(spec);
  return [
    ...figures("hello, cold: no manager, nothing cached", cold),
    ...figures("hello, warm: manager up, playbook cached", warm),
  ];
}
