/**
 * Splits Markdown into what a Subplot document is made of: headings and fenced
 * code blocks with their attributes. Everything else is prose and is passed
 * over, HTML comments included.
 *
 * @module
 */

/** A heading such as `## Smoke test`. */
export interface Heading {
  kind: "heading";
  line: number;
  level: number;
  text: string;
}

/** A fenced code block, by backticks or tildes. */
export interface Fence {
  kind: "fence";
  /** Line of the opening fence; the content starts one below. */
  line: number;
  /** `NAME` of `{#NAME}`, if any. */
  id: string | undefined;
  /** The info string's first word, or each `NAME` of `{.NAME}`. */
  classes: string[];
  content: string[];
  closed: boolean;
}

export type Block = Heading | Fence;

const HEADING = /^ {0,3}(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$/;
const OPENING = /^( {0,3})(`{3,}|~{3,})[ \t]*(.*?)[ \t]*$/;

/** Finds the headings and fenced code blocks of a Markdown text. */
export function scanMarkdown(text: string): Block[] {
  const lines = text.split(/\r?\n/);
  const blocks: Block[] = [];
  let index = 0;
  while (index < lines.length) {
    const line = lines[index] ?? "";
    const fence = openFence(line, index + 1);
    if (fence !== undefined) {
      index = readContent(lines, index + 1, fence);
      blocks.push(fence.block);
    } else if (/^ {0,3}<!--/.test(line)) {
      index = skipComment(lines, index);
    } else {
      const heading = parseHeading(line, index + 1);
      if (heading !== undefined) blocks.push(heading);
      index++;
    }
  }
  return blocks;
}

function parseHeading(line: string, number: number): Heading | undefined {
  const match = HEADING.exec(line);
  const [, marks, text] = match ?? [];
  if (marks === undefined || text === undefined || text === "") {
    return undefined;
  }
  return { kind: "heading", line: number, level: marks.length, text };
}

interface OpenFence {
  block: Fence;
  indent: number;
  closing: RegExp;
}

function openFence(line: string, number: number): OpenFence | undefined {
  const match = OPENING.exec(line);
  const [, indent, marks, info] = match ?? [];
  if (indent === undefined || marks === undefined || info === undefined) {
    return undefined;
  }
  const mark = marks.charAt(0);
  // Inline code may start a line: ```like this```.
  if (mark === "`" && info.includes("`")) return undefined;
  return {
    block: {
      kind: "fence",
      line: number,
      ...parseInfo(info),
      content: [],
      closed: false,
    },
    indent: indent.length,
    closing: new RegExp(`^ {0,3}${mark}{${marks.length},}[ \\t]*$`),
  };
}

function parseInfo(info: string): Pick<Fence, "id" | "classes"> {
  const braced = /^\{(.*)\}$/.exec(info)?.[1];
  const words = (braced ?? info).split(/\s+/).filter((word) => word !== "");
  if (braced === undefined) {
    return { id: undefined, classes: words.slice(0, 1) };
  }
  const marked = (mark: string) =>
    words.filter((word) => word.startsWith(mark)).map((word) => word.slice(1));
  return { id: marked("#")[0], classes: marked(".") };
}

/** Returns the index of the line after the closing fence. */
function readContent(lines: string[], start: number, fence: OpenFence): number {
  const indentation = new RegExp(`^ {0,${fence.indent}}`);
  for (let index = start; index < lines.length; index++) {
    const line = lines[index] ?? "";
    if (fence.closing.test(line)) {
      fence.block.closed = true;
      return index + 1;
    }
    fence.block.content.push(line.replace(indentation, ""));
  }
  return lines.length;
}

function skipComment(lines: string[], start: number): number {
  for (let index = start; index < lines.length; index++) {
    if (lines[index]?.includes("-->")) return index + 1;
  }
  return lines.length;
}
