/**
 * Steps that set a scenario up.
 *
 * @module
 */

import { WORKSPACE_STATE } from "../../src/guest/trees/source_manifest.ts";
import { step } from "../context.ts";
import { describeOutcome, runContractor } from "../invoke.ts";
import {
  contractorCommand,
  fileExists,
  managerManifest,
  sourceFiles,
} from "../repository.ts";

export const setUpSteps = [
  step("given file {name:file}", async (context, { name }) => {
    const path = await context.resolveNew(name);
    await Deno.writeTextFile(path, context.embedded(name));
  }),

  step(
    "given file {path:path} from {name:file}",
    async (context, { path, name }) => {
      const target = await context.resolveNew(path);
      await Deno.writeTextFile(target, context.embedded(name));
    },
  ),

  step(
    "given a symbolic link {path:path} to {target}",
    async (context, { path, target }) => {
      await Deno.symlink(target, await context.resolveNew(path));
    },
  ),

  step("given a checkout {path:path}", async (context, { path }) => {
    await Deno.mkdir(context.resolve(`${path}/.git`), { recursive: true });
  }),

  step(
    "given a workspace {path:path} of an earlier build, with file {name:path}",
    async (context, { path, name }) => {
      await Deno.mkdir(context.resolve(`${path}/${WORKSPACE_STATE}`), {
        recursive: true,
      });
      await Deno.writeTextFile(
        await context.resolveNew(`${path}/${name}`),
        "made earlier\n",
      );
    },
  ),

  step("given file {name} from source directory", async (context, { name }) => {
    const source = sourceFiles.get(name);
    if (source === undefined) {
      const known = [...sourceFiles.keys()].join(", ");
      throw new Error(`No such file: "${name}"; there are: ${known}`);
    }
    await requireImage(source);
    await copyImage(source, await context.resolveNew(name));
  }),

  step("given a working contractor", async (context) => {
    if (!await fileExists(contractorCommand)) {
      throw new Error(`Missing: "${contractorCommand}"`);
    }
    await requireImage(managerManifest);
    const outcome = await runContractor(context, ["--version"]);
    if (outcome.code !== 0) {
      throw new Error(
        `Contractor does not start\n${describeOutcome(outcome)}`,
      );
    }
  }),
];

/** Its holes stay holes: an image has many. */
async function copyImage(source: string, target: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("cp", {
    args: ["--sparse=always", "--reflink=auto", "--", source, target],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

async function requireImage(path: string): Promise<void> {
  if (await fileExists(path)) return;
  throw new Error(`Missing: "${path}"; build it with ./scripts/build-images`);
}
