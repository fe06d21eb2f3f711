/**
 * Seals of files in the cache. The manager's kernel checks a sealed file
 * whenever it reads of it (fs-verity); its seal is the digest that it is checked
 * by. The host remembers the seals, since the data disk may have been changed
 * while the manager was off, or by a manager that somebody took over.
 *
 * @module
 */

import { sealSchema } from "../../src/shared/rpc/protocol.ts";
import { CommandError, runCommand } from "../system/commands.ts";

/** Its path in the manager image. */
const PROGRAM = "/usr/lib/contractor/seal";

/** All bytes of the file are digested first, slowly on an emulated CPU. */
const SEAL_TIMEOUT_SECONDS = 3600;

/** Seals a file, or tells a file's seal; null if there is none. */
export type Sealer = (
  action: "set" | "measure",
  file: string,
) => Promise<string | null>;

/** Without a seal a file serves as long as the agent runs, and no longer. */
export const kernelSealer: Sealer = async (action, file) => {
  try {
    const output = await runCommand(PROGRAM, [action, file], {
      timeoutSeconds: SEAL_TIMEOUT_SECONDS,
    });
    return sealSchema.nullable().parse(output.trim() || null);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    console.error("no seal:", error.message);
    return null;
  }
};

/** What one agent may use of the files that it finds. */
export class Seals {
  readonly #sealer: Sealer;
  /** Made by this agent, or found to have the seal that the host knows. */
  readonly #trusted = new Set<string>();

  constructor(sealer: Sealer = kernelSealer) {
    this.#sealer = sealer;
  }

  /** Whether a file is what the host means, who knows this seal of it. */
  async accepts(file: string, seal: string | null): Promise<boolean> {
    if (this.#trusted.has(file)) return true;
    if (seal === null || await this.#sealer("measure", file) !== seal) {
      return false;
    }
    this.#trusted.add(file);
    return true;
  }

  isTrusted(file: string): boolean {
    return this.#trusted.has(file);
  }

  /** Seals a file and gives it its name, by which it is trusted. */
  async keep(file: string, name: string): Promise<string | null> {
    const seal = await this.#sealer("set", file);
    await Deno.rename(file, name);
    this.#trusted.add(name);
    return seal;
  }

  /** The seal of a file that is trusted. */
  measure(file: string): Promise<string | null> {
    return this.#sealer("measure", file);
  }
}
