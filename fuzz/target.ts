/**
 * A target of fuzzing: a parser of hostile bytes, and what must hold for it.
 *
 * @module
 */

import fc from "fast-check";
import { hashOf, Random } from "./random.ts";

/** A parser, and what must hold whatever it is given. */
export interface Target {
  /** Tokens of its format, one character per byte, to put into inputs. */
  tokens?: readonly string[];
  /** Inputs that come far, beside the corpus. */
  structured: fc.Arbitrary<Uint8Array>;
  /** Longest input, in bytes; by default {@linkcode MAX_INPUT_BYTES}. */
  maxBytes?: number;
  /** Corrects what no changed input has right, such as a checksum. */
  repair?(input: Uint8Array): Uint8Array;
  /**
   * Parses the input. Throws if anything is wrong with the parser, but nothing
   * for an input that it refuses as it says that it does. Must not depend on
   * anything but the input.
   */
  check(input: Uint8Array): void | Promise<void>;
}

/** A module that has a target. */
export interface TargetModule {
  default: Target;
}

export const MAX_INPUT_BYTES = 16 * 1024;

/** No target may have longer inputs. */
export const LONGEST_INPUT_BYTES = 256 * 1024;

type ErrorClass = abstract new (...parameters: never[]) => Error;

/** What came of parsing: a value, or an error that the parser declares. */
export type Outcome<T> = { value: T } | { error: string };

/** Runs a parser; errors of other classes than the declared ones go through. */
export function outcomeOf<T>(
  parse: () => T,
  ...declared: readonly ErrorClass[]
): Outcome<T> {
  try {
    return { value: parse() };
  } catch (error) {
    return { error: declaredMessage(error, declared) };
  }
}

/** As {@linkcode outcomeOf}, for a parser that takes its time. */
export async function outcomeOfAsync<T>(
  parse: () => Promise<T>,
  ...declared: readonly ErrorClass[]
): Promise<Outcome<T>> {
  try {
    return { value: await parse() };
  } catch (error) {
    return { error: declaredMessage(error, declared) };
  }
}

function declaredMessage(error: unknown, declared: readonly ErrorClass[]) {
  const known = declared.find((known) => error instanceof known);
  if (known === undefined) throw error;
  return `${known.name}: ${(error as Error).message}`;
}

/**
 * The input in chunks, whose borders follow from its bytes. All lie in one
 * buffer, which is written to again: whoever keeps a view of it will see.
 */
export function* chunksOf(input: Uint8Array): Generator<Uint8Array> {
  const random = new Random(hashOf(input));
  const longest = random.pick(
    [1, 16, 512, input.length, input.length / 2, input.length / 4],
  );
  const buffer = new Uint8Array(input.length);
  for (let at = 0; at < input.length;) {
    const end = Math.min(input.length, at + 1 + random.below(longest));
    const chunk = buffer.subarray(0, end - at);
    chunk.set(input.subarray(at, end));
    yield chunk;
    chunk.fill(0xaa);
    at = end;
  }
}

/** Text of any characters, lone surrogates included. */
export const anyText: fc.Arbitrary<string> = fc.array(
  fc.oneof(fc.nat(0x7f), fc.nat(0xffff), fc.nat(0x10ffff)),
  { maxLength: 20 },
).map((codes) => String.fromCodePoint(...codes));

/** The bytes of a text with one character per byte. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Bytes in one array. */
export function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
