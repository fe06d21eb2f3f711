import { createHash } from "node:crypto";
import { isAbsolute, join, normalize } from "node:path";
import { EnvironmentError } from "../../shared/errors.ts";
import { RPC_PORT_COUNT } from "../../shared/rpc/protocol.ts";
import { stateFileError } from "./file_errors.ts";
import { randomName } from "./random_name.ts";

/** `sun_path` of Linux holds 108 bytes, the last one zero. */
const UNIX_SOCKET_PATH_LIMIT = 107;

const PRIVATE_DIRECTORY = 0o700;

/** The environment variables that say where the state lives. */
export interface StateEnvironment {
  readonly HOME?: string | undefined;
  readonly XDG_STATE_HOME?: string | undefined;
  readonly XDG_RUNTIME_DIR?: string | undefined;
}

/** Where everything that Contractor keeps on the host lives. */
export interface StatePaths {
  readonly root: string;
  readonly manager: {
    readonly directory: string;
    /** Held while the manager is started or stopped. */
    readonly lock: string;
    readonly dataDisk: string;
    /** Last part of the console, as far as it was read. */
    readonly console: string;
    /** Images that were unpacked from the compiled binary, by version. */
    readonly images: string;
  };
  readonly builds: string;
  readonly staging: string;
  readonly cache: {
    readonly directory: string;
    readonly digests: string;
    /** What the manager's cache is checked by. */
    readonly seals: string;
  };
  readonly run: {
    readonly directory: string;
    readonly qmpSocket: string;
    /** Held while someone talks to QEMU, which listens to one client only. */
    readonly qmpLock: string;
    readonly pidFile: string;
    readonly rpcPorts: readonly {
      readonly socket: string;
      readonly lock: string;
    }[];
  };
}

/** Where one build leaves its log and report. */
export function buildPaths(paths: StatePaths, build: string) {
  const directory = join(paths.builds, build);
  return {
    directory,
    log: join(directory, "log.txt"),
    report: join(directory, "report.json"),
  };
}

/**
 * Computes all paths from the environment, without touching a file.
 *
 * The runtime directory of a state directory carries a digest of its path, so
 * that two state directories never share a manager.
 *
 * @throws {EnvironmentError} if the environment names no usable directory
 */
export function resolveStatePaths(environment: StateEnvironment): StatePaths {
  const root = join(stateHome(environment), "contractor");
  const manager = join(root, "manager");
  const cache = join(root, "cache");
  const run = runtimeDirectory(environment, root);
  const qmpSocket = join(run, "qmp.sock");
  const rpcPorts = Array.from({ length: RPC_PORT_COUNT }, (_, port) => ({
    socket: join(run, `rpc.${port}.sock`),
    lock: join(run, `rpc.${port}.lock`),
  }));
  for (const path of [qmpSocket, ...rpcPorts.map((port) => port.socket)]) {
    requireSocketPath(path);
  }
  return {
    root,
    manager: {
      directory: manager,
      lock: join(manager, "manager.lock"),
      dataDisk: join(manager, "data.img"),
      console: join(manager, "console.txt"),
      images: join(manager, "images"),
    },
    builds: join(root, "builds"),
    staging: join(root, "staging"),
    cache: {
      directory: cache,
      digests: join(cache, "digests.json"),
      seals: join(cache, "seals"),
    },
    run: {
      directory: run,
      qmpSocket,
      qmpLock: join(run, "qmp.lock"),
      pidFile: join(run, "qemu.pid"),
      rpcPorts,
    },
  };
}

/**
 * Creates the directories that are missing, for this user alone.
 *
 * @throws {EnvironmentError} if one cannot be created or belongs to another
 */
export async function createStateDirectories(paths: StatePaths): Promise<void> {
  const directories = [
    paths.root,
    paths.manager.directory,
    paths.manager.images,
    paths.builds,
    paths.staging,
    paths.cache.directory,
    paths.cache.seals,
    paths.run.directory,
  ];
  for (const directory of directories) await createDirectory(directory);
  await requireOwnDirectory(paths.root, Deno.stat);
  await requireOwnDirectory(paths.run.directory, Deno.lstat);
}

function stateHome(environment: StateEnvironment): string {
  const explicit = absolute(environment.XDG_STATE_HOME);
  if (explicit !== undefined) return explicit;
  const home = absolute(environment.HOME);
  if (home !== undefined) return join(home, ".local", "state");
  throw new EnvironmentError(
    "home-missing",
    "Cannot tell where to keep state: HOME is not set",
    { hint: "Set HOME or XDG_STATE_HOME to an absolute path" },
  );
}

function runtimeDirectory(
  environment: StateEnvironment,
  root: string,
): string {
  const explicit = absolute(environment.XDG_RUNTIME_DIR);
  if (explicit === undefined) return join(root, "run");
  const digest = createHash("sha256").update(root).digest("hex").slice(0, 8);
  return join(explicit, "contractor", digest);
}

/** The XDG base directory specification: a relative path is to be ignored. */
function absolute(path: string | undefined): string | undefined {
  return path !== undefined && isAbsolute(path) ? normalize(path) : undefined;
}

function requireSocketPath(path: string): void {
  const { length } = new TextEncoder().encode(path);
  if (length <= UNIX_SOCKET_PATH_LIMIT) return;
  throw new EnvironmentError(
    "runtime-path-too-long",
    `Cannot use "${path}" as a socket: its path has ${length} bytes, the limit is ${UNIX_SOCKET_PATH_LIMIT}`,
    { hint: "Set XDG_RUNTIME_DIR to a directory with a short path" },
  );
}

async function createDirectory(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true, mode: PRIVATE_DIRECTORY });
  } catch (error) {
    throw stateFileError(error, "create the directory", path);
  }
}

/**
 * A file made in the directory must have the directory's owner: this tells who
 * we are without asking for the permission to know it.
 */
async function requireOwnDirectory(
  path: string,
  inspect: typeof Deno.stat,
): Promise<void> {
  const probe = join(path, `probe.${randomName()}`);
  try {
    await Deno.writeFile(probe, new Uint8Array(1), { createNew: true });
    const ours = await Deno.lstat(probe);
    const found = await inspect(path);
    if (!found.isDirectory || found.uid !== ours.uid) {
      throw new EnvironmentError(
        "state-directory-foreign",
        `Cannot use the directory "${path}": it belongs to another user or is a link`,
        {
          hint:
            "Set XDG_STATE_HOME and XDG_RUNTIME_DIR to directories of your own",
        },
      );
    }
    if (((found.mode ?? 0) & 0o077) !== 0) {
      await Deno.chmod(path, PRIVATE_DIRECTORY);
    }
  } catch (error) {
    throw stateFileError(error, "write to the directory", path);
  } finally {
    await Deno.remove(probe).catch(() => {});
  }
}
