/** Something that hostile code tries: a function of Deno's or of Node's. */
export interface Attempt {
  module: "Deno" | "node:fs";
  name: string;
  args: unknown[];
}

/** Hostile code in one of our isolates: it does what the test wants. */
export interface HostileApi {
  /** Gives what came of it: `done`, or the name of the error. */
  attempt: { params: Attempt; result: string };
}
