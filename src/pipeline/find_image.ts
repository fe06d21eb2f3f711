import type { MethodResult } from "../shared/rpc/protocol.ts";
import type { PhaseContext } from "./phase.ts";

type Context = Pick<PhaseContext, "agent" | "ports">;

/**
 * Asks the manager what it has of an image, and of a disk that was prepared
 * over it. What an earlier manager left counts only as this host remembers it.
 */
export async function findImage(
  { agent, ports }: Context,
  name: { image: string; prepared?: string },
): Promise<MethodResult<"image.find">> {
  const { host } = ports;
  const { image, prepared } = name;
  return await agent.call("image.find", {
    ...name,
    seals: {
      image: await host.readSeal(image),
      prepared: prepared === undefined ? null : await host.readSeal(prepared),
    },
  });
}

/** Remembers what the manager has put into its cache, for a later manager. */
export async function noteImage(
  { ports }: Pick<Context, "ports">,
  name: string,
  seal: string | null,
): Promise<void> {
  if (seal !== null) await ports.host.noteSeal(name, seal);
}
