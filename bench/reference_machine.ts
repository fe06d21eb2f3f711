/**
 * A worker image in a single QEMU on this machine, without a manager around
 * it: what nesting is compared with.
 *
 * @module
 */

import { setTimeout as sleep } from "node:timers/promises";
import { TREES_SERIAL } from "../manager/workers/domain_xml.ts";
import { RunnerConnection } from "../manager/workers/runner_connection.ts";
import { composeStep, type Step } from "../manager/workers/steps.ts";
import { accelerator } from "./contractor_command.ts";

/** The disks and sockets of a machine, in a folder of its own. */
export interface MachineOptions {
  folder: string;
  /** A qcow2 file. */
  root: string;
  /** A raw file with trees to build from, and room for what is built. */
  trees?: string;
  network: boolean;
}

const acceleration = accelerator === "tcg"
  ? ["-accel", "tcg,thread=multi,tb-size=1024", "-cpu", "max", "-smp", "1"]
  : ["-accel", "kvm", "-cpu", "host", "-smp", "2"];

function port(name: string, path: string): string[] {
  return [
    ...["-chardev", `socket,id=${name},path=${path},server=on,wait=off`],
    "-device",
    `virtserialport,chardev=${name},name=org.contractor.${name}`,
  ];
}

function qemuArguments(options: MachineOptions): string[] {
  const { folder, root, trees, network } = options;
  return [
    ...["-nodefaults", "-no-user-config", "-display", "none"],
    ...["-machine", "q35", ...acceleration, "-m", "2048"],
    ...["-drive", `file=${root},format=qcow2,if=none,id=root,cache=unsafe`],
    ...["-device", "virtio-blk-pci,drive=root"],
    ...(trees === undefined ? [] : [
      ...["-drive", `file=${trees},format=raw,if=none,id=trees,cache=unsafe`],
      ...["-device", `virtio-blk-pci,drive=trees,serial=${TREES_SERIAL}`],
    ]),
    ...["-device", "virtio-serial-pci"],
    ...port("control", `${folder}/control.sock`),
    ...port("log", `${folder}/log.sock`),
    ...(network ? ["-nic", "user,model=virtio-net-pci"] : ["-nic", "none"]),
    "-no-reboot",
  ];
}

async function connect(path: string): Promise<Deno.UnixConn> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      return await Deno.connect({ transport: "unix", path });
    } catch {
      await sleep(50);
    }
  }
  throw new Error(`Cannot connect to ${path}`);
}

/** A machine whose runner is ready. */
export class ReferenceMachine {
  readonly #child: Deno.ChildProcess;
  readonly #runner: RunnerConnection;
  readonly #log: Promise<string>;

  private constructor(
    child: Deno.ChildProcess,
    runner: RunnerConnection,
    log: Promise<string>,
    /** Time from QEMU's start until the runner was ready. */
    readonly bootSeconds: number,
  ) {
    this.#child = child;
    this.#runner = runner;
    this.#log = log;
  }

  /** Boots a machine. */
  static async boot(options: MachineOptions): Promise<ReferenceMachine> {
    for (const name of ["control", "log"]) {
      await Deno.remove(`${options.folder}/${name}.sock`).catch(() => {});
    }
    const started = performance.now();
    const child = new Deno.Command("qemu-system-x86_64", {
      args: qemuArguments(options),
      stdin: "null",
    }).spawn();
    const runner = new RunnerConnection(
      await connect(`${options.folder}/control.sock`),
    );
    const log = await connect(`${options.folder}/log.sock`);
    const text = new Response(log.readable).text().catch(() => "");
    await runner.ready();
    const bootSeconds = (performance.now() - started) / 1000;
    return new ReferenceMachine(child, runner, text, bootSeconds);
  }

  /** Runs a step as the agent does. */
  async run(step: Step): Promise<void> {
    for (const { user, script } of composeStep(step)) {
      const status = await this.#runner.run(user, script);
      if (status === 0) continue;
      await this.poweroff();
      throw new Error(`Step ${step.kind} failed:\n${await this.#log}`);
    }
  }

  /** Shuts the machine down and waits for its end. */
  async poweroff(): Promise<void> {
    await this.#runner.poweroff();
    await this.#child.status;
    this.#runner.close();
  }
}
