/**
 * The virtual machine of one worker: its files, its domain, and what it uses.
 *
 * @module
 */

import { AgentError } from "../../src/shared/rpc/peer.ts";
import type { Usage } from "../../src/shared/rpc/protocol.ts";
import { CommandError } from "../system/commands.ts";
import { readConsoleTail } from "./console_tail.ts";
import {
  domainXml,
  type MemoryFile,
  treesDiskXml,
  type WorkerDomain,
  workerUser,
} from "./domain_xml.ts";
import { measureFile } from "../system/file_size.ts";
import {
  attachDevice,
  createDomain,
  destroyDomain,
  DOMAIN_PREFIX,
  findControlGroup,
  freezeControlGroup,
  killControlGroup,
  measureCpuSeconds,
  measureDomain,
  restoreDomain,
  resumeDomain,
  saveDomain,
  suspendDomain,
  waitUntilGone,
} from "./libvirt.ts";
import { countMemoryKills } from "./out_of_memory.ts";
import type { AgentPaths } from "../system/paths.ts";

/** What a machine is to have; its name, user and files are its own. */
export type MachineSettings =
  & Pick<WorkerDomain, "cpus" | "memoryBytes" | "network">
  & { backing: WorkerDomain["root"]["backing"] };

/** Files of a machine that was saved; all may read them, nobody writes them. */
export interface SavedFiles {
  /** The root disk, an overlay. */
  overlay: string;
  /** A blank overlay over that one, for clones to copy. */
  cloneOverlay: string;
  memory: string;
  /** All else. */
  state: string;
}

/** Where a machine with this directory on the data disk is saved. */
export function savedFiles(stateDirectory: string): SavedFiles {
  return {
    overlay: `${stateDirectory}/root.qcow2`,
    cloneOverlay: `${stateDirectory}/clone.qcow2`,
    memory: `${stateDirectory}/memory`,
    state: `${stateDirectory}/state`,
  };
}

