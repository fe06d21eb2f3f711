/**
 * Steps that look at the manager: at what it tells of itself, and at its QEMU, a
 * process of the user's.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { type ScenarioContext, step } from "../context.ts";

export const managerSteps = [
  step(
    "then the status has images in the manager's cache",
    ({ outcome: { stdout } }) => {
      if (!/^images +[1-9]\d*, /m.test(stdout)) {
        throw new Error(`It has:\n${stdout}`);
      }
    },
  ),

  step(
    'then the manager\'s QEMU has the arguments "{text:text}"',
    async (context, { text }) => {
      const command = await readProcess(context, "cmdline");
      if (!command.replaceAll("\0", " ").includes(text)) {
        throw new Error(`QEMU runs as ${command}`);
      }
    },
  ),

  step(
    "then the manager's QEMU has nothing of the environment",
    async (context) => {
      const environment = await readProcess(context, "environ");
      // Deno itself adds this, depending on its version.
      if (!/^(DENO_EXTRA_STDIO_FDS=[\d,]+\0)?$/.test(environment)) {
        throw new Error(`It has ${environment}`);
      }
    },
  ),

  step(
    "then the manager's QEMU is unprivileged, and can never be more",
    async (context) => {
      const status = await readProcess(context, "status");
      const expected = {
        Uid: /^[1-9]/,
        CapEff: /^0+$/,
        NoNewPrivs: /^1$/,
        Seccomp: /^2$/,
      };
      for (const [name, expression] of Object.entries(expected)) {
        const value = new RegExp(`^${name}:\\t(.*)$`, "m").exec(status)?.[1];
        if (value === undefined || !expression.test(value)) {
          throw new Error(`${name} is "${value}"`);
        }
      }
    },
  ),
];

/** What the kernel says of the process. */
async function readProcess(
  { environment }: ScenarioContext,
  name: string,
): Promise<string> {
  const state = `${environment.XDG_STATE_HOME}/contractor`;
  const digest = createHash("sha256").update(state).digest("hex").slice(0, 8);
  const runtime = `${environment.XDG_RUNTIME_DIR}/contractor/${digest}`;
  const pid = (await Deno.readTextFile(`${runtime}/qemu.pid`)).trim();
  return await Deno.readTextFile(`/proc/${pid}/${name}`);
}
