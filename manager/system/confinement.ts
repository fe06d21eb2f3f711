/**
 * Confines programs that read what a worker or an image's author wrote: each
 * has a user that is nobody else's, few files, no new processes, bounded
 * memory. Without any of it the program does not start.
 *
 * prlimit(1) and setpriv(1) replace themselves with the next program, so that
 * one process remains, and each costs no more than a program's start.
 *
 * @module
 */

import { agentPaths } from "./paths.ts";
import { seccompFilter } from "./seccomp_filter.ts";

/** Users of confined programs, of Debian's range that is given to nobody. */
export const confinedUsers = { images: 65000, dhcp: 65001 } as const;

/** Debian's group of block devices; a confined one reads those it is given. */
const DISK_GROUP = 6;

/** What a program gets beside its own code and the system's configuration. */
export interface Confinement {
  user: number;
  /** Files that exist already. */
  reads?: readonly string[];
  /** Files that exist already and that the user may write. */
  writes?: readonly string[];
  sockets?: boolean;
  /** Such as `net_bind_service`; none otherwise. */
  capability?: string;
  /** Memory of its own, without what it only reserves. */
  memoryBytes: number;
  /** Size of a file that it may write. */
  fileBytes: number;
}

/** The program that takes {@linkcode confine}'s arguments. */
export const CONFINER = "prlimit";

const MAX_OPEN_FILES = 64;

/** Of each thread; all count as the program's memory. */
const STACK_BYTES = 2 * 1024 ** 2;

/** Arguments that run a program confined. */
export function confine(
  program: string,
  args: readonly string[],
  confinement: Confinement,
): string[] {
  const { user, capability, memoryBytes, fileBytes } = confinement;
  const { reads = [], writes = [], sockets = false } = confinement;
  const capabilities = `-all${
    capability === undefined ? "" : `,+${capability}`
  }`;
  return [
    `--data=${memoryBytes}`,
    `--stack=${STACK_BYTES}`,
    `--fsize=${fileBytes}`,
    `--nofile=${MAX_OPEN_FILES}`,
    "--core=0",
    "setpriv",
    `--reuid=${user}`,
    `--regid=${reads.some(isDevice) ? DISK_GROUP : user}`,
    "--clear-groups",
    "--no-new-privs",
    `--bounding-set=${capabilities}`,
    `--inh-caps=${capabilities}`,
    `--ambient-caps=${capabilities}`,
    "--landlock-access=fs",
    allow("execute,read-file", "/usr"),
    allow("read-file", "/etc"),
    allow("read-file", "/dev/urandom"),
    allow("read-file,write-file", "/dev/null"),
    ...reads.map((path) => allow("read-file", path)),
    ...writes.map((path) => allow("read-file,write-file,truncate", path)),
    `--seccomp-filter=${filterFile(sockets)}`,
    "--",
    program,
    ...args,
  ];
}

function allow(access: string, path: string): string {
  return `--landlock-rule=path-beneath:${access}:${path}`;
}

function isDevice(path: string): boolean {
  return path.startsWith("/dev/");
}

/** Writes the filters that {@linkcode confine} names. */
export async function installFilters(): Promise<void> {
  for (const sockets of [false, true]) {
    const path = filterFile(sockets);
    await Deno.writeFile(path, seccompFilter({ sockets }));
    // Read by the program's own user.
    await Deno.chmod(path, 0o644);
  }
}

function filterFile(sockets: boolean): string {
  return `${agentPaths.runtime}/${sockets ? "sockets" : "plain"}.seccomp`;
}
