/**
 * Simple step patterns such as `then exit code is {code:int}`: literal text
 * with typed captures. `{name}` captures a word.
 *
 * @module
 */

import { type StepKind, stepKinds } from "./parse.ts";

/** What a capture may match. */
const captureExpressions = {
  word: "\\S+",
  text: ".+",
  int: "-?\\d+",
  /** Name of a file that is embedded in the document. */
  file: "\\S+",
  /** Path relative to the scenario's directory. */
  path: "\\S+",
} as const;

export type CaptureKind = keyof typeof captureExpressions;

/** A step kind followed by literal text and captures. */
export type StepPattern = `${StepKind} ${string}`;

type CaptureOf<C extends string> = C extends `${infer Name}:int`
  ? { readonly [K in Name]: number }
  : C extends `${infer Name}:${CaptureKind}` ? { readonly [K in Name]: string }
  : { readonly [K in C]: string };

/** The captures of a pattern, by name. */
export type Captures<P extends string> = P extends
  `${string}{${infer C}}${infer Rest}` ? CaptureOf<C> & Captures<Rest>
  : unknown;

export interface Capture {
  name: string;
  kind: CaptureKind;
  value: string | number;
}

/** A pattern that is ready to match. */
export interface CompiledPattern {
  kind: StepKind;
  /** Returns the captures, or undefined if the text does not match. */
  match(text: string): Capture[] | undefined;
}

/**
 * Compiles a pattern.
 *
 * @throws {TypeError} for an unknown step kind or capture kind, or if a name is
 * captured twice
 */
export function compilePattern(pattern: string): CompiledPattern {
  const [, word = "", text = ""] = /^(\S+) (.+)$/.exec(pattern) ?? [];
  const kind = stepKinds.find((candidate) => candidate === word);
  if (kind === undefined) {
    throw new TypeError(
      `Pattern "${pattern}" must start with given, when or then`,
    );
  }
  const captures: { name: string; kind: CaptureKind }[] = [];
  const source = text.split(/(\{[^{}]*\})/).map((part, index) => {
    if (index % 2 === 0) return part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
    const capture = parseCapture(part, pattern);
    if (captures.some(({ name }) => name === capture.name)) {
      throw new TypeError(
        `Pattern "${pattern}" captures "${capture.name}" twice`,
      );
    }
    captures.push(capture);
    return `(${captureExpressions[capture.kind]})`;
  });
  const expression = new RegExp(`^${source.join("")}$`);
  return {
    kind,
    match(text) {
      const match = expression.exec(text);
      if (match === null) return undefined;
      return captures.map(({ name, kind }, index) => {
        const value = match[index + 1] ?? "";
        return { name, kind, value: kind === "int" ? Number(value) : value };
      });
    },
  };
}

function parseCapture(
  part: string,
  pattern: string,
): { name: string; kind: CaptureKind } {
  const [, name, kind = "word"] = /^\{([a-z]\w*)(?::(\w+))?\}$/.exec(part) ??
    [];
  if (name === undefined || !Object.hasOwn(captureExpressions, kind)) {
    throw new TypeError(`Pattern "${pattern}" has an unknown capture: ${part}`);
  }
  return { name, kind: kind as CaptureKind };
}
