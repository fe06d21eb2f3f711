/**
 * Finds what a worker's kernel says about memory that it ran out of.
 *
 * @module
 */

/** Most that is looked at: the end of it. */
const MAX_TEXT_LENGTH = 64 * 1024;

/**
 * The line by which Linux tells each process that it kills, with or without the
 * control group's name; a message may follow another one without a line's end.
 */
const KILL =
  /(?:^|\n|\] |> )(?:Memory cgroup out of memory|Out of memory)(?: \(oom_kill_allocating_task\))?: Killed process [0-9]{1,10} \(/g;

/**
 * Counts the processes that a worker's kernel killed for want of memory, as far
 * as its console tells. The text is the worker's own: it may lie, so the count
 * is a note for the user and never decides on anything.
 */
export function countMemoryKills(consoleTail: string): number {
  const text = consoleTail.slice(-MAX_TEXT_LENGTH).replaceAll("\r", "");
  return text.match(KILL)?.length ?? 0;
}
