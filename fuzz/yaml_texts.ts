/**
 * YAML to fuzz with, and what must hold for the mistakes found in it.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { InvalidFileError } from "../src/spec/problem.ts";
import { type Outcome, outcomeOf } from "./target.ts";
import { findUnseen } from "./unseen.ts";

const encoder = new TextEncoder();

const value = fc.oneof(
  fc.constantFrom("a", "~", "1", "64 KiB", "-1 GiB", "1e9 s", "../..", "/etc"),
  fc.constantFrom("[]", "{}", "[&a [*a]]", "&a {<<: *a}", "!!binary aa", "*a"),
  fc.constantFrom('"\\u202e"', "2001-01-01", "0o7", "0x10", "1:30", "yes"),
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.string().map((text) => JSON.stringify(text)),
);

function mappingOf(keys: readonly string[]): fc.Arbitrary<string> {
  const entry = fc.tuple(fc.constantFrom(...keys), value)
    .map(([key, value]) => `${key}: ${value}`);
  return fc.array(entry, { maxLength: 8 }).map((lines) => lines.join("\n"));
}

const SPEC = `worker-image: worker.img
source: .
workspace: ws
build: make
ansible: |
  - hosts: all
`;

/** Whole specs with other entries after them, and entries alone. */
export const anySpec: fc.Arbitrary<Uint8Array> = fc.tuple(
  fc.constantFrom(SPEC, ""),
  mappingOf([
    ...["worker-image", "ansible", "source", "workspace", "build", "resources"],
    ...["network", "network: {build", "- hosts", "<<", "? [a]", "__proto__"],
    ...["resources: {memory", "network:\n  prepare", '"\\x1b[2J"', "bulid"],
  ]),
).map(([start, rest]) => encoder.encode(start + rest));

export const anyConfig: fc.Arbitrary<Uint8Array> = mappingOf([
  ...["network", "resources", "manager", "network: {deny", "resources: {max"],
  ...["network:\n  deny", "network:\n  build", "manager: {memory", "paths"],
  ...["<<", "__proto__", "? {}", '"\\x1b[2J"', "netwrok", "network: {private"],
]).map((text) => encoder.encode(text));

export const yamlTokens: readonly string[] = [
  ...[": ", "- ", "\n", "\n  ", "[", "]", "{", "}", "&a ", "*a", "<<: ", "? "],
  ...["|\n", ">-\n", "---\n", "...\n", "%YAML 1.1\n", "!!str ", "!!set ", "# "],
  ...['"', "'", "\t", "\xef\xbb\xbf", "\xe2\x80\xae", "\x1b[2J", "\0"],
  ...["worker-image", "ansible", "source", "workspace", "build", "network"],
  ...["resources", "memory", "prepare", "host", "protocols", "deny", "manager"],
];

/** Parses a file; every mistake in it must be told well. */
export function outcomeOfFile<T>(text: string, parse: () => T): Outcome<T> {
  return outcomeOf(() => {
    try {
      return parse();
    } catch (error) {
      if (error instanceof InvalidFileError) checkProblems(error, text);
      throw error;
    }
  }, InvalidFileError);
}

/** Every mistake has a place in the text, and words that do nothing else. */
function checkProblems(error: InvalidFileError, text: string): void {
  assert.ok(error.problems.length > 0, "It says no mistake");
  const lines = text.split("\n").length;
  for (const { line, column, message, hint } of error.problems) {
    assert.ok(Number.isInteger(line) && line >= 1 && line <= lines);
    assert.ok(Number.isInteger(column) && column >= 1);
    for (const words of [message, hint ?? ""]) {
      assert.ok(!/[\n\t]/.test(words), JSON.stringify(words));
      assert.equal(findUnseen(words), undefined, JSON.stringify(words));
    }
  }
}
