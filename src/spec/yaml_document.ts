/**
 * YAML text to a document with positions, and every syntax error in it.
 *
 * @module
 */

import { type Document, LineCounter, parseAllDocuments } from "yaml";
import type { Problem } from "./problem.ts";
import { escapeControls } from "../shared/quote.ts";
import { selectTags } from "./yaml_tags.ts";

/** A parsed document; `problems` is empty if its syntax is sound. */
export interface YamlDocument {
  readonly document: Document.Parsed | undefined;
  readonly problems: readonly Problem[];
  /** Where an offset in the text is. */
  positionAt(offset: number): { line: number; column: number };
}

const MAX_MESSAGE_LENGTH = 200;

/** Parses YAML text that must hold exactly one document. */
export function parseYaml(text: string): YamlDocument {
  const lineCounter = new LineCounter();
  const documents = [
    ...parseAllDocuments(text, {
      schema: "yaml-1.1",
      customTags: selectTags,
      resolveKnownTags: false,
      // The library compares each key with each other one: quadratic. The
      // conversion to plain data checks it in linear time.
      uniqueKeys: false,
      prettyErrors: false,
      lineCounter,
    }),
  ];
  const positionAt = (offset: number) => {
    const { line, col } = lineCounter.linePos(Math.min(offset, text.length));
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };

  const problems: Problem[] = [];
  for (const { errors, warnings } of documents) {
    for (const { pos, code, message } of [...errors, ...warnings]) {
      problems.push({ ...positionAt(pos[0]), ...explain(code, message) });
    }
  }
  const second = documents[1];
  if (second !== undefined) {
    problems.push({
      ...positionAt(second.range[0]),
      message: "Expected one YAML document, got another one",
      hint: 'Remove the "---" line and what follows it',
    });
  }
  const [first] = documents;
  return {
    document: first as Document.Parsed | undefined,
    problems,
    positionAt,
  };
}

function explain(
  code: string,
  message: string,
): { message: string; hint?: string } {
  const shown = escapeControls(message.replaceAll(/[\n\t]/g, " "))
    .slice(0, MAX_MESSAGE_LENGTH);
  if (code === "TAG_RESOLVE_FAILED") {
    return { message: shown, hint: "Write plain data, without tags" };
  }
  if (message.startsWith("Maximum call stack")) {
    return { message: "Nested too deeply" };
  }
  return { message: shown };
}
