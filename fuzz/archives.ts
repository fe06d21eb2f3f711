/**
 * Archives to fuzz with: members of all kinds under names that lead astray.
 *
 * @module
 */

import fc from "fast-check";
import {
  directory,
  end,
  file,
  longName,
  member,
  pax,
  resum,
  symlink,
} from "../src/guest/testing/archive.ts";
import { join } from "./target.ts";

const BLOCK = 512;

/** Few, so that members meet under the same name. */
const component = fc.constantFrom(
  ...["a", "b", "c", "..", ".", "", ".contractor", ".git", "a\n", "\u202e"],
  ...["x".repeat(255), "x".repeat(256), "ä"],
);
const path = fc.oneof(
  fc.constantFrom("a", "b", "c", "a/b", "a/b/c", "b/c"),
  fc.array(component, { minLength: 1, maxLength: 4 })
    .map((components) => components.join("/")),
  fc.string(),
);
const target = fc.oneof(
  path,
  fc.constantFrom("..", "a/..", "b/..", "c/..", "../a/.."),
  fc.constantFrom("../b", "../../c", "/etc/passwd", "a/../../x"),
);
const body = fc.oneof(
  fc.constantFrom("", "content\n", "x".repeat(513)),
  fc.uint8Array({ maxLength: 600 }),
);

const oneMember = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(path, body).map(([n, b]) => part(n, b)) },
  { weight: 2, arbitrary: path.map((name) => safely(() => directory(name))) },
  {
    weight: 4,
    arbitrary: fc.tuple(path, target)
      .map(([name, link]) => safely(() => symlink(name, link))),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      name: path,
      link: target,
      type: fc.constantFrom(..."0123456789ASVMDNxgLK\0"),
      mode: fc.constantFrom(0, 0o644, 0o777, 0o4755, 0o1777),
      size: fc.constantFrom(0, 1, 512, 1024, 0o77777777777),
      mtime: fc.constantFrom(0, 1, 0o77777777777),
    }).map((header) => safely(() => member(header))),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(
      fc.dictionary(
        fc.constantFrom(
          ...["path", "linkpath", "size", "mtime", "GNU.sparse.major", "uid"],
        ),
        fc.oneof(target, fc.constantFrom("0", "1", "-1", "1e9", "0x10", "1.5")),
        { maxKeys: 3 },
      ),
      fc.constantFrom("x", "x", "g"),
    ).map(([records, type]) => pax(records, type)),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(target, fc.constantFrom("L", "K"))
      .map(([name, type]) => longName(name, type)),
  },
);

/** Archives that are well formed, and whose members often are not. */
export const anyArchive: fc.Arbitrary<Uint8Array> = fc.array(oneMember, {
  minLength: 1,
  maxLength: 8,
}).map((members) => join([...members, end()]));

export const archiveTokens: readonly string[] = [
  ...["../", "/", "./", "..", "//", ".contractor/", "\0", "ustar\x0000"],
  ...["ustar  \0", "\x80", "\xff", "77777777777", "12 path=../x\n"],
  ...["20 linkpath=/etc/x\n", "11 size=-1\n", "GNU.sparse.major"],
];

/** Corrects the checksums of all headers where they should be. */
export function resumAll(archive: Uint8Array): Uint8Array {
  const repaired = archive.slice();
  for (let at = 0; at + BLOCK <= repaired.length;) {
    const block = repaired.subarray(at, at + BLOCK);
    at += BLOCK;
    if (block.every((byte) => byte === 0)) continue;
    block.set(resum(block));
    const digits = new TextDecoder("latin1").decode(block.subarray(124, 135));
    const size = /^[0-7]+$/.test(digits) ? parseInt(digits, 8) : 0;
    if (size <= repaired.length) at += Math.ceil(size / BLOCK) * BLOCK;
  }
  return repaired;
}

function part(name: string, content: string | Uint8Array): Uint8Array {
  return safely(() => file(name, content as string));
}

/** A name may not fit into its field: then a long name goes before it. */
function safely(make: () => Uint8Array): Uint8Array {
  try {
    return make();
  } catch {
    return join([longName("x".repeat(200)), member({ name: "x" })]);
  }
}
