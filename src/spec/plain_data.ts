/**
 * A YAML document to plain JSON data: aliases and merge keys resolved, with
 * bounds, and everything refused that JSON cannot hold.
 *
 * @module
 */

import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  Scalar,
} from "yaml";
import { quote } from "../shared/quote.ts";

/** Deeper than any playbook, shallow enough for every recursive consumer. */
const MAX_DEPTH = 100;

/** What aliases may expand to, in characters; a file itself has at most 1 Mi. */
const MAX_EXPANDED_LENGTH = 4_000_000;

/** Is told each mistake with its offset in the text. */
export type Report = (offset: number, message: string, hint?: string) => void;

interface Converted {
  readonly data: unknown;
  /** About how many characters `data` takes as JSON. */
  readonly length: number;
}

type Mapping = Record<string, unknown>;

/** Converts a document without syntax errors; reports what it refuses. */
export function toPlainData(
  document: Document.Parsed,
  report: Report,
  lineAt: (offset: number) => number,
): unknown {
  return new Converter(report, lineAt).convert(document.contents, 0).data;
}

const nothing: Converted = { data: null, length: 4 };

class Converter {
  readonly #anchors = new Map<string, Converted | "open">();
  readonly #report: Report;
  readonly #lineAt: (offset: number) => number;
  #expandedLength = 0;
  #exploded = false;

  constructor(report: Report, lineAt: (offset: number) => number) {
    this.#report = report;
    this.#lineAt = lineAt;
  }

  convert(node: Node | null, depth: number): Converted {
    if (node === null) return nothing;
    if (isAlias(node)) return this.#alias(node.source, offsetOf(node));
    const anchor = (node as { anchor?: string }).anchor;
    if (anchor !== undefined) this.#anchors.set(anchor, "open");
    const converted = this.#withoutAnchor(node, depth);
    if (anchor !== undefined) this.#anchors.set(anchor, converted);
    return converted;
  }

  #withoutAnchor(node: Node, depth: number): Converted {
    if (isScalar(node)) return this.#scalar(node);
    if (depth >= MAX_DEPTH) {
      this.#report(offsetOf(node), `Nested deeper than ${MAX_DEPTH} levels`);
      return nothing;
    }
    if (isSeq(node)) {
      const items = node.items.map((item) =>
        this.convert(item as Node | null, depth + 1)
      );
      return {
        data: items.map((item) => item.data),
        length: items.reduce((sum, item) => sum + item.length + 1, 2),
      };
    }
    return isMap(node)
      ? this.#mapping(node.items as Pair<Node, Node | null>[], depth)
      : nothing;
  }

  #alias(name: string, offset: number): Converted {
    const target = this.#anchors.get(name);
    if (target === undefined) {
      this.#report(
        offset,
        `Alias ${quote("*" + name)} has no anchor before it`,
      );
      return nothing;
    }
    if (target === "open") {
      this.#report(offset, `Alias ${quote("*" + name)} contains itself`);
      return nothing;
    }
    this.#expandedLength += target.length;
    if (this.#expandedLength <= MAX_EXPANDED_LENGTH) return target;
    if (!this.#exploded) {
      this.#report(
        offset,
        `Aliases expand to more than ${MAX_EXPANDED_LENGTH} characters`,
      );
    }
    this.#exploded = true;
    return nothing;
  }

  #scalar(node: Scalar): Converted {
    const { value, source = "" } = node;
    if (typeof value === "number" && !isExact(value, source)) {
      this.#report(
        offsetOf(node),
        `Number ${quote(source)} cannot be kept exactly`,
        "Quote it to make it text",
      );
      return nothing;
    }
    return { data: value, length: String(value).length + 2 };
  }

  #mapping(pairs: Pair<Node, Node | null>[], depth: number): Converted {
    const own: Mapping = {};
    const merged: Mapping = {};
    const firstOffsets = new Map<string, number>();
    let length = 2;
    for (const { key: keyNode, value: valueNode } of pairs) {
      const key = this.#key(keyNode, depth);
      const value = this.convert(valueNode, depth + 1);
      if (key === undefined) continue;
      length += key.length + value.length + 4;
      const first = firstOffsets.get(key);
      if (first !== undefined) {
        this.#report(
          offsetOf(keyNode),
          `Duplicate key ${quote(key)}`,
          `It is first used in line ${this.#lineAt(first)}`,
        );
        continue;
      }
      firstOffsets.set(key, offsetOf(keyNode));
      if (isMergeKey(keyNode)) this.#merge(merged, value.data, keyNode);
      else assign(own, key, value.data);
    }
    const data: Mapping = {};
    for (const source of [merged, own]) {
      for (const key of Object.keys(source)) assign(data, key, source[key]);
    }
    return { data, length };
  }

  /** The text of a key; `undefined` if it was refused. */
  #key(node: Node, depth: number): string | undefined {
    const { data } = this.convert(node, depth + 1);
    if (typeof data !== "object" || data === null) return String(data);
    this.#report(offsetOf(node), "Expected text as a key");
    return undefined;
  }

  /** Of several sources, an earlier one wins. */
  #merge(target: Mapping, data: unknown, keyNode: Node): void {
    const sources = Array.isArray(data) ? data : [data];
    for (const source of sources) {
      if (
        typeof source !== "object" || source === null || Array.isArray(source)
      ) {
        this.#report(
          offsetOf(keyNode),
          'Expected a mapping, or a list of them, to merge with "<<"',
        );
        return;
      }
      for (const key of Object.keys(source)) {
        if (!Object.hasOwn(target, key)) {
          assign(target, key, (source as Mapping)[key]);
        }
      }
    }
  }
}

/** Whether a number is finite and not an integer that was rounded. */
function isExact(value: number, source: string): boolean {
  if (!Number.isFinite(value)) return false;
  const isInteger = !source.includes(".");
  return !isInteger || Number.isSafeInteger(value);
}

function isMergeKey(node: Node): boolean {
  return isScalar(node) && node.value === "<<" && node.type === Scalar.PLAIN;
}

function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

/** Plain assignment would set the prototype for the key `__proto__`. */
function assign(target: Mapping, key: string, value: unknown): void {
  Object.defineProperty(target, key, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}
