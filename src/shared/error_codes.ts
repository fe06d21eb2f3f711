/**
 * The codes of errors, by what is at fault: stable names for programs.
 * `docs/errors.md` lists them.
 *
 * @module
 */

import type { ExitCode } from "./exit_code.ts";
import type { RpcFailure } from "./rpc/protocol.ts";

/** The command line, the spec or what it names is wrong: exit code 2. */
export const USAGE_CODES = {
  "accelerator-unknown": "there is no such accelerator",
  "bad-arguments": "the command line cannot be understood",
  "bad-proxy": "a variable for the proxy has a value that is none",
  "config-is-directory": "the configuration is a folder",
  "config-missing": "the configuration is not there",
  "config-not-file": "the configuration is no regular file",
  "config-not-utf8": "the configuration is no text",
  "config-too-large": "the configuration is larger than 1 MiB",
  "config-unreadable": "the configuration cannot be read",
  "image-changed": "the worker image was changed while it was used",
  "image-format": "the worker image is no disk that can be used",
  "image-missing": "the worker image is not there",
  "image-not-file": "the worker image is no regular file",
  "image-refused":
    "the worker image refers to other files, or is encrypted or damaged",
  "image-too-large": "the worker image takes more than it may",
  "image-unreadable": "the worker image cannot be read",
  "invalid-config": "the configuration has mistakes",
  "invalid-spec": "the build spec has mistakes",
  "outside-project": "the build spec names what is not in its project",
  "path-unreadable": "a path cannot be followed",
  "project-missing": "the project's folder is not there",
  "source-missing": "the source is not there",
  "source-not-directory": "the source is no folder",
  "source-unreadable": "the source cannot be read",
  "spec-empty": "the build spec is empty",
  "spec-is-directory": "the build spec is a folder",
  "spec-missing": "the build spec is not there",
  "spec-not-file": "the build spec is no regular file",
  "spec-not-utf8": "the build spec is no text",
  "spec-too-large": "the build spec is larger than 1 MiB",
  "spec-unreadable": "the build spec cannot be read",
  "tree-too-large": "source or earlier workspace are larger than they may be",
  "workspace-contains-source":
    "the workspace would be replaced with the source",
  "workspace-foreign": "the workspace's folder holds what no build made",
  "workspace-mounted": "the workspace's folder is a mount point",
  "workspace-not-directory": "the workspace's path is no folder",
  "workspace-unreadable": "the workspace cannot be read",
  "workspace-unwritable": "the workspace cannot be written",
} as const;

/** The playbook, the build commands or their result failed: exit code 1. */
export const BUILD_FAILED_CODES = {
  "build-failed": "the build commands failed",
  "playbook-failed": "the playbook failed",
  "workspace-refused": "the workspace holds what cannot be taken out",
} as const;

/** A limit was exceeded: exit code 4. */
export const LIMIT_CODES = {
  "bandwidth-total-limit": "more network traffic than allowed",
  "cpu-time-limit": "more processor time than allowed",
  "disk-limit": "more disk space than allowed",
  "log-limit": "a longer log than allowed",
  "wall-time-limit": "more time than allowed",
  "workspace-bytes-limit": "a workspace larger than `disk`",
  "workspace-depth-limit": "a workspace with too many levels",
  "workspace-entries-limit": "a workspace with too many entries",
  "workspace-names-limit": "a workspace whose paths are too long together",
  "workspace-path-limit": "a workspace with a path that is too long",
  "workspace-too-large": "a workspace beyond one of these bounds",
} as const;

/** What the agent answers, behind `manager-`. */
const AGENT_CODES = {
  "manager-bad-image": "the worker image cannot be used",
  "manager-boot-failed": "the worker does not boot",
  "manager-busy": "the manager is at something that excludes this",
  "manager-disk-full": "the manager's data disk is full",
  "manager-disk-missing": "a disk did not appear in the manager",
  "manager-image-too-large": "the worker image takes more than it may",
  "manager-internal": "the agent failed: a defect of Contractor",
  "manager-no-capacity":
    "the manager has not as much memory, processors or disk to give",
  "manager-runner-protocol": "the worker's runner does not keep its protocol",
  "manager-seal-failed": "the prepared disk cannot be kept",
  "manager-unknown-build": "the manager does not know the build any more",
  "manager-unknown-image": "the manager does not have the image any more",
  "manager-unknown-worker": "the manager does not know the worker any more",
  "manager-violation": "something was found against the build",
  "manager-worker-died": "the worker ended by itself",
} as const satisfies Record<`manager-${RpcFailure["code"]}`, string>;

