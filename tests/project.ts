/**
 * A project to build: a temporary directory with a source tree, and the
 * `contractor` command as a user runs it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { TextLineStream } from "./text_lines.ts";
import type { BuildEvent } from "../src/pipeline/events.ts";
import { contractorCommand, sourceFiles } from "../subplot/repository.ts";
import { imagesAllowed, prepareEnvironment } from "../subplot/test_state.ts";

/** A hang ends the test, not the whole run. */
const LONGEST_COMMAND_MS = 30 * 60 * 1000;

/** How a command ended. */
export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** An event of a build, or the error that kept it from starting. */
export type ShownEvent = BuildEvent | {
  type: "error";
  code: string;
  exitCode: number;
  message: string;
};

/** How a build ended: the exit code or the signal, and all events. */
export interface Built {
  code: number;
  signal: Deno.Signal | null;
  events: ShownEvent[];
}

/** Told of each event of a build as it comes. */
export type OnEvent = (event: ShownEvent, process: Deno.ChildProcess) => void;

/** Lines of a spec that builds in the tiny worker; `build` is a script. */
export function tinySpec(build: string, extra = ""): string {
  return [
    "worker-image: tiny.img",
    "source: src",
    "workspace: ws",
    "resources: { memory: 256 MiB, disk: 256 MiB }",
    extra,
    "build: |",
    ...build.trimEnd().split("\n").map((line) => `  ${line}`),
    "",
  ].join("\n");
}

export class Project implements AsyncDisposable {
  private constructor(
    readonly directory: string,
    readonly environment: Record<string, string>,
    readonly hasOwnManager: boolean,
  ) {}

  /**
   * A project with an empty source and a link to the tiny worker's image.
   *
   * @param config what the user's configuration says
   */
  static async create(config?: string): Promise<Project> {
    const directory = await makeDirectory();
    const environment = await prepareEnvironment();
    if (config === undefined) return new Project(directory, environment, false);
    const project = new Project(
      directory,
      { ...environment, XDG_CONFIG_HOME: join(directory, "config") },
      false,
    );
    await project.configure(config);
    return project;
  }

  /**
   * Like {@linkcode create}, with a manager that no other test uses, and that
   * ends with the project.
   *
   * @param settings of the manager, as in the user's configuration
   */
  static async createWithOwnManager(settings: string): Promise<Project> {
    const directory = await makeDirectory();
    const environment = {
      ...await prepareEnvironment(),
      XDG_CONFIG_HOME: join(directory, "config"),
      XDG_STATE_HOME: join(directory, "state"),
      XDG_RUNTIME_DIR: join(directory, "run"),
    };
    const project = new Project(directory, environment, true);
    await project.configureManager(settings);
    return project;
  }

  /** Sets the manager's settings, of a project that has its own. */
  async configureManager(settings: string): Promise<void> {
    await this.configure(`manager: ${settings}`);
  }

  /** Writes the user's configuration, of a project that has its own. */
  async configure(config: string): Promise<void> {
    await Deno.mkdir(this.path("config/contractor"), { recursive: true });
    await this.write(
      "config/contractor/config.yaml",
      `${config}\n${imagesAllowed}`,
    );
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  async write(name: string, content: string | Uint8Array): Promise<void> {
    const bytes = typeof content === "string"
      ? new TextEncoder().encode(content)
      : content;
    await Deno.writeFile(this.path(name), bytes);
  }

  async append(name: string, bytes: Uint8Array): Promise<void> {
    await Deno.writeFile(this.path(name), bytes, { append: true });
  }

  async read(name: string): Promise<string> {
    return await Deno.readTextFile(this.path(name));
  }

  /** Names of all that is in the project's directory, sorted. */
  async list(): Promise<string[]> {
    const names = [];
    for await (const { name } of Deno.readDir(this.directory)) names.push(name);
    return names.sort();
  }

  /** Starts the command; its standard output is read as it comes. */
  spawn(
    args: string[],
    environment = this.environment,
    command = contractorCommand,
  ): Deno.ChildProcess {
    return new Deno.Command(command, {
      args,
      cwd: this.directory,
      clearEnv: true,
      env: environment,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      signal: AbortSignal.timeout(LONGEST_COMMAND_MS),
    }).spawn();
  }

  /** Runs the command to its end. */
  async run(args: string[], environment = this.environment): Promise<Outcome> {
    const { code, stdout, stderr } = await this.spawn(args, environment)
      .output();
    const decoder = new TextDecoder();
    return {
      code,
      stdout: decoder.decode(stdout),
      stderr: decoder.decode(stderr),
    };
  }

  /** Builds, handing on each event as it comes. */
  build(onEvent?: OnEvent, args: string[] = ["build.yaml"]): Promise<Built> {
    return this.watch(this.spawn(["build", "--json", ...args]), onEvent);
  }

  /** Waits for a build that prints its events, handing on each as it comes. */
  async watch(
    process: Deno.ChildProcess,
    onEvent: OnEvent = () => {},
  ): Promise<Built> {
    const stderr = new Response(process.stderr).text();
    const events: ShownEvent[] = [];
    const lines = process.stdout.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream());
    for await (const line of lines) {
      const event = JSON.parse(line) as ShownEvent;
      events.push(event);
      onEvent(event, process);
    }
    const { code, signal } = await process.status;
    await stderr;
    return { code, signal, events };
  }

  /** Pulls the plug of the test run's manager. */
  killManager(): void {
    Deno.kill(managerProcess(this.environment), "SIGKILL");
  }

  /** Ends the manager, whatever it does. */
  async stopManager(): Promise<void> {
    const { code, stderr } = await this.run(["manager", "stop", "--force"]);
    assert.equal(code, 0, stderr);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.hasOwnManager) await this.stopManager();
    await Deno.remove(this.directory, { recursive: true });
  }
}

async function makeDirectory(): Promise<string> {
  const directory = await Deno.makeTempDir({ prefix: "project-" });
  await Deno.mkdir(join(directory, "src"));
  await Deno.symlink(sourceFiles.get("tiny.img")!, join(directory, "tiny.img"));
  return directory;
}

/** Process id of the QEMU that runs the manager of an environment. */
export function managerProcess(environment: Record<string, string>): number {
  const state = join(environment.XDG_STATE_HOME!, "contractor");
  const digest = createHash("sha256").update(state).digest("hex").slice(0, 8);
  const runtime = join(environment.XDG_RUNTIME_DIR!, "contractor", digest);
  return Number(Deno.readTextFileSync(join(runtime, "qemu.pid")));
}

/** Everything that a build's events say the worker printed. */
export function logOf(events: ShownEvent[]): string {
  return events.map((event) => event.type === "log" ? event.text : "").join("");
}
