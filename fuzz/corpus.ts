/**
 * Targets and their inputs in files.
 *
 * @module
 */

const folder = (name: string) => new URL(`./${name}/`, import.meta.url);

/** Names of all targets, in order. */
export function targetNames(): string[] {
  return [...Deno.readDirSync(folder("targets"))]
    .map(({ name }) => /^(.*)\.ts$/.exec(name)?.[1])
    .filter((name) => name !== undefined)
    .sort();
}

/** URL of a target's module. */
export function moduleOf(target: string): string {
  return new URL(`${target}.ts`, folder("targets")).href;
}

/** A target's inputs that are kept, in order of their names. */
export function readCorpus(target: string): Uint8Array[] {
  const corpus = new URL(`${target}/`, folder("corpus"));
  return [...Deno.readDirSync(corpus)]
    .map(({ name }) => name)
    .sort()
    .map((name) => Deno.readFileSync(new URL(name, corpus)));
}
