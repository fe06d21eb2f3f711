import type { Egress } from "./ports.ts";

/** Failed connections of a build that are told one by one. */
const MAX_NOTES = 20;

/** Dials for the workers until this is stopped. */
export function relayEgress(
  egress: Pick<Egress, "relay">,
  note: (message: string) => void,
): { stop(): Promise<void> } {
  const stopped = new AbortController();
  let failures = 0;
  const relayed = egress.relay((error) => {
    // A worker can make as many as it likes.
    if (++failures > MAX_NOTES) return;
    note(error instanceof Error ? error.message : String(error));
  }, stopped.signal);
  return {
    async stop() {
      stopped.abort();
      await relayed.catch(() => {});
    },
  };
}
