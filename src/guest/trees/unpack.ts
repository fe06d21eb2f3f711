/**
 * Unpacks the archive that a worker made of its workspace. The archive is
 * hostile: it is unpacked into a brand-new directory in which every parent is
 * one that we made, and files are created exclusively. Symlinks are not created
 * here: `keepWorkspace` does that, when nothing more is written.
 *
 * What ends the export: `workspace-refused` (exit code 1: the build left
 * something that cannot be taken out, such as a device, or a path that leads
 * elsewhere), `workspace-too-large` (exit code 4: a cap), and
 * `workspace-archive-damaged` (exit code 3: no valid tar archive). What is left
 * out with a note: symlinks that are absolute or lead out of the workspace,
 * which build trees often have, our own state directory, and what programs run
 * by themselves.
 *
 * @module
 */

import { EnvironmentError } from "../../shared/errors.ts";
import type { AutorunProgram } from "./autorun_files.ts";
import { AutorunFilter } from "./autorun_filter.ts";
import {
  FileCreator,
  MAX_BUFFERED_BYTES,
  type NewFile,
  openNewFile,
  truncate,
  writeAll,
} from "./file_creator.ts";
import { fileSystemError } from "../file_system_error.ts";
import { LeftOut } from "./left_out.ts";
import { refuseLink, type SymbolicLink } from "./link_policy.ts";
import {
  memberPath,
  refused,
  requireAllowedKind,
  tooLarge,
  type UnpackLimits,
} from "./member_policy.ts";
import { WORKSPACE_STATE } from "./source_manifest.ts";
import { TarFormatError } from "./tar_format.ts";
import { type TarMember, TarReader } from "./tar_reader.ts";
import { quoteUntrusted, sanitizeText } from "../terminal_text.ts";
import type { SkippedEntry } from "./tree_listing.ts";
import {
  MAX_MTIME,
  MAX_SKIPPED_NOTES,
  type UnpackedTree,
} from "./unpacked_tree.ts";
import { partRuns } from "./zero_runs.ts";

const MODE_OF_IMPLIED_DIRECTORY = 0o755;

/** What to unpack, and where. */
export interface UnpackOptions {
  /** A raw disk file. */
  disk: string;
  /** Where in it the tar archive begins. */
  offset: number;
  /** Its real path; must not exist, its parent must. */
  destination: string;
  limits: UnpackLimits;
  /** Programs whose files come back although they run them by themselves. */
  keep: readonly AutorunProgram[];
  signal?: AbortSignal;
}

/** Unpacks a worker's workspace; on failure the destination is removed. */
export async function unpackWorkspace(
  options: UnpackOptions,
): Promise<UnpackedTree> {
  const { disk, offset, destination } = options;
  options.signal?.throwIfAborted();
  const file = await open(disk);
  try {
    await file.seek(offset, Deno.SeekMode.Start);
    createDirectory(destination, MODE_OF_IMPLIED_DIRECTORY);
    try {
      return await new Unpacker(options, new TarReader(file)).run();
    } catch (error) {
      await Deno.remove(destination, { recursive: true }).catch(() => {});
      throw error instanceof TarFormatError ? damaged(error) : error;
    }
  } finally {
    file.close();
  }
}

class Unpacker {
  readonly #kinds = new Map<string, "file" | "directory" | "symlink">();
  readonly #directoryTimes = new Map<string, number>();
  readonly #autorun: AutorunFilter;
  readonly #leftOut = new LeftOut();
  readonly #skipped: SkippedEntry[] = [];
  readonly #creator = new FileCreator();
  #links: SymbolicLink[] = [];
  #skippedCount = 0;
  #entries = 0;
  #bytes = 0;
  #nameBytes = 0;

  constructor(
    private readonly options: UnpackOptions,
    private readonly reader: TarReader,
  ) {
    this.#autorun = new AutorunFilter(options.keep);
  }

  async run(): Promise<UnpackedTree> {
    try {
      await this.#unpackMembers();
      await this.#creator.finish();
    } finally {
      await this.#creator.settle();
    }
    this.#leaveOutGitParts();
    return {
      entries: this.#entries,
      bytes: this.#bytes,
      skipped: this.#skipped,
      skippedCount: this.#skippedCount,
      links: this.#links,
      directoryTimes: Array.from(
        this.#directoryTimes,
        ([path, mtime]) => ({ path, mtime }),
      ),
      leftOut: this.#leftOut.entries,
    };
  }

