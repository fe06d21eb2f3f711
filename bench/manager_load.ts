/**
 * What the manager costs while it does nothing.
 *
 * @module
 */

import { setTimeout as sleep } from "node:timers/promises";
import { benchState, contractor } from "./contractor_command.ts";
import { type Figure, mebibytes } from "./table.ts";

/** After a build the agent still tidies up. */
const SETTLE_MS = 10_000;
const WATCH_MS = 30_000;

/** Clock ticks in a second of CPU time, which Linux has fixed for programs. */
const TICKS_PER_SECOND = 100;

async function managerPid(): Promise<string> {
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const command = await Deno.readTextFile(`/proc/${name}/cmdline`)
      .catch(() => "");
    if (
      command.includes("contractor-manager") && command.includes(benchState)
    ) {
      return name;
    }
  }
  throw new Error("Cannot find the manager's process");
}

async function cpuSeconds(pid: string): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

async function residentBytes(pid: string): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

/** Measures the running manager. */
export async function measureManagerLoad(): Promise<Figure[]> {
  const { stdout } = await contractor("manager", "status", "--json");
  const { agentMemoryBytes } = JSON.parse(stdout);
  const pid = await managerPid();
  await sleep(SETTLE_MS);
  const before = await cpuSeconds(pid);
  await sleep(WATCH_MS);
  const used = await cpuSeconds(pid) - before;
  const share = used / (WATCH_MS / 1000) * 100;
  return [
    {
      name: "agent, resident",
      value: mebibytes(agentMemoryBytes),
      aim: "below 150 MiB",
    },
    {
      name: "idle manager, CPU",
      value: `${share.toFixed(1)} % of a core`,
      aim: "below 2 %",
    },
    {
      name: "idle manager, resident",
      value: mebibytes(await residentBytes(pid)),
    },
  ];
}
