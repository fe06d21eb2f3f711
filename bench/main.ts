/**
 * Measures Contractor on this machine and prints tables: `scripts/bench [dump]
 * [frames] [gateway] [hello] [manager] [neighbour] [workspace] [traffic]
 * [reference]`, all of them unless some are named. Three times in a line are the
 * least, the median and the most. Needs what scripts/quickstart sets up; set
 * `CONTRACTOR_ACCEL=tcg` where there is no usable KVM.
 *
 * @module
 */

import { contractor, sourceDirectory } from "./contractor_command.ts";
import { measureDump } from "./dump.ts";
import { measureFrames } from "./frames.ts";
import { measureGateway } from "./gateway.ts";
import { measureHello } from "./hello.ts";
import { measureManagerLoad } from "./manager_load.ts";
import { measureNeighbour } from "./neighbour.ts";
import { measureReference } from "./reference.ts";
import { type Figure, formatTable } from "./table.ts";
import { measureTraffic } from "./traffic.ts";
import { measureWorkspace } from "./workspace.ts";

const spec = `${sourceDirectory}examples/hello/hello.yaml`;

const measurements: Record<string, () => Promise<Figure[]>> = {
  dump: () => measureDump(spec),
  frames: measureFrames,
  gateway: measureGateway,
  hello: () => measureHello(spec),
  manager: measureManagerLoad,
  neighbour: measureNeighbour,
  workspace: measureWorkspace,
  traffic: measureTraffic,
  reference: () => measureReference(spec),
};

const names = Deno.args.length > 0 ? Deno.args : Object.keys(measurements);
for (const name of names) {
  const measure = measurements[name];
  if (measure === undefined) throw new Error(`Cannot measure "${name}"`);
  console.error(`Measuring ${name} ...`);
  // The reference is measured without the manager beside it.
  if (name === "reference") await contractor("manager", "stop", "--force");
  console.log(formatTable(await measure()));
}