/** One machine; its directories are made and removed when its user says so. */
export class WorkerMachine {
  /** On the data disk. */
  readonly stateDirectory: string;
  readonly runtimeDirectory: string;
  readonly #id: string;
  #controlGroup: string | undefined;
  #runs = false;
  /** What it used before it was a build's. */
  #cpuSecondsBefore = 0;
  #frozen = false;
  #usage: Usage = {
    cpuSeconds: 0,
    peakMemoryBytes: 0,
    diskBytes: 0,
    memoryKills: 0,
  };

  constructor(id: string, paths: AgentPaths) {
    this.#id = id;
    this.stateDirectory = `${paths.state}/workers/${id}`;
    this.runtimeDirectory = `${paths.runtime}/workers/${id}`;
  }

  /** The root disk, an overlay. */
  get overlay(): string {
    return savedFiles(this.stateDirectory).overlay;
  }

  /** What was measured last. */
  get usage(): Usage {
    return this.#usage;
  }

  get #name(): string {
    return `${DOMAIN_PREFIX}${this.#id}`;
  }

  get #user(): number {
    return workerUser(this.#id);
  }

  get #consoleFile(): string {
    return `${this.stateDirectory}/console.log`;
  }

  async makeDirectories(): Promise<void> {
    for (const path of [this.stateDirectory, this.runtimeDirectory]) {
      await Deno.mkdir(path, { recursive: true, mode: 0o711 });
    }
  }

  /** Removes all files of a machine that has ended. */
  async removeDirectories(): Promise<void> {
    await this.removeRuntimeDirectory();
    await Deno.remove(this.stateDirectory, { recursive: true });
  }

  /** Ends a machine that failed, whatever there is of it. */
  async discard(): Promise<void> {
    for (
      const step of [() => this.end(), () => this.removeDirectories()]
    ) {
      try {
        await step();
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) continue;
        console.error(`worker ${this.#id}: cannot discard:`, error);
      }
    }
  }

  /** Leaves what is on the data disk. */
  async removeRuntimeDirectory(): Promise<void> {
    await Deno.remove(this.runtimeDirectory, { recursive: true });
  }

  /** Boots the machine. @throws {AgentError} `boot-failed` */
  async start(settings: MachineSettings): Promise<void> {
    await this.#start(settings, undefined, createDomain);
  }

  /** Boots a machine that is to be saved. @throws {AgentError} `boot-failed` */
  async startSaving(settings: MachineSettings): Promise<void> {
    const { memory, state } = savedFiles(this.stateDirectory);
    await createFile(memory, settings.memoryBytes, this.#user);
    await createFile(state, 0, this.#user);
    const file = { path: memory, use: "save" } as const;
    await this.#start(settings, file, createDomain);
  }

  /** Saves the machine in its directory, and ends it. */
  async save(): Promise<void> {
    const { overlay, memory, state } = savedFiles(this.stateDirectory);
    await saveDomain(this.#name, state);
    await this.end();
    for (const file of [overlay, memory, state]) {
      await Deno.chown(file, 0, 0);
      await Deno.chmod(file, 0o444);
    }
  }

  /**
   * Starts a machine that rests, from one that was saved with these settings;
   * its overlay is over the saved one's.
   *
   * @throws {AgentError} `boot-failed`
   */
  async restore(settings: MachineSettings, saved: SavedFiles): Promise<void> {
    const file = { path: saved.memory, use: "clone" } as const;
    await this.#start(
      settings,
      file,
      (xmlFile) => restoreDomain(this.#name, xmlFile, saved.state),
    );
  }

  /** Only the time that it uses from now on counts. */
  async startCounting(): Promise<void> {
    this.#cpuSecondsBefore += await this.measureCpuSeconds();
    this.#usage = { ...this.#usage, cpuSeconds: 0 };
  }

  /** Lets a machine that rests run. */
  async resume(): Promise<void> {
    await resumeDomain(this.#name);
  }

  /** Has a machine that runs rest. */
  async suspend(): Promise<void> {
    await suspendDomain(this.#name);
  }

  /** Plugs a block device of the manager's into the machine, for the trees. */
  async plug(device: string): Promise<void> {
    const xmlFile = `${this.runtimeDirectory}/trees.xml`;
    await Deno.writeTextFile(xmlFile, treesDiskXml(device));
    try {
      await attachDevice(this.#name, xmlFile);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      throw new AgentError("worker-died", "The worker took no disk", {
        cause: error,
        detail: error.stderr,
      });
    }
  }

  /** Connects to a port of the runner. */
  async connect(port: "control" | "log"): Promise<Deno.UnixConn> {
    try {
      return await Deno.connect({
        transport: "unix",
        path: `${this.runtimeDirectory}/${port}.sock`,
      });
    } catch (cause) {
      throw await this.bootDeath(cause);
    }
  }

  /** The error of a machine that does not boot, with its console's end. */
  async bootFailure(message: string): Promise<AgentError> {
    const detail = await this.#bootConsole();
    return new AgentError("boot-failed", message, { detail });
  }

  /** The error of a machine that ended by itself before it was ready. */
  async bootDeath(cause: unknown): Promise<AgentError> {
    const message = "The worker ended while it booted";
    const detail = await this.#bootConsole();
    return new AgentError("worker-died", message, { cause, detail });
  }

  async #bootConsole(): Promise<string> {
    const tail = await this.consoleTail();
    return tail.trim() === ""
      ? "Nothing was printed on its console: is the image a bootable disk?"
      : tail;
  }

  /** The end of what was printed on the console; untrusted text. */
  consoleTail(): Promise<string> {
    return readConsoleTail(this.#consoleFile);
  }

  /**
   * Stops the machine where it is: it uses nothing more, and is to be ended.
   *
   * @returns whether it worked
   */
  async freeze(): Promise<boolean> {
    if (!this.#runs || this.#controlGroup === undefined) return false;
    this.#frozen = await freezeControlGroup(this.#controlGroup);
    return this.#frozen;
  }

  get isFrozen(): boolean {
    return this.#frozen;
  }

  /** Ends the machine at once, if it runs. */
  async end(): Promise<void> {
    if (!this.#runs) return;
    if (this.#frozen) await killControlGroup(this.#controlGroup!);
    await destroyDomain(this.#name);
    this.#runs = false;
  }

  /** Waits for a machine that shuts down; false if it takes too long. */
  async waitUntilGone(timeoutSeconds: number): Promise<boolean> {
    const gone = await waitUntilGone(this.#name, timeoutSeconds);
    if (gone) this.#runs = false;
    return gone;
  }

  /** Measures all that the machine has used; what it used before counts. */
  async measure(): Promise<Usage> {
    const usage = this.#runs ? await this.#measureDomain() : {};
    const diskBytes = await this.measureDiskBytes();
    this.#usage = {
      ...this.#usage,
      ...usage,
      diskBytes: Math.max(this.#usage.diskBytes, diskBytes),
      memoryKills: countMemoryKills(await this.consoleTail()),
    };
    return this.#usage;
  }

  async #start(
    { backing, ...settings }: MachineSettings,
    memory: MemoryFile | undefined,
    create: (xmlFile: string) => Promise<void>,
  ): Promise<void> {
    const xmlFile = `${this.runtimeDirectory}/domain.xml`;
    await Deno.writeTextFile(
      xmlFile,
      domainXml({
        ...settings,
        name: this.#name,
        user: this.#user,
        root: { overlay: this.overlay, backing },
        generation: crypto.randomUUID(),
        ...(memory && { memory }),
        controlSocket: `${this.runtimeDirectory}/control.sock`,
        logSocket: `${this.runtimeDirectory}/log.sock`,
        consoleFile: this.#consoleFile,
      }),
    );
    this.#runs = true;
    try {
      await create(xmlFile);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      throw new AgentError("boot-failed", "The worker cannot be started", {
        cause: error,
        detail: error.stderr,
      });
    }
    this.#controlGroup = await findControlGroup(this.#name);
  }

  /** CPU time so far, measured with one program. */
  async measureCpuSeconds(): Promise<number> {
    if (this.#runs && this.#controlGroup !== undefined) {
      const cpuSeconds = Math.max(
        0,
        await measureCpuSeconds(this.#controlGroup) - this.#cpuSecondsBefore,
      );
      this.#usage = { ...this.#usage, cpuSeconds };
    } else if (this.#runs) await this.measure();
    return this.#usage.cpuSeconds;
  }

  /** What the root disk takes in the manager. */
  measureDiskBytes(): Promise<number> {
    return measureFile(this.overlay);
  }

  /** What the root disk and a memory that is to be saved take there. */
  async measureSavedBytes(): Promise<number> {
    const { overlay, memory } = savedFiles(this.stateDirectory);
    return await measureFile(overlay) + await measureFile(memory);
  }

  /** A machine may end at any time: then nothing is known. */
  async #measureDomain(): Promise<Partial<Usage>> {
    try {
      const usage = await measureDomain(this.#name, this.#controlGroup);
      const cpuSeconds = usage.cpuSeconds - this.#cpuSecondsBefore;
      return { ...usage, cpuSeconds: Math.max(0, cpuSeconds) };
    } catch (error) {
      if (error instanceof CommandError) return {};
      throw error;
    }
  }
}

/** Creates a sparse file that only the user may use. */
async function createFile(
  path: string,
  bytes: number,
  user: number,
): Promise<void> {
  using file = await Deno.open(path, {
    write: true,
    createNew: true,
    mode: 0o600,
  });
  await file.truncate(bytes);
  await Deno.chown(path, user, user);
}
