/**
 * What a test run came to: the records that sections.sh writes, and the JUnit
 * files of the tests in them.
 *
 * @module
 */

/** How a part of a run ended. */
export interface Part {
  /**
   * `files` is the section of all parts of the kind `file`; `left` is a file
   * that was not run for want of time.
   */
  kind: "section" | "files" | "file" | "left";
  status: number;
  seconds: number;
  title: string;
  tests: readonly Test[];
}

/** A test, or a step of one. */
export interface Test {
  name: string;
  file: string;
  seconds: number;
  outcome: "passed" | "failed" | "skipped";
}

const SLOWEST = 10;

/** Reads the lines of sections.sh; `readTests` finds the tests of a part. */
export function parseParts(
  records: string,
  readTests: (name: string) => readonly Test[],
): Part[] {
  return records.trimEnd().split("\n").map((line) => {
    const [kind, status, seconds, name, title] = line.split("\t");
    return {
      kind: kind as Part["kind"],
      status: Number(status),
      seconds: Number(seconds),
      title: title!,
      tests: readTests(name!),
    };
  });
}

/** Reads the tests of a JUnit file as Deno writes it. */
export function parseJunit(xml: string): Test[] {
  const [, ...cases] = xml.split("<testcase ");
  return cases.map((text) => ({
    name: attribute(text, "name"),
    file: attribute(text, "classname").replace(/^\.\//, ""),
    seconds: Number(attribute(text, "time")),
    outcome: /<(failure|error)\b/.test(text)
      ? "failed"
      : text.includes("<skipped")
      ? "skipped"
      : "passed",
  }));
}

const entities: Record<string, string> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
};

function attribute(text: string, name: string): string {
  const value = new RegExp(`(?:^| )${name}="([^"]*)"`).exec(text)?.[1];
  if (value === undefined) throw new Error(`A test has no ${name}: ${text}`);
  return value.replace(
    /&(\w+);/g,
    (whole, entity) => entities[entity] ?? whole,
  );
}

/** Tests that passed and failed; a part that failed without one counts, too. */
export function countTests(
  parts: readonly Part[],
): { passed: number; failed: number } {
  const tests = parts.flatMap((part) => part.tests);
  const count = (outcome: Test["outcome"]) =>
    tests.filter((test) => test.outcome === outcome).length;
  const isFileFailed = parts.some(({ kind, status }) =>
    kind === "file" && status !== 0
  );
  const failedAlone = parts.filter(({ kind, status, tests }) =>
    status !== 0 && !tests.some(({ outcome }) => outcome === "failed") &&
    !(kind === "files" && isFileFailed)
  );
  return {
    passed: count("passed"),
    failed: count("failed") + failedAlone.length,
  };
}

/** Tests that took the longest. Steps stand for the test that they are of. */
export function findSlowest(parts: readonly Part[]): Test[] {
  const tests = parts.flatMap((part) => part.tests);
  const hasSteps = ({ file, name }: Test) =>
    tests.some((other) =>
      other.file === file && other.name.startsWith(`${name} > `)
    );
  return tests.toSorted((one, other) => other.seconds - one.seconds)
    .filter((test) => !hasSteps(test)).slice(0, SLOWEST);
}

/** Times of all sections and files, the slowest tests, and the closing line. */
export function formatResults(parts: readonly Part[]): string {
  const files = parts.filter(({ kind }) => kind === "file")
    .toSorted((one, other) => other.seconds - one.seconds);
  const left = parts.filter(({ kind }) => kind === "left");
  const { passed, failed } = countTests(parts);
  return [
    ...formatList(
      "Sections",
      parts.filter(({ kind }) => kind === "section" || kind === "files")
        .map(formatPart),
    ),
    ...formatList("End-to-end test files", files.map(formatPart)),
    ...formatList(
      "Slowest tests",
      findSlowest(parts).map(({ seconds, file, name }) =>
        formatLine(seconds.toFixed(1), `${file}: ${name}`)
      ),
    ),
    ...formatList(
      "NOT RUN for want of time",
      left.map(({ title }) => `  ${title}`),
    ),
    `${passed} passed, ${failed} failed` +
    (left.length === 0 ? "" : `, ${left.length} of the files not run`),
  ].join("\n");
}

function formatList(title: string, lines: string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines, ""];
}

function formatPart({ seconds, title, status }: Part): string {
  return formatLine(`${seconds}`, status === 0 ? title : `${title}: FAILED`);
}

function formatLine(seconds: string, text: string): string {
  return `${seconds.padStart(8)} s  ${text}`;
}
