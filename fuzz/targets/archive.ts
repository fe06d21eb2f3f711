/**
 * A worker's archive: what is made of it lies in its folder, and nothing else
 * changes; what is refused leaves nothing.
 *
 * @module
 */

import assert from "node:assert/strict";
import { ContractorError } from "../../src/shared/errors.ts";
import { testLimits, unpack } from "../../src/guest/testing/trees.ts";
import { anyArchive, archiveTokens, resumAll } from "../archives.ts";
import { outcomeOfAsync, type Target } from "../target.ts";

/** What unpacking may end with, by its documentation. */
const CODES = [
  "workspace-refused",
  "workspace-too-large",
  "workspace-archive-damaged",
];
const SET_ID_OR_STICKY = 0o7000;

class UndeclaredError extends Error {}

/** Checks all below the workspace; returns how many entries there are. */
function checkTree(workspace: string, folder = workspace, depth = 0): number {
  let entries = 0;
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    entries++;
    const path = `${folder}/${name}`;
    const info = Deno.lstatSync(path);
    assert.ok(info.isFile || info.isDirectory || info.isSymlink, path);
    if (info.isSymlink) checkLink(workspace, path, depth);
    else assert.equal(info.mode! & SET_ID_OR_STICKY, 0, path);
    if (info.isFile) assert.equal(info.nlink, 1, path);
    if (isDirectory) entries += checkTree(workspace, path, depth + 1);
  }
  return entries;
}

/** Follows a target on paper, and on disk where it leads anywhere. */
function checkLink(workspace: string, path: string, depth: number): void {
  const target = Deno.readLinkSync(path);
  assert.ok(!target.startsWith("/"), `${path} -> ${target}`);
  let level = depth;
  for (const component of target.split("/")) {
    if (component === "..") level--;
    else if (component !== "" && component !== ".") level++;
    assert.ok(level >= 0, `${path} -> ${target}`);
  }
  let real: string;
  try {
    real = Deno.realPathSync(path);
  } catch {
    return; // It leads nowhere, or round and round.
  }
  assert.ok(`${real}/`.startsWith(`${workspace}/`), `${path} -> ${real}`);
}

export default {
  tokens: archiveTokens,
  structured: anyArchive,
  repair: resumAll,
  async check(input) {
    const root = Deno.realPathSync(
      Deno.makeTempDirSync({ prefix: "contractor-fuzz-" }),
    );
    try {
      await checkIn(root, input);
    } finally {
      Deno.removeSync(root, { recursive: true });
    }
  },
} satisfies Target;

async function checkIn(root: string, input: Uint8Array): Promise<void> {
  const workspace = `${root}/workspace`;
  Deno.writeFileSync(`${root}/disk`, input);
  const outcome = await outcomeOfAsync(
    () => unpack(`${root}/disk`, workspace).catch(requireDeclared),
    ContractorError,
  );
  const made = [...Deno.readDirSync(root)].map(({ name }) => name).sort();
  if ("error" in outcome) return assert.deepEqual(made, ["disk"]);
  assert.deepEqual(made, ["disk", "workspace"]);
  const entries = checkTree(workspace);
  assert.ok(entries <= testLimits.entries, `${entries} entries`);
}

function requireDeclared(error: unknown): never {
  if (error instanceof ContractorError && !CODES.includes(error.code)) {
    throw new UndeclaredError(error.code, { cause: error });
  }
  throw error;
}
