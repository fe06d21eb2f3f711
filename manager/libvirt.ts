/**
 * Runs workers' virtual machines through libvirt.
 *
 * @module
 */

import { CommandError, runCommand } from "./commands.ts";

/** Prefix of the names of all workers' domains. */
export const DOMAIN_PREFIX = "contractor-";

/** What a domain has used, measured outside of it. */
export interface DomainUsage {
  cpuSeconds: number;
  peakMemoryBytes: number;
}

/** The first call after boot probes QEMU's capabilities: 9 s measured. */
const CREATE_TIMEOUT_SECONDS = 180;

function virsh(args: readonly string[], options = {}): Promise<string> {
  return runCommand("virsh", ["--quiet", ...args], options);
}

/** Starts a transient domain. */
export async function createDomain(xmlFile: string): Promise<void> {
  await virsh(["create", xmlFile], { timeoutSeconds: CREATE_TIMEOUT_SECONDS });
}

/** Ends a domain at once; one that is gone already is fine. */
export async function destroyDomain(name: string): Promise<void> {
  try {
    await virsh(["destroy", name]);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** Names of the workers' domains that run. */
export async function listDomains(): Promise<string[]> {
  const output = await virsh(["list", "--all", "--name"]);
  return output.split("\n").map((line) => line.trim())
    .filter((name) => name.startsWith(DOMAIN_PREFIX));
}

/** Whether libvirt knows the domain, and waits a while for it to go. */
export async function waitUntilGone(
  name: string,
  timeoutSeconds: number,
): Promise<boolean> {
  const deadline = performance.now() + timeoutSeconds * 1000;
  while ((await listDomains()).includes(name)) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return true;
}

function isGone(error: unknown): boolean {
  return error instanceof CommandError &&
    /failed to get domain|domain is not running|Domain not found/i.test(
      error.stderr,
    );
}

/**
 * Finds the control group of a domain's machine; undefined where libvirt made
 * none.
 */
export async function findControlGroup(
  name: string,
): Promise<string | undefined> {
  try {
    const pid = (await cat(`/run/libvirt/qemu/${name}.pid`)).trim();
    if (!/^[0-9]{1,10}$/.test(pid)) return undefined;
    return controlGroupOf(await cat(`/proc/${pid}/cgroup`));
  } catch (error) {
    if (error instanceof CommandError) return undefined;
    throw error;
  }
}

/** The machine's part of a process's control group, below the mount point. */
export function controlGroupOf(procCgroup: string): string | undefined {
  const path = /^0::(\/.*)$/m.exec(procCgroup)?.[1];
  const machine = path?.match(/^(.*\/machine-qemu[^/]*\.scope)(\/|$)/)?.[1];
  return machine === undefined ? undefined : `/sys/fs/cgroup${machine}`;
}

/**
 * Stops all processes of a domain's machine, sooner than libvirt could end it.
 *
 * @returns whether it worked; the machine may be gone
 */
export async function freezeControlGroup(path: string): Promise<boolean> {
  return await tryControl(["freeze", scopeOf(path)]);
}

/** Kills all processes of a machine; frozen ones hear of nothing else. */
export async function killControlGroup(path: string): Promise<void> {
  await tryControl(["kill", "--signal=KILL", scopeOf(path)]);
}

async function tryControl(args: readonly string[]): Promise<boolean> {
  try {
    await runCommand("systemctl", args);
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}

/** Name of the systemd unit that a machine's control group belongs to. */
export function scopeOf(controlGroup: string): string {
  return controlGroup.slice(controlGroup.lastIndexOf("/") + 1);
}

/** CPU time of a domain's machine: one program started, for who asks often. */
export async function measureCpuSeconds(controlGroup: string): Promise<number> {
  return numberAfter(await cat(`${controlGroup}/cpu.stat`), "usage_usec ") /
    1e6;
}

/** Measures a domain by its control group, else by libvirt's statistics. */
export async function measureDomain(
  name: string,
  controlGroup: string | undefined,
): Promise<DomainUsage> {
  if (controlGroup !== undefined) {
    try {
      const [cpu, memory] = await Promise.all([
        cat(`${controlGroup}/cpu.stat`),
        cat(`${controlGroup}/memory.peak`),
      ]);
      return {
        cpuSeconds: numberAfter(cpu, "usage_usec ") / 1e6,
        peakMemoryBytes: numberAfter(memory, ""),
      };
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
    }
  }
  return parseDomainStats(
    await virsh(["domstats", "--cpu-total", "--balloon", name]),
  );
}

/** Parses the statistics that `virsh domstats` prints. */
export function parseDomainStats(output: string): DomainUsage {
  return {
    cpuSeconds: numberAfter(output, "cpu.time=") / 1e9,
    peakMemoryBytes: numberAfter(output, "balloon.rss=") * 1024,
  };
}

function numberAfter(text: string, key: string): number {
  for (const line of text.split("\n")) {
    const entry = line.trim();
    if (entry.startsWith(key) && /^[0-9]+$/.test(entry.slice(key.length))) {
      return Number(entry.slice(key.length));
    }
  }
  return 0;
}

/** `/proc` and `/sys` are closed to a scoped Deno. */
function cat(path: string): Promise<string> {
  return runCommand("cat", [path]);
}
