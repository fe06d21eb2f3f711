/**
 * What a schema check found, as sentences at a place in the text.
 *
 * @module
 */

import { findSimilar } from "@optique/core/suggestion";
import type { z } from "zod";
import type { DataPath, PathPart } from "./locate.ts";
import { isIpv6, readAddress } from "../shared/network/host.ts";
import { protocolNames } from "../shared/network/protocols.ts";
import { quote } from "../shared/quote.ts";
import { knownKeys } from "./known_keys.ts";
import { correctQuantity, type QuantityKind } from "./units.ts";

/** A mistake, at a path in the data. */
export interface DataProblem {
  readonly path: DataPath;
  readonly part: PathPart;
  readonly message: string;
  readonly hint?: string;
}

/** More would not help anyone, and a hostile file may have very many. */
const MAX_EXPLAINED = 100;

/**
 * Checks data against a schema; empty if it fits.
 *
 * @param whole what the data is as a whole, such as "the build spec"
 */
export function checkData(
  data: unknown,
  schema: z.ZodType,
  whole: string,
): DataProblem[] {
  const { error } = schema.safeParse(data);
  const issues = (error?.issues ?? []).flatMap(chooseAlternative)
    .slice(0, MAX_EXPLAINED);
  const unknown = issues.filter((issue) => issue.code === "unrecognized_keys")
    .flatMap((issue) => explainUnknownKeys(issue, schema, whole));
  const guesses = new Set(unknown.map(({ guess }) => guess));
  const others = issues.filter((issue) => issue.code !== "unrecognized_keys")
    // A misspelt key is not missing as well.
    .filter((issue) => !guesses.has(pathKey(issue.path)))
    .map((issue) => explainValue(issue, valueAt(data, issue.path), whole));
  return [...unknown.map(({ problem }) => problem), ...others];
}

/**
 * Of a value that can be of several kinds, what is wrong with the kind that it
 * is of; the issue as it is, if the value is of none of them.
 */
function chooseAlternative(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== "invalid_union") return [issue];
  const chosen = issue.errors.find((issues) =>
    issues.every(({ path, code }) =>
      path.length > 0 || (code !== "invalid_type" && code !== "invalid_value")
    )
  );
  return chosen === undefined ? [issue] : chosen.map((inner) => ({
    ...inner,
    path: [...issue.path, ...inner.path],
  })).flatMap(chooseAlternative);
}

function explainUnknownKeys(
  issue: z.core.$ZodIssueUnrecognizedKeys,
  schema: z.ZodType,
  whole: string,
): { problem: DataProblem; guess: string | undefined }[] {
  const known = knownKeys(schema, issue.path);
  return issue.keys.slice(0, MAX_EXPLAINED).map((key) => {
    // Underscores and case are slips of the pen, whatever they cost in edits.
    const [similar] = findSimilar(key.replaceAll("_", "-"), known, {
      maxDistance: 3,
      maxDistanceRatio: 0.4,
      maxSuggestions: 1,
    });
    const where = issue.path.length === 0 ? whole : quote(showPath(issue.path));
    const problem: DataProblem = {
      path: [...issue.path, key],
      part: "key",
      message: `Unknown key ${quote(key)} in ${where}`,
      hint: similar === undefined
        ? `Expected one of ${known.map((name) => `"${name}"`).join(", ")}`
        : `Did you mean "${similar}"?`,
    };
    const guess = similar === undefined
      ? undefined
      : pathKey([...issue.path, similar]);
    return { problem, guess };
  });
}

function explainValue(
  issue: z.core.$ZodIssue,
  value: unknown,
  whole: string,
): DataProblem {
  const { path, message: expected } = issue;
  const name = path.length === 0 ? whole : quote(showPath(path));
  if (value === undefined) {
    return {
      path: path.slice(0, -1),
      part: "value",
      message: `Missing key ${name}: expected ${expected}`,
    };
  }
  const problem: DataProblem = {
    path,
    part: "value",
    message: `Expected ${expected} for ${name}, got ${describe(value)}`,
  };
  const hint = hintFor(issue, value);
  return hint === undefined ? problem : { ...problem, hint };
}

function hintFor(issue: z.core.$ZodIssue, value: unknown): string | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const text = String(value);
  if (issue.path.at(-1) === "host" && isIpv6(text)) {
    return "Workers have no IPv6: write the host's name";
  }
  const corrected = issue.code === "custom" && issue.params?.kind
    ? correctQuantity(issue.params.kind as QuantityKind, text)
    : correctProtocol(issue.path, text) ??
      correctHost(issue.path, value) ?? correctWord(issue, text);
  return corrected === undefined ? undefined : `Did you mean "${corrected}"?`;
}

/** A word that the value can be instead, such as `none`. */
function correctWord(
  issue: z.core.$ZodIssue,
  text: string,
): string | undefined {
  if (issue.code !== "invalid_union") return undefined;
  const words = issue.errors.flat().flatMap((inner) =>
    inner.code === "invalid_value" ? inner.values.map(String) : []
  );
  return findSimilar(text.toLowerCase(), words, {
    maxDistance: 1,
    maxDistanceRatio: 0.5,
    maxSuggestions: 1,
  })[0];
}

function correctProtocol(path: DataPath, value: string): string | undefined {
  if (path.at(-2) !== "protocols") return undefined;
  const port = /^(?:tcp[/ ]|port )?([1-9][0-9]{0,4})$/i.exec(value)?.[1];
  if (port !== undefined) return `tcp:${port}`;
  return findSimilar(value, protocolNames, {
    maxDistance: 2,
    maxDistanceRatio: 0.5,
    maxSuggestions: 1,
  })[0];
}

function isHostPath(path: DataPath): boolean {
  return path.at(-1) === "host" ||
    ["deny", "private"].includes(String(path.at(-2)));
}

/** Below it a number is no address in another notation, but a port. */
const SMALLEST_ADDRESS = 2 ** 24;

/** The usual notation of an address such as 0x7f000001 or 127.1. */
function correctHost(
  path: DataPath,
  value: string | number,
): string | undefined {
  const isPort = Number.isInteger(value) && Number(value) < SMALLEST_ADDRESS;
  if (!isHostPath(path) || isPort) return undefined;
  const address = readAddress(String(value));
  return address === value ? undefined : address;
}

function describe(value: unknown): string {
  if (value === null) return "nothing";
  if (typeof value === "string") return quote(value);
  if (Array.isArray(value)) {
    return value.length === 0 ? "an empty list" : "a list";
  }
  return typeof value === "object" ? "a mapping" : String(value);
}

function valueAt(data: unknown, path: DataPath): unknown {
  let value = data;
  for (const segment of path) {
    if (typeof value !== "object" || value === null) return undefined;
    if (!Object.hasOwn(value, segment)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[segment];
  }
  return value;
}

/** `network.build[0].host`. */
function showPath(path: DataPath): string {
  return path.map((segment, index) =>
    typeof segment === "number"
      ? `[${segment}]`
      : (index === 0 ? "" : ".") + String(segment)
  ).join("");
}

function pathKey(path: DataPath): string {
  return JSON.stringify(path);
}
