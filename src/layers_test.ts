import assert from "node:assert/strict";

const root = new URL("../", import.meta.url);

/** An import or re-export of values by a relative path, at a line's begin. */
const VALUE_IMPORT =
  /^(?:import|export)\s+(?!type\b)(?:[^;"']*?\sfrom\s+)?"(\.[^"]+)"/gm;
/** The same of types as well. */
const ANY_IMPORT = /^(?:import|export)\s+(?:[^;"']*?\sfrom\s+)?"(\.[^"]+)"/gm;

type Graph = Map<string, string[]>;

function* listSources(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, root))) {
    if (isDirectory) yield* listSources(`${folder}${name}/`);
    else if (name.endsWith(".ts")) yield folder + name;
  }
}

function isProduction(file: string): boolean {
  return !file.endsWith("_test.ts") && !/\/test(ing|data)\//.test(file);
}

/** Which files a text at a path imports. */
function importsOf(path: string, text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, target]) =>
    new URL(target!, `file:///${path}`).pathname.slice(1)
  );
}

function readGraph(folders: string[], pattern: RegExp): Graph {
  const files = folders.flatMap((folder) => [...listSources(folder)]);
  return new Map(
    files.map((file) => [
      file,
      importsOf(file, Deno.readTextFileSync(new URL(file, root)), pattern),
    ]),
  );
}

/** The files of a circle, in order; undefined if there is none. */
function findCircle(graph: Graph): string[] | undefined {
  const done = new Set<string>();
  const visit = (file: string, path: string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const target of graph.get(file) ?? []) {
      const circle = visit(target, [...path, file]);
      if (circle !== undefined) return circle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const circle = visit(file, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

/** Imports of files in a folder that lead out of all the allowed ones. */
function strayImports(folder: string, allowed: string[]): string[] {
  return [...readGraph([folder], ANY_IMPORT)].flatMap(([file, targets]) =>
    targets.filter((target) => !allowed.some((one) => target.startsWith(one)))
      .map((target) => `${file} imports ${target}`)
  );
}

Deno.test("nothing in src imports the manager's agent", () => {
  assert.deepEqual(strayImports("src/", ["src/"]), []);
  assert.notDeepEqual(strayImports("src/", ["src/guest/"]), []);
});

Deno.test("host and manager meet in what they share, which rests on nothing else", () => {
  const stray = (folder: string, allowed: string[]) =>
    strayImports(folder, allowed)
      .filter((line) => isProduction(line.split(" ")[0]!));
  assert.deepEqual(stray("src/shared/", ["src/shared/"]), []);
  assert.deepEqual(stray("manager/", ["manager/", "src/shared/"]), []);
  assert.notDeepEqual(stray("manager/", ["manager/"]), []);
});

Deno.test("host and manager decide by the same allowlist", () => {
  const deciders = ["src/egress/dialer.ts", "manager/egress/worker_network.ts"];
  const graph = readGraph(["src/egress/", "manager/egress/"], VALUE_IMPORT);
  const allowlist = "src/shared/network/allowlist.ts";
  for (const file of deciders) {
    assert.ok(graph.get(file)?.includes(allowlist), file);
  }
});

/** Folders from the ground up: each imports of those before it. */
const layers = {
  src: [
    ...["shared", "spec", "isolate", "egress", "guest", "config", "host"],
    ...["project", "permissions", "manage", "pipeline", "cli"],
  ],
  manager: ["system", "images", "limits", "builds", "egress", "workers"],
};

for (const [root, folders] of Object.entries(layers)) {
  Deno.test(`imports between the folders of ${root} lead down`, () => {
    const rank = (file: string) => {
      const [top, folder, ...rest] = file.split("/");
      return top === root && rest.length > 0 ? folders.indexOf(folder!) : -2;
    };
    let across = 0;
    for (const [file, targets] of readGraph([`${root}/`], ANY_IMPORT)) {
      if (!isProduction(file)) continue;
      assert.notEqual(rank(file), -1, `${file} is in no layer`);
      if (rank(file) < 0) continue;
      for (const target of targets.filter((one) => one.startsWith(root))) {
        assert.notEqual(rank(target), -2, `${file} imports ${target}`);
        assert.ok(rank(target) <= rank(file), `${file} imports ${target}`);
        if (rank(target) < rank(file)) across++;
      }
    }
    assert.notEqual(across, 0);
  });
}

Deno.test("no production files import values of each other in a circle", () => {
  const all = readGraph(["src/", "manager/"], VALUE_IMPORT);
  const graph = new Map([...all].filter(([file]) => isProduction(file)));
  assert.ok(
    graph.get("manager/limits/budget.ts")?.includes(
      "src/shared/limits/clock.ts",
    ),
  );
  assert.equal(findCircle(graph)?.join(" -> "), undefined);
});

Deno.test("imports of every form are seen, and types told apart", () => {
  const text = [
    'import "./bare.ts";',
    'import { a, type B } from "./a.ts";',
    'import {\n  c,\n} from "../c.ts";',
    'export * from "./d.ts";',
    'import type { E } from "./e.ts";',
    'import fc from "fast-check";',
  ].join("\n");
  const values = ["src/x/bare.ts", "src/x/a.ts", "src/c.ts", "src/x/d.ts"];
  assert.deepEqual(importsOf("src/x/y.ts", text, VALUE_IMPORT), values);
  assert.deepEqual(importsOf("src/x/y.ts", text, ANY_IMPORT), [
    ...values,
    "src/x/e.ts",
  ]);
  const circle = new Map([["a", ["b"]], ["b", ["c"]], ["c", ["b"]]]);
  assert.deepEqual(findCircle(circle), ["b", "c", "b"]);
});