/** Why the host opens no connection for a worker, which sees a reset. */
export const CONNECTION_CODES = {
  "connect-failed": "no allowed address of a host answered in time",
  "denied": "the user denies the host to all builds",
  "no-address": "a host has no address, or was not found in time",
  "not-allowed": "no rule of the build allows the host",
  "over-limit": "the build has sent and received as much as it may",
  "refused-address": "a host has no address that may be dialed",
  "too-many": "the build has too many connections open",
} as const;

/** The machine, the manager or Contractor is at fault: exit code 3. */
export const ENVIRONMENT_CODES = {
  ...AGENT_CODES,
  "channel-broken": "the connection to the agent failed",
  "channel-closed": "the connection to the agent has ended",
  "channel-limit": "a message does not fit into the connection's bounds",
  "channel-violation": "the agent broke the protocol",
  "disk-attach-failed": "a disk cannot be attached to the manager",
  "disk-foreign": "a disk that is to be attached is not the build's",
  "disk-full": "no space is left on this machine's disk",
  "file-changed": "a file changed while it was read",
  "file-system": "the system refused to read or write a file",
  "greeting-missing": "the agent does not answer",
  "home-missing": "neither HOME nor the XDG variables are set",
  "internal": "a defect of Contractor",
  "isolate-crashed": "a thread of Contractor crashed",
  "isolate-failed": "a thread of Contractor failed",
  "isolate-terminated": "a thread of Contractor was ended",
  "kvm-not-nested": "KVM cannot nest",
  "kvm-unusable": "KVM cannot be used",
  "link-refused": "a link of the workspace cannot be made",
  "lock-held": "another contractor uses the same",
  "log-closed": "the log is closed",
  "manager-failed": "the agent failed, and does not say why",
  "manager-gone": "the manager VM has ended",
  "manager-image-damaged": "the manager image is damaged",
  "manager-image-missing": "there is no manager image",
  "manager-lost": "the manager VM ended during the build",
  "manager-not-running": "the manager does not run",
  "manager-outdated": "the running manager is of another version, and builds",
  "manager-protocol": "the running manager is of another contractor",
  "manager-silent": "the manager does not answer",
  "manager-start-failed": "the manager VM cannot be started",
  "manager-unresponsive": "the manager VM does not react",
  "name-not-utf8": "a file's name is no text",
  "no-capacity": "the manager is smaller than what the spec asks for",
  "not-connected": "there is no connection to the agent",
  "path-moved": "a path leads elsewhere than when it was checked",
  "path-refused": "a folder of the workspace cannot be made",
  "qemu-missing": "there is no QEMU",
  "qemu-protocol": "QEMU's monitor does not keep its protocol",
  "qemu-refused": "QEMU refused what it was told",
  "rpc-malformed-result": "the agent's answer is none",
  "rpc-ports-busy": "all connections to the manager are taken",
  "runtime-path-too-long": "the path of a socket would be too long",
  "state-directory-blocked": "a file is in the way of the state directory",
  "state-directory-foreign": "the state directory is somebody else's",
  "state-directory-full": "no space is left for the state directory",
  "state-directory-unfit": "the state directory takes no files of this size",
  "state-directory-unwritable": "the state directory cannot be written",
  "stream-reset": "one side gave up a stream",
  "too-few-files": "a process may not open as many files as needed",
  "tree-unreadable": "a file of the source cannot be read",
  "worker-step-failed": "the worker failed at a step of Contractor's own",
  "workspace-archive-damaged": "the worker's archive is damaged",
  "workspace-not-a-directory": "what was to be replaced is no folder",
  "workspace-unsound": "the unpacked workspace is not what was unpacked",
} as const;

export type UsageCode = keyof typeof USAGE_CODES;
export type BuildFailedCode = keyof typeof BUILD_FAILED_CODES;
export type LimitCode = keyof typeof LIMIT_CODES;
export type EnvironmentCode = keyof typeof ENVIRONMENT_CODES;

/** All of them, with their exit codes and meanings. */
export const ERROR_CODES: ReadonlyMap<
  string,
  { readonly exitCode: ExitCode; readonly meaning: string }
> = new Map(
  ([
    [1, BUILD_FAILED_CODES],
    [2, USAGE_CODES],
    [3, { ...ENVIRONMENT_CODES, ...CONNECTION_CODES }],
    [4, LIMIT_CODES],
    [5, { "network-violation": "the build tried to reach what it may not" }],
    [130, { "interrupted": "the user interrupted the command" }],
  ] as [ExitCode, Record<string, string>][]).flatMap(([exitCode, codes]) =>
    Object.entries(codes).toSorted(([one], [other]) => one < other ? -1 : 1)
      .map(([code, meaning]) => [code, { exitCode, meaning }] as const)
  ),
);
