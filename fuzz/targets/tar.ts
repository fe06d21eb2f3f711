/**
 * A worker's archive, read alone: however few bytes a read gives, the same
 * members come of it, with their bodies.
 *
 * @module
 */

import assert from "node:assert/strict";
import { ContractorError } from "../../src/shared/errors.ts";
import { memberPath } from "../../src/guest/trees/member_policy.ts";
import { testLimits } from "../../src/guest/testing/trees.ts";
import { TarFormatError } from "../../src/guest/trees/tar_format.ts";
import {
  MAX_EXTENSION_BYTES,
  type TarMember,
  TarReader,
} from "../../src/guest/trees/tar_reader.ts";
import { anyArchive, archiveTokens, resumAll } from "../archives.ts";
import { chunksOf, outcomeOf, outcomeOfAsync, type Target } from "../target.ts";

/** A file whose reads give one chunk each. */
function fileOf(chunks: Iterator<Uint8Array>) {
  let chunk = new Uint8Array();
  return {
    read(buffer: Uint8Array): Promise<number | null> {
      if (chunk.length === 0) {
        const { done, value } = chunks.next();
        if (done) return Promise.resolve(null);
        chunk = value.slice();
      }
      const taken = chunk.subarray(0, buffer.length);
      buffer.set(taken);
      chunk = chunk.subarray(taken.length);
      return Promise.resolve(taken.length);
    },
  };
}

interface Read {
  members: { member: TarMember; bytes: number; hash: number }[];
  end: string;
}

async function readAll(chunks: Iterator<Uint8Array>): Promise<Read> {
  const reader = new TarReader(fileOf(chunks), MAX_EXTENSION_BYTES);
  const members: Read["members"] = [];
  const outcome = await outcomeOfAsync(async () => {
    let member: TarMember | undefined;
    while ((member = await reader.next()) !== undefined) {
      const read = { member, bytes: 0, hash: 0 };
      members.push(read);
      let piece: Uint8Array | undefined;
      while ((piece = await reader.read()) !== undefined) {
        read.bytes += piece.length;
        for (const byte of piece) read.hash = Math.imul(read.hash ^ byte, 31);
      }
    }
  }, TarFormatError);
  return { members, end: "error" in outcome ? outcome.error : "ended" };
}

function checkMember(member: TarMember): void {
  const outcome = outcomeOf(
    () => memberPath(member, testLimits),
    ContractorError,
  );
  if ("error" in outcome || outcome.value === "") return;
  for (const component of outcome.value.split("/")) {
    assert.ok(!["", ".", ".."].includes(component), outcome.value);
  }
}

export default {
  tokens: archiveTokens,
  structured: anyArchive,
  repair: resumAll,
  async check(input) {
    const whole = await readAll([input].values());
    const cut = await readAll(chunksOf(input));
    assert.deepEqual(cut, whole);
    for (const { member, bytes } of whole.members) {
      assert.ok(bytes <= member.size && bytes <= input.length);
      checkMember(member);
    }
    if (whole.end === "ended") {
      assert.ok(
        whole.members.every(({ member, bytes }) => member.size === bytes),
      );
    }
  },
} satisfies Target;
