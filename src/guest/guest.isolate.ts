/**
 * The `guest` isolate: the one thread on the host that reads what a guest
 * wrote. It may reach the RPC socket, the build's own directories and the
 * workspace, and nothing else.
 *
 * @module
 */

import { EnvironmentError } from "../errors.ts";
import { openPortStream } from "../isolate/port_stream.ts";
import { serveIsolate } from "../isolate/isolate.ts";
import type { ByteStream } from "../rpc/credit_stream.ts";
import { BuildLog } from "./build_log.ts";
import { fileSystemError } from "./file_system_error.ts";
import type { EgressRequest, GuestApi } from "./guest.ts";
import { requireExportRoom } from "./export_disk.ts";
import { requestLinks } from "./link_port.ts";
import { ManagerSession } from "./manager_session.ts";
import { packTree } from "./pack.ts";
import { newWorkspacePath, replaceWorkspace } from "./replace_workspace.ts";
import {
  manifestOf,
  readSourceManifest,
  SOURCE_IN_WORKSPACE,
  sourceExclude,
  type SourceManifest,
  workspaceFilter,
  writeSourceManifest,
} from "./source_manifest.ts";
import { quoteUntrusted } from "./terminal_text.ts";
import type { SkippedEntry } from "./tree_listing.ts";
import { unpackWorkspace } from "./unpack.ts";

/** As many as a workspace may have; what travels in is to come back. */
const MAX_ENTRIES = 1_000_000;

let session: ManagerSession | undefined;
let log: BuildLog | undefined;
let manifest: SourceManifest | undefined;
let sourceBytes = 0;
let announceEgress: ((request: EgressRequest) => void) | undefined;
let onText: (text: string) => void = () => {};

serveIsolate<GuestApi>({
  async connect({ socket, timeoutMs }, { signal }) {
    const connected = await ManagerSession.connect({
      socket,
      timeoutMs,
      signal,
      onEgress(purpose, stream) {
        if (announceEgress === undefined) return stream.reset("not relayed");
        const { port1, port2 } = new MessageChannel();
        splice(stream, openPortStream(port1));
        announceEgress({ purpose, port: port2 });
      },
    });
    session = connected.session;
    return connected.hello;
  },

  request({ method, params }, { signal }) {
    return requireSession().call(method, params as never, { signal });
  },

  relayEgress(_, { signal, emit }) {
    announceEgress = (request) => emit(request, [request.port]);
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => {
        announceEgress = undefined;
        resolve();
      });
    });
  },

  openLog({ path, limit }) {
    log = new BuildLog(path, limit, (text) => onText(text));
    return Promise.resolve();
  },

  async runStep({ worker, step }, { signal, emit }) {
    const current = requireLog();
    onText = (text) => emit({ text });
    try {
      const exitCode = await requireSession().runStep(
        worker,
        step,
        (bytes) => current.write(bytes),
        signal,
      );
      return { exitCode };
    } finally {
      await current.endStep();
    }
  },

  closeLog() {
    const bytes = log?.bytes ?? 0;
    log?.close();
    log = undefined;
    return Promise.resolve({ bytes });
  },

  async packSource({ trees, output, maxBytes }, { signal }) {
    const packed = await packTree({
      root: trees.source,
      prefix: `${SOURCE_IN_WORKSPACE}/`,
      output,
      exclude: sourceExclude(trees),
      limits: { name: "source", bytes: maxBytes, entries: MAX_ENTRIES },
      signal,
    });
    manifest = manifestOf(packed.paths);
    sourceBytes = packed.fileBytes;
    return { ...packed, notes: notesOn(packed.skipped) };
  },

  async packWorkspace({ workspace, output, maxBytes }, { signal }) {
    const filter = workspaceFilter(
      await readSourceManifest(workspace),
      requireManifest(),
    );
    const packed = await packTree({
      root: workspace,
      prefix: "",
      output,
      ...filter,
      limits: {
        name: "workspace of the last build",
        bytes: maxBytes - sourceBytes,
        entries: MAX_ENTRIES,
      },
      signal,
    });
    return { ...packed, notes: notesOn(packed.skipped) };
  },

  async exportWorkspace(
    { archive, workspace, build, limits, linker },
    { signal },
  ) {
    const destination = newWorkspacePath(workspace, build);
    try {
      const { entries, bytes, skipped, skippedCount } = await unpackWorkspace({
        archive,
        destination,
        limits,
        link: (links) => requestLinks(linker, { root: destination, links }),
        signal,
      });
      await writeSourceManifest(destination, requireManifest());
      const note = await replaceWorkspace(workspace, build);
      const notes = notesOn(skipped);
      const more = skippedCount - skipped.length;
      if (more > 0) notes.push(`Left out ${more} more entries`);
      if (note !== undefined) notes.push(note);
      return { entries, bytes, notes };
    } finally {
      linker.close();
    }
  },

  requireExportRoom: ({ archive, allowed }) =>
    requireExportRoom(archive, allowed),

  async writeReport({ path, report }) {
    try {
      await Deno.writeTextFile(path, JSON.stringify(report, null, 2) + "\n");
    } catch (error) {
      throw fileSystemError("write", path, error);
    }
  },

  async disconnect() {
    await session?.close();
    session = undefined;
  },
});

function requireSession(): ManagerSession {
  if (session !== undefined) return session;
  throw new EnvironmentError("not-connected", "Not connected to the manager");
}

function requireLog(): BuildLog {
  if (log !== undefined) return log;
  throw new EnvironmentError("log-closed", "The build's log is not open");
}

function requireManifest(): SourceManifest {
  if (manifest !== undefined) return manifest;
  throw new EnvironmentError("source-unknown", "The source was not packed");
}

function notesOn(skipped: readonly SkippedEntry[]): string[] {
  return skipped.map(({ path, reason }) =>
    `Left out ${quoteUntrusted(path)}: ${reason}`
  );
}

/** Copies both ways; an error of one stream ends the other. */
function splice(left: ByteStream, right: ByteStream): void {
  left.readable.pipeTo(right.writable).catch(() => {});
  right.readable.pipeTo(left.writable).catch(() => {});
}
