/**
 * How fast a tree of many files goes into a worker and out of it: on the host
 * alone, beside GNU tar on the same tree, and from end to end in nested VMs.
 *
 * @module
 */

import { keepWorkspace } from "../src/guest/trees/keep_workspace.ts";
import { unpackedPath } from "../src/guest/trees/replace_workspace.ts";
import { packTree } from "../src/guest/testing/pack_tree.ts";
import { unpackWorkspace } from "../src/guest/trees/unpack.ts";
import {
  makeState,
  runCommand,
  sourceDirectory,
  timedBuild,
} from "./contractor_command.ts";
import { type Figure, seconds } from "./table.ts";

const FILES = 20_000;
const FILE_BYTES = 25_000;
const FILES_PER_DIRECTORY = 50;
const MEGABYTES = FILES * FILE_BYTES / 1e6;

const AIM = "at least 100 MB/s";

const limits = {
  entries: 1e6,
  bytes: 1e10,
  depth: 64,
  pathBytes: 4096,
  nameBytes: 1e9,
};

/** Its commands do nothing: what takes time is the tree. */
const spec = `\
worker-image: worker.img
source: tree
workspace: ws
resources: { disk: 8 GiB }
network: { build: none }
build: "true"
`;

function makeTree(root: string): void {
  const content = crypto.getRandomValues(new Uint8Array(FILE_BYTES));
  for (let i = 0; i < FILES; i++) {
    const directory = `${root}/d${Math.floor(i / FILES_PER_DIRECTORY)}`;
    if (i % FILES_PER_DIRECTORY === 0) {
      Deno.mkdirSync(directory, { recursive: true });
    }
    content[i % FILE_BYTES]! ^= 1;
    Deno.writeFileSync(`${directory}/f${i}`, content);
  }
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  // What was written before must not be flushed in this one's time.
  await runCommand("sync", []);
  const start = performance.now();
  await action();
  return (performance.now() - start) / 1000;
}

function rate(name: string, duration: number, aim?: string): Figure {
  const value = `${(MEGABYTES / duration).toFixed(0)} MB/s`;
  return { name, value, ...(aim !== undefined && { aim }) };
}

function pack(directory: string): Promise<unknown> {
  return packTree({
    root: `${directory}/tree`,
    prefix: "src/",
    output: `${directory}/packed.tar`,
    exclude: () => false,
  });
}

/** Unpacks and keeps, as at the end of a build. */
async function unpack(directory: string): Promise<void> {
  const workspace = `${directory}/unpacked`;
  const build = "bench";
  const unpacked = await unpackWorkspace({
    disk: `${directory}/packed.tar`,
    offset: 0,
    destination: unpackedPath(workspace, build),
    limits,
    keep: [],
  });
  const manifest = { files: new Set<string>(), directories: new Set<string>() };
  await keepWorkspace({
    workspace,
    build,
    limits,
    keep: [],
    unpacked,
    manifest,
  }, new Map());
}

/** Measures the host's own part; gives the seconds that packing takes, too. */
async function measureHost(
  directory: string,
): Promise<{ figures: Figure[]; packing: number }> {
  const tar = (...args: string[]) => () =>
    runCommand("tar", ["-C", directory, ...args]);
  const packing = await timed(() => pack(directory));
  const tarPacking = await timed(tar("-cf", `${directory}/tar.tar`, "tree"));
  const unpacking = await timed(() => unpack(directory));
  await Deno.mkdir(`${directory}/tar`);
  const tarUnpacking = await timed(
    tar("-xf", `${directory}/packed.tar`, "--directory=tar"),
  );
  for (const name of ["packed.tar", "tar.tar", "unpacked", "tar"]) {
    await Deno.remove(`${directory}/${name}`, { recursive: true });
  }
  return {
    packing,
    figures: [
      rate("tree packed on the host", packing, AIM),
      rate("  by GNU tar", tarPacking),
      rate("tree unpacked on the host", unpacking, AIM),
      rate("  by GNU tar", tarUnpacking),
    ],
  };
}

/** Measures a build in which the tree goes in and comes out again. */
async function measureBuild(
  directory: string,
  packing: number,
): Promise<Figure[]> {
  await makeState();
  await Deno.symlink(
    `${sourceDirectory}.cache/images/debian-worker.img`,
    `${directory}/worker.img`,
  );
  await Deno.writeTextFile(`${directory}/build.yaml`, spec);
  await runCommand("sync", []);
  const { phases } = await timedBuild(`${directory}/build.yaml`);
  await Deno.stat(`${directory}/ws/src/d0/f0`);
  const unpacking = phases.get("source-in")!;
  const out = phases.get("workspace-out")!;
  return [
    rate(
      "source in: packed on the host, unpacked in the worker",
      packing + unpacking,
      AIM,
    ),
    { name: "  in the worker", value: seconds(unpacking) },
    rate("workspace out: packed in the worker, unpacked on the host", out, AIM),
  ];
}

/** Measures one tree everywhere. */
export async function measureWorkspace(): Promise<Figure[]> {
  const directory = await Deno.makeTempDir({ prefix: "workspace-" });
  try {
    makeTree(`${directory}/tree`);
    const { figures, packing } = await measureHost(directory);
    return [...figures, ...await measureBuild(directory, packing)];
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
