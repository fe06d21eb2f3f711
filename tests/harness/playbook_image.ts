/**
 * The tiny worker's image with a stand-in for Ansible, for tests of what a
 * playbook may do: it boots in seconds, unlike a system that has Ansible.
 *
 * @module
 */

import assert from "node:assert/strict";
import { sourceFiles } from "../../subplot/repository.ts";

/** Where the image has its root file system, by images/lib/disk.sh. */
const ROOT_OFFSET = 33 * 1024 ** 2;

/** Runs the one `shell` task of a playbook that `standInPlaybook` makes. */
const standIn = `#!/bin/sh
# Usage: ansible-playbook -i INVENTORY PLAYBOOK
sed 's/.*"shell":"\\([^"]*\\)".*/\\1/' "$3" | base64 -d | sh
`;

/** A playbook that the stand-in understands: a script for the shell. */
export function standInPlaybook(script: string): unknown[] {
  return [{ hosts: "worker", tasks: [{ shell: btoa(script) }] }];
}

/** Makes the image. */
export async function makePlaybookImage(path: string): Promise<void> {
  await Deno.copyFile(sourceFiles.get("tiny.img")!, path);
  const program = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(program, standIn);
    await Deno.chmod(program, 0o755);
    const { stderr } = await new Deno.Command("/usr/sbin/debugfs", {
      args: [
        ...["-w", "-R", `write ${program} /bin/ansible-playbook`],
        `${path}?offset=${ROOT_OFFSET}`,
      ],
    }).output();
    // It prints its version there, and ends well whatever happens.
    assert.match(new TextDecoder().decode(stderr), /^debugfs [^\n]*\n$/);
  } finally {
    await Deno.remove(program);
  }
}
