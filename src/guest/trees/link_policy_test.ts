import assert from "node:assert/strict";
import fc from "fast-check";
import { createLinks } from "./create_links.ts";
import { isPlainPath, refuseLink, type SymbolicLink } from "./link_policy.ts";
import { RealDirectories } from "./real_directories.ts";
import { inTemporaryDirectory } from "../testing/trees.ts";

const allowed: SymbolicLink[] = [
  { path: "l", target: "f" },
  { path: "l", target: "./d//f/" },
  { path: "l", target: "." },
  { path: "d/l", target: ".." },
  { path: "a/b/l", target: "../../c/d" },
  { path: "l", target: "..." },
  { path: "l", target: "naïve 日本" },
];

for (const link of allowed) {
  Deno.test(`refuseLink allows ${link.path} -> ${link.target}`, () => {
    assert.equal(refuseLink(link), undefined);
  });
}

const refused: [link: SymbolicLink, reason: RegExp][] = [
  [{ path: "l", target: "" }, /empty/],
  [{ path: "l", target: "/etc/passwd" }, /absolute/],
  [{ path: "l", target: ".." }, /outside/],
  [{ path: "d/l", target: "../../x" }, /outside/],
  [{ path: "d/l", target: "./../.././x" }, /outside/],
  [{ path: "a/b/l", target: "../x/../y" }, /climbs after descending/],
  [{ path: "l", target: "x/.." }, /climbs after descending/],
  [{ path: "l", target: "a\0b" }, /control/],
  [{ path: "l", target: "a\nb" }, /control/],
  [{ path: "l", target: "x".repeat(4096) }, /too long/],
  [{ path: "", target: "f" }, /path/],
  [{ path: "/l", target: "f" }, /path/],
  [{ path: "../l", target: "f" }, /path/],
  [{ path: "d/../../l", target: "f" }, /path/],
  [{ path: "d//l", target: "f" }, /path/],
  [{ path: "d/", target: "f" }, /path/],
  [{ path: "./l", target: "f" }, /path/],
  [{ path: "a\x1bb", target: "f" }, /path/],
];

for (const [link, reason] of refused) {
  const name = JSON.stringify(link).slice(0, 60);
  Deno.test(`refuseLink refuses ${name}`, () => {
    assert.match(refuseLink(link) ?? "allowed", reason);
  });
}

Deno.test("isPlainPath is for relative, normalized paths", () => {
  assert.ok(["a", "a/b", "..a/b..", ".a"].every(isPlainPath));
  const others = ["", ".", "..", "/", "/a", "a/", "a//b", "a/./b", "a/../b"];
  assert.ok(!others.some(isPlainPath));
});

const start = fc.constantFrom("", "..", "../..", "./..");
const middle = fc.constantFrom("", "a", "x/y", "y/a");
const climb = fc.constantFrom("", "..", "../..");
const target = fc.tuple(start, middle, climb, fc.constantFrom("", "b")).map(
  (parts) => parts.filter((part) => part !== "").join("/"),
);
const place = fc.constantFrom("a", "x/a", "x/y/a", "x/y/b");

Deno.test("no set of allowed links leads out of the tree", () =>
  fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.record({ path: place, target }), {
        selector: (link) => link.path,
        maxLength: 7,
      }),
      (links) =>
        inTemporaryDirectory((outer) => {
          const root = `${Deno.realPathSync(outer)}/tree`;
          Deno.mkdirSync(`${root}/x/y`, { recursive: true });
          const fine = links.filter((link) => refuseLink(link) === undefined);
          createLinks(new RealDirectories(root), fine);
          for (const { path } of fine) {
            let real: string;
            try {
              real = Deno.realPathSync(`${root}/${path}`);
            } catch {
              continue; // Dangling, or a loop.
            }
            assert.ok(`${real}/`.startsWith(`${root}/`), real);
          }
        }),
    ),
    { numRuns: 300 },
  ));
