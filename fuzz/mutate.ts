/**
 * Changes inputs: bits, pieces, tokens of the format, and what may be a length.
 *
 * @module
 */

import type { Random } from "./random.ts";

/** What changes may draw from. */
export interface MutationSource {
  /** Other inputs, to take pieces of. */
  donors: readonly Uint8Array[];
  /** Bytes that mean something in the format. */
  tokens: readonly Uint8Array[];
  /** Longest input to make. */
  maxBytes: number;
}

type Bytes = Uint8Array<ArrayBuffer>;
type Mutation = (
  input: Bytes,
  source: MutationSource,
  random: Random,
) => Bytes;

/** Longest piece that one change inserts, removes or copies. */
const MAX_PIECE = 64;

const MAX_CHANGES = 4;

/** Numbers at which code takes another turn. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0xffffffff];

const mutations: readonly Mutation[] = [
  flipBit,
  setByte,
  remove,
  repeat,
  truncate,
  insertRandom,
  insertToken,
  overwriteWithToken,
  changeNumber,
  splice,
  copyWithin,
];

/** A copy of the input with one change or some. */
export function mutate(
  input: Uint8Array,
  source: MutationSource,
  random: Random,
): Uint8Array {
  let mutated: Bytes = new Uint8Array(input);
  for (let left = 1 + random.below(MAX_CHANGES); left > 0; left--) {
    mutated = random.pick(mutations)(mutated, source, random);
  }
  return mutated.slice(0, source.maxBytes);
}

function flipBit(input: Bytes, _: MutationSource, random: Random) {
  if (input.length > 0) {
    const at = random.below(input.length);
    input[at] = input[at]! ^ (1 << random.below(8));
  }
  return input;
}

function setByte(input: Bytes, _: MutationSource, random: Random) {
  if (input.length > 0) input[random.below(input.length)] = random.below(256);
  return input;
}

function remove(input: Bytes, _: MutationSource, random: Random) {
  const { start, end } = anyPiece(input, random);
  return replace(input, start, end, new Uint8Array());
}

function repeat(input: Bytes, source: MutationSource, random: Random) {
  const { start, end } = anyPiece(input, random);
  const piece = input.subarray(start, end);
  const times = 1 + random.below(random.below(8) === 0 ? 256 : 4);
  const room = Math.max(0, source.maxBytes - input.length);
  const copies = new Uint8Array(Math.min(room, piece.length * times));
  for (let at = 0; at < copies.length; at++) {
    copies[at] = piece[at % piece.length]!;
  }
  return replace(input, end, end, copies);
}

function truncate(input: Bytes, _: MutationSource, random: Random) {
  return input.slice(0, random.below(input.length + 1));
}

function insertRandom(input: Bytes, _: MutationSource, random: Random) {
  const piece = Uint8Array.from(
    { length: 1 + random.below(8) },
    () => random.below(256),
  );
  const at = random.below(input.length + 1);
  return replace(input, at, at, piece);
}

function insertToken(
  input: Bytes,
  { tokens }: MutationSource,
  random: Random,
) {
  if (tokens.length === 0) return input;
  const at = random.below(input.length + 1);
  return replace(input, at, at, random.pick(tokens));
}

function overwriteWithToken(
  input: Bytes,
  { tokens }: MutationSource,
  random: Random,
) {
  if (tokens.length === 0) return input;
  const token = random.pick(tokens);
  const at = random.below(input.length + 1);
  return replace(input, at, Math.min(input.length, at + token.length), token);
}

/** Moves a number of 1 to 8 bytes a little, or to an edge. */
function changeNumber(input: Bytes, _: MutationSource, random: Random) {
  const width = random.pick([1, 2, 3, 4, 8]);
  if (input.length < width) return input;
  const at = random.below(input.length - width + 1);
  const bigEndian = random.below(2) === 0;
  const place = (n: number) => bigEndian ? at + width - 1 - n : at + n;
  let value = 0n;
  for (let n = width - 1; n >= 0; n--) {
    value = value << 8n | BigInt(input[place(n)]!);
  }
  const edges = [...EDGES, input.length, input.length - at - width];
  value = random.below(2) === 0
    ? value + BigInt(random.below(17) - 8)
    : BigInt(random.pick(edges));
  if (random.below(8) === 0) value = -value;
  for (let n = 0; n < width; n++, value >>= 8n) {
    input[place(n)] = Number(value & 0xffn);
  }
  return input;
}

/** The beginning of the input, then the end of another. */
function splice(
  input: Bytes,
  { donors }: MutationSource,
  random: Random,
) {
  if (donors.length === 0) return input;
  const donor = random.pick(donors);
  const head = random.below(input.length + 1);
  const tail = random.below(2) === 0
    ? Math.min(head, donor.length)
    : random.below(donor.length + 1);
  return replace(input, head, input.length, donor.subarray(tail));
}

function copyWithin(input: Bytes, _: MutationSource, random: Random) {
  const { start, end } = anyPiece(input, random);
  input.copyWithin(random.below(input.length + 1), start, end);
  return input;
}

function anyPiece(input: Bytes, random: Random) {
  const start = random.below(input.length + 1);
  const longest = Math.min(MAX_PIECE, input.length - start);
  return { start, end: start + random.below(longest + 1) };
}

function replace(
  input: Bytes,
  start: number,
  end: number,
  piece: Uint8Array,
): Bytes {
  const replaced = new Uint8Array(input.length - (end - start) + piece.length);
  replaced.set(input.subarray(0, start));
  replaced.set(piece, start);
  replaced.set(input.subarray(end), start + piece.length);
  return replaced;
}
