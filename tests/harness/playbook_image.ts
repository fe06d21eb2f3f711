/**
 * The tiny worker's image with a stand-in for Ansible, for tests of what a
 * playbook may do: it boots in seconds, unlike a system that has Ansible.
 *
 * @module
 */

import { makeImageWithProgram } from "./image_file.ts";

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
  await makeImageWithProgram(path, "/bin/ansible-playbook", standIn);
}
