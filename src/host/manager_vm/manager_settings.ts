import type { ManagerPreferences } from "../../config/user_config.ts";
import {
  type AcceleratorChoice,
  parseAcceleratorChoice,
} from "./accelerator.ts";
import type { ManagerSettings } from "./manager.ts";
import { locateManagerImage } from "./manager_image.ts";
import { resolveStatePaths } from "../state/state_directory.ts";

/**
 * Memory of the manager VM: about 1 GiB for itself, the rest for workers. The
 * host gives it only as far as it is used.
 */
const MANAGER_MEMORY_BYTES = 6 * 1024 ** 3;

/** How long the manager stays up when nothing is built. */
const MANAGER_IDLE_SECONDS = 15 * 60;

/**
 * Where the manager's files are and what it runs on, from the environment of
 * this process.
 *
 * @param preferences what the user's configuration says
 * @param accelerator what the command line says; it wins over the environment
 */
export function managerSettings(
  accelerator?: AcceleratorChoice,
  preferences: ManagerPreferences = {},
): ManagerSettings {
  return {
    paths: resolveStatePaths({
      HOME: Deno.env.get("HOME"),
      XDG_STATE_HOME: Deno.env.get("XDG_STATE_HOME"),
      XDG_RUNTIME_DIR: Deno.env.get("XDG_RUNTIME_DIR"),
    }),
    qemu: "qemu-system-x86_64",
    image: locateManagerImage(Deno.env.get("CONTRACTOR_MANAGER_IMAGE")),
    accelerator: accelerator ??
      parseAcceleratorChoice(Deno.env.get("CONTRACTOR_ACCEL") || "auto"),
    cpus: navigator.hardwareConcurrency,
    memoryBytes: preferences.memoryBytes ?? MANAGER_MEMORY_BYTES,
    idleSeconds: preferences.idleSeconds ?? MANAGER_IDLE_SECONDS,
  };
}
