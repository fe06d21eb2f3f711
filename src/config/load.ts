/**
 * A user's configuration from its file.
 *
 * @module
 */

import { isAbsolute, join } from "node:path";
import { UsageError } from "../shared/errors.ts";
import { readTextFile, type TextFile } from "../spec/read_text_file.ts";
import {
  emptyUserConfig,
  parseUserConfig,
  type UserConfig,
} from "./user_config.ts";

/** The environment variables that say where the configuration is. */
export interface ConfigEnvironment {
  readonly HOME?: string | undefined;
  readonly XDG_CONFIG_HOME?: string | undefined;
}

/** Where the configuration is; `undefined` if the user has no home. */
export function configPath(environment: ConfigEnvironment): string | undefined {
  const { HOME, XDG_CONFIG_HOME } = environment;
  // The XDG base directory specification: a relative path is to be ignored.
  const isUsable = (path: string | undefined) =>
    path !== undefined && isAbsolute(path);
  const file = join("contractor", "config.yaml");
  if (isUsable(XDG_CONFIG_HOME)) return join(XDG_CONFIG_HOME!, file);
  return isUsable(HOME) ? join(HOME!, ".config", file) : undefined;
}

/**
 * Reads and checks the configuration; nobody needs to have one.
 *
 * @throws {ConfigError} if it has mistakes, with all of them
 * @throws {UsageError} if the file cannot be read as text
 */
export async function loadUserConfig(
  environment: ConfigEnvironment,
): Promise<UserConfig> {
  const path = configPath(environment);
  const file = path && await readIfThere(path);
  return path && file ? parseUserConfig(file.text, path) : emptyUserConfig;
}

async function readIfThere(path: string): Promise<TextFile | undefined> {
  try {
    return await readTextFile(path, { code: "config", name: "configuration" });
  } catch (error) {
    if (error instanceof UsageError && error.code === "config-missing") {
      return undefined;
    }
    throw error;
  }
}

/**
 * Reads the configuration of the user who runs this command.
 *
 * @throws {UsageError} if it is wrong
 */
export function loadOwnConfig(): Promise<UserConfig> {
  return loadUserConfig({
    HOME: Deno.env.get("HOME"),
    XDG_CONFIG_HOME: Deno.env.get("XDG_CONFIG_HOME"),
  });
}
