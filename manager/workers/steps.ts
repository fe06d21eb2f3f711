/**
 * Composes the shell scripts that a worker's runner executes, for GNU and
 * busybox userlands alike.
 *
 * @module
 */

import {
  EXPORT_GRANULE,
  type MethodParams,
} from "../../src/shared/rpc/protocol.ts";
import { TREES_SERIAL } from "./domain_xml.ts";
import {
  asWorker,
  recallUserland,
  requireGroundwork,
  WORKSPACE,
} from "./groundwork.ts";
import type { RunnerUser } from "./runner_protocol.ts";

/** A step as the host asks for it. */
export type Step = MethodParams<"worker.run">["step"];

/** A script and who runs it; `sh -e` executes it. */
export interface StepScript {
  user: RunnerUser;
  script: string;
}

/** Exit status of a step whose worker lacks a program. */
const STATUS_PROGRAM_MISSING = 127;

/** How often a disk is looked for, which is plugged in as the step starts. */
const DISK_TRIES = 200;

/** Blocks of 512 bytes in a record: 1 MiB suits a block device. */
const GNU_BLOCKING_FACTOR = 2048;

/** Composes a step's scripts; each runs only if the one before succeeded. */
export function composeStep(step: Step): StepScript[] {
  switch (step.kind) {
    case "prepare":
      return [
        ...(step.refreshPackageLists
          ? [{ user: "root", script: refreshPackageLists } as const]
          : []),
        { user: "worker", script: runPlaybook(step.playbook) },
      ];
    case "source-in":
      return [{ user: "root", script: extract(step.bytes) }];
    case "build":
      return [{ user: "worker", script: buildScript(step.script) }];
    case "workspace-out":
      return [{ user: "root", script: archive(step.offset) }];
  }
}

const refreshPackageLists = `\
command -v apt-get >/dev/null 2>&1 || exit 0
apt-get -q update </dev/null ||
  echo "Contractor: warning: cannot refresh the package lists"
`;

/** Runs the plays inside of the worker, against itself. */
function runPlaybook(playbook: string): string {
  return `\
if ! command -v ansible-playbook >/dev/null 2>&1; then
  echo "Contractor: the worker image has no ansible-playbook, so it cannot be prepared" >&2
  exit ${STATUS_PROGRAM_MISSING}
fi
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
echo 'worker ansible_connection=local' >inventory
base64 -d >playbook.yml <<'END_OF_PLAYBOOK'
${encodeBase64(playbook)}
END_OF_PLAYBOOK
export ANSIBLE_NOCOLOR=1 ANSIBLE_RETRY_FILES_ENABLED=0 PYTHONUNBUFFERED=1
ansible-playbook -i inventory playbook.yml
`;
}

/** In lines, as a shell script's other lines are. */
function encodeBase64(text: string): string {
  return new TextEncoder().encode(text).toBase64().replace(/.{76}/g, "$&\n");
}

function buildScript(script: string): string {
  return `cd ${WORKSPACE}/src\n${
    script.endsWith("\n") ? script : `${script}\n`
  }`;
}

/** Finds the disk by its serial number, once it is there; sets \`disk\`. */
const findDisk = `\
find_disk() {
  for file in /sys/block/*/serial; do
    serial=
    read -r serial 2>/dev/null <"$file" || :
    if [ "$serial" = "$1" ]; then
      disk=\${file%/serial}
      disk=/dev/\${disk##*/}
      return
    fi
  done
  return 1
}
tries=0
until find_disk ${TREES_SERIAL} && [ -e "$disk" ]; do
  tries=$((tries + 1))
  if [ "$tries" -eq ${DISK_TRIES} ]; then
    echo "Contractor: the worker has no disk with its trees" >&2
    exit 1
  fi
  sleep 0.05
done
`;

/**
 * Has user worker read the archive, so that all files belong to it. The disk is
 * opened by root: its device's owner is up to the worker's system. Busybox's tar
 * reads all that it is given, behind the archive's end too, so it is given no
 * more.
 */
function extract(bytes: number): string {
  return `${findDisk}${requireGroundwork}${asWorker}\
cd ${WORKSPACE}
if [ "$gnu_tar" = yes ]; then
  as_worker tar --extract --preserve-permissions --warning=no-timestamp \\
    --blocking-factor=${GNU_BLOCKING_FACTOR} --file=- <"$disk"
else
  dd if="$disk" bs=${EXPORT_GRANULE} count=${
    bytes / EXPORT_GRANULE
  } 2>/dev/null |
    as_worker tar -x -p -o -f -
fi
`;
}

/**
 * Writes the workspace as plain files, folders and symbolic links: hard links
 * become files, and what else there is stays behind. Busybox's tar cannot do
 * that, so there the workspace itself is changed: nobody needs it any more.
 *
 * The archive goes to where dd has moved the output that tar shares with it.
 */
function archive(offset: number): string {
  return `${findDisk}${recallUserland}\
cd ${WORKSPACE}
exec >"$disk"
dd bs=${EXPORT_GRANULE} seek=${offset / EXPORT_GRANULE} count=0 2>/dev/null
if [ "$gnu_tar" = yes ]; then
  find . \\( -type f -o -type d -o -type l \\) -print0 |
    tar --create --format=pax --hard-dereference --null --no-recursion \\
      --verbatim-files-from --files-from=- \\
      --blocking-factor=${GNU_BLOCKING_FACTOR} --file=- || [ $? -eq 1 ]
else
  find . -type f -links +1 -exec sh -c \\
    'cp -p "$1" "$1.unlinked" && mv "$1.unlinked" "$1"' sh {} \\;
  find . ! -type f ! -type d ! -type l -exec rm -f {} \\;
  tar -c -f - .
fi
sync
`;
}
