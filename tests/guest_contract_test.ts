/**
 * The guest contract of `images/README.md`: each of our images, booted as a
 * worker, offers what the contract demands. That a worker powers off with
 * everything on its disk shows in `playbook_test.ts`.
 *
 * @module
 */

import assert from "node:assert/strict";
import { WORKSPACE_STATE } from "../src/guest/trees/source_manifest.ts";
import { sourceFiles } from "../subplot/repository.ts";
import { logOf, Project, tinySpec } from "./project.ts";

/** Rows of the contract, and shell commands that fail where one is broken. */
const contract: Record<string, string> = {
  "runner: standard input is empty": '[ -z "$(cat)" ]',
  "runner: its output can be opened again": `
    echo again >/dev/stdout
    echo again >/dev/stderr`,
  "shell: the usual programs": `
    for program in cat find mkdir chown mktemp base64 tar; do
      command -v $program
    done
    mkdir made
    echo hello | base64 >made/hello
    tar -cf made.tar made
    tar -tf made.tar | grep made/hello`,
  "user worker: unprivileged": `
    [ $(id -un) = worker ]
    [ $(id -u) -ne 0 ]
    [ ! -w /etc ]
    grep "^CapEff:.0*$" /proc/self/status`,
  "sudo: without a password": "[ $(sudo id -un) = root ]",
  "/workspace: the user's own": `
    [ $PWD = /workspace/src ]
    [ -O /workspace ]
    [ $(cat /workspace/earlier) = kept ]`,
  "disk by serial": "cat /sys/block/*/serial | grep -x contractor-trees",
  "network: an address and a default route by DHCP": `
    awk '$2 == "00000000" { found = 1 } END { exit !found }' /proc/net/route
    grep "^nameserver " /etc/resolv.conf`,
  "network: no IPv6 beyond the link": `
    [ ! -e /proc/net/if_inet6 ] ||
      awk '$4 == "00" { found = 1 } END { exit found }' /proc/net/if_inet6`,
};

/** For specs with a playbook. */
const ansible: Record<string, string> = {
  "ansible-playbook": "ansible-playbook --version",
};

const script = `
for check in checks/*; do
  sh -ex $check && echo "$check: fulfilled" || echo "$check: broken"
done
`;

const images = [
  { name: "tiny.img", memory: "256 MiB", rows: contract },
  { name: "worker.img", memory: "1 GiB", rows: { ...contract, ...ansible } },
];

for (const { name, memory, rows } of images) {
  Deno.test(`${name} fulfils the guest contract`, async (t) => {
    await using project = await Project.create();
    await Deno.remove(project.path("tiny.img"));
    await Deno.symlink(sourceFiles.get(name)!, project.path(name));
    // A workspace of an earlier build, so that there is a disk for it.
    await Deno.mkdir(project.path(`ws/${WORKSPACE_STATE}`), {
      recursive: true,
    });
    await project.write("ws/earlier", "kept");
    await Deno.mkdir(project.path("src/checks"));
    for (const [index, check] of Object.values(rows).entries()) {
      await project.write(`src/checks/${index}`, check);
    }
    await project.write(
      "build.yaml",
      tinySpec(script).replace("tiny.img", name)
        .replace("memory: 256 MiB", `memory: ${memory}`),
    );
    const { code, events } = await project.build();
    const log = logOf(events);
    // Also fails if the image asks the network for something on its own.
    assert.equal(code, 0, log + JSON.stringify(events.at(-1)));
    for (const [index, row] of Object.keys(rows).entries()) {
      await t.step(row, () => {
        assert.match(log, new RegExp(`^checks/${index}: fulfilled$`, "m"), log);
      });
    }
  });
}
