/**
 * Puts a file into a copy of the tiny worker's image, without root.
 *
 * @module
 */

import assert from "node:assert/strict";
import { sourceFiles } from "../../subplot/repository.ts";

/** Where the image has its root file system, by images/lib/disk.sh. */
const ROOT_OFFSET = 33 * 1024 ** 2;

/** Copies the image, with a program in it that may be there already. */
export async function makeImageWithProgram(
  image: string,
  path: string,
  text: string,
): Promise<void> {
  await Deno.copyFile(sourceFiles.get("tiny.img")!, image);
  const program = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(program, text);
    await Deno.chmod(program, 0o755);
    for (const command of [`rm ${path}`, `write ${program} ${path}`]) {
      const { stderr } = await new Deno.Command("/usr/sbin/debugfs", {
        args: ["-w", "-R", command, `${image}?offset=${ROOT_OFFSET}`],
      }).output();
      // It prints its version there, and ends well whatever happens.
      const said = new TextDecoder().decode(stderr);
      if (command.startsWith("write")) {
        assert.match(said, /^debugfs [^\n]*\n$/);
      }
    }
  } finally {
    await Deno.remove(program);
  }
}
