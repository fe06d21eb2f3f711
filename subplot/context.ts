/**
 * What the steps of one scenario share: a fresh directory, the document's
 * files, and the outcome of the last command.
 *
 * @module
 */

import { dirname, resolve } from "node:path";
import { FakeInternet } from "../tests/harness/fake_internet.ts";
import { bindingsFor } from "./bindings.ts";
import type { EmbeddedFile } from "./parse.ts";
import { prepareEnvironment } from "./test_state.ts";

/** How a command ended. */
export interface CommandOutcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** State of a scenario that is being run. */
export class ScenarioContext {
  #outcome: CommandOutcome | undefined;
  #internet: FakeInternet | undefined;

  private constructor(
    readonly directory: string,
    readonly environment: Readonly<Record<string, string>>,
    readonly files: ReadonlyMap<string, EmbeddedFile>,
  ) {}

  /** Makes a context in a fresh temporary directory. */
  static async create(
    files: ReadonlyMap<string, EmbeddedFile>,
  ): Promise<ScenarioContext> {
    const environment = await prepareEnvironment();
    const directory = await Deno.makeTempDir({ prefix: "scenario-" });
    return new ScenarioContext(
      directory,
      { ...environment, XDG_CONFIG_HOME: `${directory}/.config` },
      files,
    );
  }

  /** Removes the scenario's directory. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#internet?.[Symbol.asyncDispose]();
    await Deno.remove(this.directory, { recursive: true });
  }

  /** Resolves a path of a step, which must stay within the directory. */
  resolve(path: string): string {
    const resolved = resolve(this.directory, path);
    if (!resolved.startsWith(`${this.directory}/`)) {
      throw new Error(`Path "${path}" leads out of the scenario's directory`);
    }
    return resolved;
  }

  /** Resolves a path and makes the directories above it. */
  async resolveNew(path: string): Promise<string> {
    const resolved = this.resolve(path);
    await Deno.mkdir(dirname(resolved), { recursive: true });
    return resolved;
  }

  /** Content of an embedded file. */
  embedded(name: string): string {
    const file = this.files.get(name);
    if (file === undefined) throw new Error(`File "${name}" is not embedded`);
    return file.content;
  }

  /** The made-up network of this scenario. */
  get internet(): FakeInternet {
    return this.#internet ??= new FakeInternet();
  }

  /** Outcome of the last command. */
  get outcome(): CommandOutcome {
    if (this.#outcome === undefined) {
      throw new Error("No command has run in this scenario");
    }
    return this.#outcome;
  }

  set outcome(outcome: CommandOutcome) {
    this.#outcome = outcome;
  }
}

/** Defines a step of our scenarios. */
export const step = bindingsFor<ScenarioContext>();
