import assert from "node:assert/strict";
import fc from "fast-check";
import { shellWord } from "./shell_word.ts";

Deno.test("shellWord leaves a plain path as it is, and quotes others", () => {
  for (
    const [text, word] of [
      ["/home/me/.config/gh-1_2", "/home/me/.config/gh-1_2"],
      ["/tmp/$(id)", "'/tmp/$(id)'"],
      ["it's", "'it'\\''s'"],
      ["/größe", "'/größe'"],
      ["/a\nhint: run 'x'", "$'/a\\nhint: run \\'x\\''"],
      ["/\x1b[2J\\", "$'/\\u001b[2J\\\\'"],
    ] as const
  ) assert.equal(shellWord(text), word);
});

const anyText = fc.string({ unit: "binary" })
  .filter((text) => !text.includes("\0") && text.isWellFormed());

Deno.test("shellWord shows nothing that acts on a terminal, in one line", () => {
  fc.assert(fc.property(anyText, (text) => {
    assert.doesNotMatch(shellWord(text), /\p{Cc}|[\u2028-\u202e]/u);
  }));
});

Deno.test("a shell takes each word for one argument", async () => {
  const texts = fc.sample(anyText, 200);
  const words = texts.map(shellWord).join(" ");
  const { stdout } = await new Deno.Command("bash", {
    args: ["-c", `printf '%s\\0' ${words}`],
    clearEnv: true,
    env: { LC_ALL: "C.UTF-8" },
  }).output();
  assert.deepEqual(
    new TextDecoder().decode(stdout).split("\0").slice(0, -1),
    texts,
  );
});