  async #unpackMembers(): Promise<void> {
    let member: TarMember | undefined;
    while ((member = await this.reader.next()) !== undefined) {
      this.options.signal?.throwIfAborted();
      this.#countEntry();
      await this.#unpack(member);
    }
  }

  async #unpack(member: TarMember): Promise<void> {
    const path = memberPath(member, this.options.limits);
    if (path === "") return;
    this.#countNames(path, member.target);
    if (path === WORKSPACE_STATE || path.startsWith(`${WORKSPACE_STATE}/`)) {
      if (path === WORKSPACE_STATE) this.#skip(path, "the name is reserved");
      return;
    }
    requireAllowedKind(member);
    const match = this.#autorun.match(path, member.kind);
    if (match !== undefined) {
      this.#leftOut.add(match);
      return;
    }
    this.#createParents(path);
    if (member.kind === "directory") {
      this.#unpackDirectory(path, member);
      return;
    }
    if (this.#kinds.has(path)) {
      throw refused(quoteUntrusted(path), "it is in the archive twice");
    }
    if (member.kind === "symlink") {
      this.#kinds.set(path, "symlink");
      this.#takeLink(path, member.target);
    } else {
      this.#kinds.set(path, "file");
      await this.#unpackFile(path, member);
    }
  }

  #countEntry(): void {
    const { entries } = this.options.limits;
    if (++this.#entries > entries) {
      throw tooLarge(`it has more than ${entries} entries`, {
        limit: "workspace.entries",
        allowed: entries,
        measured: this.#entries,
      });
    }
  }

  #countNames(path: string, target = ""): void {
    const { nameBytes } = this.options.limits;
    this.#nameBytes += path.length + target.length;
    if (this.#nameBytes > nameBytes) {
      throw tooLarge(`its paths have more than ${nameBytes} characters`, {
        limit: "workspace.names",
        allowed: nameBytes,
        measured: this.#nameBytes,
      });
    }
  }

  #createParents(path: string): void {
    const slash = path.lastIndexOf("/");
    if (slash < 0) return;
    const parent = path.slice(0, slash);
    const kind = this.#kinds.get(parent);
    if (kind === "directory") return;
    if (kind !== undefined) {
      throw refused(quoteUntrusted(path), `its parent is a ${kind}`);
    }
    this.#createParents(parent);
    this.#countEntry();
    this.#countNames(parent);
    createDirectory(this.#onDisk(parent), MODE_OF_IMPLIED_DIRECTORY);
    this.#kinds.set(parent, "directory");
  }

  #unpackDirectory(path: string, member: TarMember): void {
    const before = this.#kinds.get(path);
    if (before !== undefined && before !== "directory") {
      throw refused(quoteUntrusted(path), `it is a ${before} as well`);
    }
    if (before === undefined) {
      createDirectory(this.#onDisk(path), (member.mode & 0o777) | 0o700);
      this.#kinds.set(path, "directory");
    }
    this.#directoryTimes.set(path, clampTime(member.mtime));
  }

  async #unpackFile(path: string, member: TarMember): Promise<void> {
    const { limits } = this.options;
    if (member.size > limits.bytes - this.#bytes) {
      throw tooLarge(`its files have more than ${limits.bytes} bytes`, {
        limit: "workspace.bytes",
        allowed: limits.bytes,
        measured: this.#bytes + member.size,
      });
    }
    const file = {
      path: this.#onDisk(path),
      mode: (member.mode & 0o777) | 0o600,
      mtime: clampTime(member.mtime),
    };
    if (member.size <= MAX_BUFFERED_BYTES) {
      await this.#creator.create(file, await this.#readBody(member.size));
    } else {
      await this.#writeLargeFile(file, member.size);
    }
    this.#bytes += member.size;
  }

  async #readBody(size: number): Promise<Uint8Array> {
    const body = new Uint8Array(size);
    let offset = 0;
    let piece: Uint8Array | undefined;
    while ((piece = await this.reader.read()) !== undefined) {
      body.set(piece, offset);
      offset += piece.length;
    }
    return body;
  }

  /** What is zero takes nothing on the disk. */
  async #writeLargeFile(file: NewFile, size: number): Promise<void> {
    const opened = await openNewFile(file);
    try {
      let piece: Uint8Array | undefined;
      while ((piece = await this.reader.read()) !== undefined) {
        this.options.signal?.throwIfAborted();
        for (const { bytes, isZero } of partRuns(piece)) {
          if (isZero) opened.seekSync(bytes.length, Deno.SeekMode.Current);
          else writeAll(opened, bytes, file.path);
        }
      }
      truncate(opened, size, file.path);
      opened.utimeSync(file.mtime, file.mtime);
    } finally {
      opened.close();
    }
  }

  /** Only the whole tree tells what is a Git directory. */
  #leaveOutGitParts(): void {
    for (const match of this.#autorun.matchGitParts(this.#kinds.keys())) {
      if (this.#leftOut.holds(match.path)) continue;
      this.#leftOut.add(match);
      if (this.#kinds.get(match.path) !== "symlink") {
        removeTree(this.#onDisk(match.path));
      }
    }
    this.#links = this.#links.filter(({ path }) => !this.#leftOut.holds(path));
    for (const path of this.#directoryTimes.keys()) {
      if (this.#leftOut.holds(path)) this.#directoryTimes.delete(path);
    }
  }

  #takeLink(path: string, target: string | undefined): void {
    const reason = target === undefined
      ? "its target is not valid UTF-8"
      : refuseLink({ path, target });
    if (reason === undefined) this.#links.push({ path, target: target! });
    else this.#skip(path, reason);
  }

  #skip(path: string, reason: string): void {
    if (++this.#skippedCount > MAX_SKIPPED_NOTES) return;
    this.#skipped.push({ path: sanitizeText(path, 200), reason });
  }

  #onDisk(path: string): string {
    return `${this.options.destination}/${path}`;
  }
}

function clampTime(seconds: number): number {
  return Math.min(Math.max(seconds, 0), MAX_MTIME);
}

async function open(disk: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(disk);
  } catch (error) {
    throw fileSystemError("read", disk, error);
  }
}

function createDirectory(path: string, mode: number): void {
  try {
    Deno.mkdirSync(path, { mode });
  } catch (error) {
    throw fileSystemError("create", path, error);
  }
}

function removeTree(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    throw fileSystemError("remove", path, error);
  }
}

function damaged(error: TarFormatError): EnvironmentError {
  return new EnvironmentError(
    "workspace-archive-damaged",
    `Cannot read the archive of the worker's workspace: ${error.message}`,
    { hint: "The log may tell what went wrong in the worker", cause: error },
  );
}
