import assert from "node:assert/strict";
import { EnvironmentError } from "../../shared/errors.ts";
import { stateFileError } from "./file_errors.ts";
import { replaceFile } from "./replace_file.ts";

Deno.test("a full disk is a clear error", async () => {
  const failure = await Deno.writeFile("/dev/full", new Uint8Array(1))
    .catch((error) => error);
  const error = stateFileError(failure, "write the file", "/state/x");
  assert.ok(error instanceof EnvironmentError);
  assert.equal(error.code, "state-directory-full");
  assert.equal(
    error.message,
    'Cannot write the file "/state/x": no space left on the device',
  );
});

Deno.test("an error of another kind comes back as it is", () => {
  const mistake = new TypeError("x");
  assert.equal(stateFileError(mistake, "write the file", "/x"), mistake);
});

Deno.test("a file is replaced as a whole, and leaves nothing beside it", async () => {
  const directory = await Deno.makeTempDir();
  try {
    await replaceFile(`${directory}/a`, "one");
    await replaceFile(`${directory}/a`, "two");
    assert.equal(await Deno.readTextFile(`${directory}/a`), "two");
    assert.equal((await Array.fromAsync(Deno.readDir(directory))).length, 1);
    await assert.rejects(replaceFile(`${directory}/a/b`, "x"), {
      code: "state-directory-blocked",
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
