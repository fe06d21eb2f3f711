/**
 * What a Git client sends first: nothing goes on but a request for the declared
 * host.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { HOST, inspectBytes } from "../client_bytes.ts";
import { bytesOf, type Target } from "../target.ts";

const request = fc.tuple(
  fc.constantFrom("git-upload-pack", "git-receive-pack", "git-evil"),
  fc.constantFrom("/a.git", "/", "", "/a b", "/\n"),
  fc.constantFrom(
    ...[`\0host=${HOST}\0`, `\0host=${HOST}:80\0`, "\0host=evil.test\0", "\0"],
    ...["", `\0host=${HOST}\0\0version=2\0`, `\0host=${HOST}\0host=evil\0`],
  ),
  fc.integer({ min: -2, max: 2 }),
).map(([command, path, rest, off]) => {
  const line = `${command} ${path}${rest}`;
  const length = (line.length + 4 + off).toString(16).padStart(4, "0");
  return bytesOf(length + line);
});

export default {
  tokens: ["\0host=", "\0", "git-upload-pack ", HOST, "evil.test", "0000", ":"],
  structured: request,
  maxBytes: 1024,
  check(input) {
    const { forwarded } = inspectBytes("git", input);
    if (forwarded.length === 0) return;
    const text = String.fromCharCode(...forwarded);
    const line = text.slice(4, parseInt(text.slice(0, 4), 16));
    assert.ok(line.startsWith("git-"));
    const names = line.split("\0").filter((part) => part.startsWith("host="));
    assert.ok(names.length > 0);
    // Git's server takes the first; no other may stand in its place.
    const [name] = names;
    assert.match(name!.slice(5).toLowerCase(), /^example\.org(:80)?$/);
  },
} satisfies Target;
