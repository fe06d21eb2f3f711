/**
 * The virtual machine of one worker: its files, its domain, and what it uses.
 *
 * @module
 */

import { AgentError } from "../src/rpc/peer.ts";
import type { Usage } from "../src/rpc/protocol.ts";
import { CommandError } from "./commands.ts";
import { readConsoleTail } from "./console_tail.ts";
import { domainXml, type WorkerDomain, workerUser } from "./domain_xml.ts";
import { measureFile } from "./file_size.ts";
import {
  createDomain,
  destroyDomain,
  DOMAIN_PREFIX,
  findControlGroup,
  freezeControlGroup,
  killControlGroup,
  measureCpuSeconds,
  measureDomain,
  waitUntilGone,
} from "./libvirt.ts";
import { countMemoryKills } from "./out_of_memory.ts";
import type { AgentPaths } from "./paths.ts";

/** What a machine is to have; its name, user and files are its own. */
export type MachineSettings =
  & Omit<
    WorkerDomain,
    "name" | "user" | "root" | "controlSocket" | "logSocket" | "consoleFile"
  >
  & { backing: WorkerDomain["root"]["backing"] };

/** One machine; its directories are the caller's to create and remove. */
export class WorkerMachine {
  /** On the data disk. */
  readonly stateDirectory: string;
  readonly runtimeDirectory: string;
  readonly #id: string;
  #controlGroup: string | undefined;
  #runs = false;
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
    return `${this.stateDirectory}/root.qcow2`;
  }

  /** What was measured last. */
  get usage(): Usage {
    return this.#usage;
  }

  get #name(): string {
    return `${DOMAIN_PREFIX}${this.#id}`;
  }

  get #consoleFile(): string {
    return `${this.stateDirectory}/console.log`;
  }

  /** @throws {AgentError} `boot-failed` */
  async start({ backing, ...settings }: MachineSettings): Promise<void> {
    const xmlFile = `${this.runtimeDirectory}/domain.xml`;
    await Deno.writeTextFile(
      xmlFile,
      domainXml({
        ...settings,
        name: this.#name,
        user: workerUser(this.#id),
        root: { overlay: this.overlay, backing },
        controlSocket: `${this.runtimeDirectory}/control.sock`,
        logSocket: `${this.runtimeDirectory}/log.sock`,
        consoleFile: this.#consoleFile,
      }),
    );
    this.#runs = true;
    try {
      await createDomain(xmlFile);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      throw new AgentError("boot-failed", "The worker cannot be started", {
        cause: error,
        detail: error.stderr,
      });
    }
    this.#controlGroup = await findControlGroup(this.#name);
  }

  /** Connects to a port of the runner. */
  async connect(port: "control" | "log"): Promise<Deno.UnixConn> {
    try {
      return await Deno.connect({
        transport: "unix",
        path: `${this.runtimeDirectory}/${port}.sock`,
      });
    } catch (cause) {
      throw await this.bootFailure("The worker ended while it booted", cause);
    }
  }

  /** The error of a machine that does not boot, with its console's end. */
  async bootFailure(message: string, cause?: unknown): Promise<AgentError> {
    const tail = await this.consoleTail();
    const detail = tail.trim() === ""
      ? "Nothing was printed on its console: is the image a bootable disk?"
      : tail;
    return new AgentError("boot-failed", message, { cause, detail });
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

  /** CPU time so far, measured with one program. */
  async measureCpuSeconds(): Promise<number> {
    if (this.#runs && this.#controlGroup !== undefined) {
      const cpuSeconds = await measureCpuSeconds(this.#controlGroup);
      this.#usage = { ...this.#usage, cpuSeconds };
    } else if (this.#runs) await this.measure();
    return this.#usage.cpuSeconds;
  }

  /** What the root disk takes in the manager. */
  measureDiskBytes(): Promise<number> {
    return measureFile(this.overlay);
  }

  /** A machine may end at any time: then nothing is known. */
  async #measureDomain(): Promise<Partial<Usage>> {
    try {
      return await measureDomain(this.#name, this.#controlGroup);
    } catch (error) {
      if (error instanceof CommandError) return {};
      throw error;
    }
  }
}
