/**
 * All commands, in the order in which help tells them.
 *
 * @module
 */

import type { Command } from "./command.ts";
import { buildCommand } from "./commands/build.ts";
import { checkCommand } from "./commands/check.ts";
import { dumpCommand } from "./commands/dump.ts";
import { managerCommand } from "./commands/manager.ts";
import { schemaCommand } from "./commands/schema.ts";
import { statusCommand } from "./commands/status.ts";

export const commands: readonly Command[] = [
  buildCommand,
  checkCommand,
  dumpCommand,
  schemaCommand,
  statusCommand,
  managerCommand,
];
