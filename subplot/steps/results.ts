/**
 * Steps that look at the files a command left.
 *
 * @module
 */

import { step } from "../context.ts";
import { fileExists } from "../repository.ts";

export const resultSteps = [
  step("then file {path:path} exists", async (context, { path }) => {
    if (!await fileExists(context.resolve(path))) {
      throw new Error(`Missing: "${path}"`);
    }
  }),

  step("then file {path:path} does not exist", async (context, { path }) => {
    if (await fileExists(context.resolve(path))) {
      throw new Error(`There is a "${path}"`);
    }
  }),

  step("then file {path:path} is executable", async (context, { path }) => {
    const { isFile, mode } = await Deno.lstat(context.resolve(path));
    if (!isFile || ((mode ?? 0) & 0o100) === 0) {
      throw new Error(`Not an executable file: "${path}"`);
    }
  }),

  step(
    'then file {path:path} contains "{text:text}"',
    async (context, { path, text }) => {
      const content = await Deno.readTextFile(context.resolve(path));
      if (!content.includes(text)) {
        throw new Error(`Text is not in "${path}":\n${content.slice(0, 2000)}`);
      }
    },
  ),

  step(
    'then file {path:path} does not contain "{text:text}"',
    async (context, { path, text }) => {
      const content = await Deno.readTextFile(context.resolve(path));
      if (content.includes(text)) throw new Error(`Text is in "${path}"`);
    },
  ),
];
