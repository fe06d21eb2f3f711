/**
 * A hostile archive as a pair of tests: it is refused, its twin is not.
 *
 * @module
 */

import assert from "node:assert/strict";
import { ContractorError, LimitExceededError } from "../../shared/errors.ts";
import type { LimitRecord } from "../../shared/rpc/verdict.ts";
import { end, file, join } from "./archive.ts";
import {
  inTemporaryDirectory,
  makeTree,
  readTree,
  testLimits,
  type Tree,
  unpack,
} from "./trees.ts";

/** An archive that must be refused, and its harmless twin that must not be. */
export interface HostileCase {
  name: string;
  hostile: Uint8Array;
  code: string;
  says: RegExp;
  /** Of an exceeded limit. */
  record?: LimitRecord;
  control: Uint8Array;
  unpacked: Tree;
  limits?: Partial<typeof testLimits>;
}

/** What `file` writes. */
export const content = "content\n";

/** An archive of these members, with its end. */
export const archive = (...parts: Uint8Array[]) => join(...parts, end());

/** The twin of a case that has no closer one. */
export const oneFile = {
  control: archive(file("a")),
  unpacked: { a: content },
};

/** Declares both tests of a case. */
export function testHostileCase(testCase: HostileCase): void {
  Deno.test(`unpackWorkspace refuses ${testCase.name}`, () =>
    inTemporaryDirectory(async (root) => {
      const { hostile, code, says, limits } = testCase;
      makeTree(root, { "outside/canary": "alive" });
      Deno.writeFileSync(`${root}/disk`, hostile);
      await assert.rejects(
        unpack(`${root}/disk`, `${root}/workspace`, limits),
        (error) => {
          assert.ok(error instanceof ContractorError, String(error));
          assert.equal(error.code, code, error.message);
          assert.match(error.message, says);
          assert.deepEqual(
            error instanceof LimitExceededError ? error.record : undefined,
            testCase.record,
          );
          return true;
        },
      );
      Deno.removeSync(`${root}/disk`);
      assert.deepEqual(readTree(root), { "outside/canary": "alive" });
    }));

  Deno.test(`unpackWorkspace takes the like of ${testCase.name}`, () =>
    inTemporaryDirectory(async (root) => {
      Deno.writeFileSync(`${root}/disk`, testCase.control);
      await unpack(`${root}/disk`, `${root}/workspace`, testCase.limits);
      assert.deepEqual(readTree(`${root}/workspace`), testCase.unpacked);
    }));
}
