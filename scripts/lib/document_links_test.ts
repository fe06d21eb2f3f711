import assert from "node:assert/strict";
import { join } from "node:path";

const root = new URL("../../", import.meta.url).pathname;
const FOLDERS = ["", "docs/", "images/"];

function listDocuments(): string[] {
  return FOLDERS.flatMap((folder) =>
    [...Deno.readDirSync(root + folder)]
      .filter(({ name, isFile }) => isFile && name.endsWith(".md"))
      .map(({ name }) => folder + name)
  );
}

/** All but blocks of code. */
function proseOf(text: string): string {
  return text.replace(/^(```+).*\n[^]*?^\1 *$/gm, "");
}

/** As common renderers make anchors of headings. */
function anchorsOf(text: string): string[] {
  return [...proseOf(text).matchAll(/^#+ +(.+)$/gm)].map(([, heading]) =>
    heading!.trim().toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "").replace(/\s/g, "-")
  );
}

function linksOf(text: string): string[] {
  return [...proseOf(text).matchAll(/\]\(\s*([^)\s]+)\s*\)/g)]
    .map(([, target]) => target!);
}

function isFileOrFolder(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** What is wrong with a link in a document; undefined if it leads somewhere. */
function findFault(document: string, link: string): string | undefined {
  if (/^[a-z]+:/.test(link)) return undefined;
  const [path, anchor] = link.split("#", 2);
  const target = path ? join(root, document, "..", path) : root + document;
  if (!isFileOrFolder(target)) return `${document}: ${link}: no such file`;
  if (anchor === undefined) return undefined;
  return anchorsOf(Deno.readTextFileSync(target)).includes(anchor)
    ? undefined
    : `${document}: ${link}: no such heading`;
}

Deno.test("links in documents lead to files and headings that are there", () => {
  const links = listDocuments().flatMap((document) =>
    linksOf(Deno.readTextFileSync(root + document))
      .map((link) => [document, link] as const)
  );
  assert.ok(
    links.some(([document, link]) =>
      document === "README.md" && link === "docs/architecture.md"
    ),
  );
  assert.deepEqual(
    links.flatMap(([document, link]) => findFault(document, link) ?? []),
    [],
  );
});

Deno.test("a link that leads nowhere is found", () => {
  assert.deepEqual(linksOf("[a](b.md)\n```\n[c](d)\n```\n"), ["b.md"]);
  assert.deepEqual(anchorsOf("# A `b`, c\n```sh\n# no\n```\n"), ["a-b-c"]);
  assert.ok(findFault("docs/report.md", "nowhere.md"));
  assert.ok(findFault("docs/report.md", "#nowhere"));
  assert.ok(findFault("docs/report.md", "../README.md#nowhere"));
  assert.equal(findFault("docs/report.md", "../README.md#commands"), undefined);
});
