/**
 * A machine whose processor has virtualization, all of it emulated: a host for
 * managers that run on KVM. It has no network, and a runner takes commands.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { RunnerConnection } from "../../manager/workers/runner_connection.ts";
import { managerManifest, sourceDirectory } from "../../subplot/repository.ts";

/** The machine ends then, even if its test is no more. */
const LONGEST_LIFE = "90m";

/** How much of the console says why a machine ended. */
const CONSOLE_END = 4000;

/** How a script ended, and what it printed. */
export interface ScriptOutcome {
  status: number;
  output: string;
}

export class KvmMachine implements AsyncDisposable {
  readonly #folder: string;
  readonly #runner: RunnerConnection;
  readonly #log: Deno.Conn;
  readonly #parts: AsyncDisposableStack;

  private constructor(
    folder: string,
    runner: RunnerConnection,
    log: Deno.Conn,
    parts: AsyncDisposableStack,
  ) {
    this.#folder = folder;
    this.#runner = runner;
    this.#log = log;
    this.#parts = parts;
  }

  /** Makes a machine with this checkout in it, and boots it. */
  static async boot(): Promise<KvmMachine> {
    await using parts = new AsyncDisposableStack();
    const folder = await Deno.makeTempDir({ prefix: "kvm-" });
    parts.defer(() => Deno.remove(folder, { recursive: true }));
    await execute(join(sourceDirectory, "tests/kvm/build-machine"), [folder]);

    using controlPort = listen(folder, "control");
    using logPort = listen(folder, "log");
    const stop = new AbortController();
    const qemu = execute("timeout", timedQemu(folder), stop.signal);
    parts.defer(async () => {
      stop.abort();
      await qemu.catch(() => {});
    });
    const accepted = Promise.all([controlPort.accept(), logPort.accept()]);
    const connections = await Promise.race([accepted, qemu]);
    if (connections === undefined) throw new Error("QEMU ended");
    const [control, log] = connections;
    parts.use(log);
    const runner = new RunnerConnection(control);
    parts.defer(() => runner.close());
    await orConsole(folder, runner.ready());
    return new KvmMachine(folder, runner, log, parts.move());
  }

  /** Runs a script as root. */
  async run(script: string): Promise<ScriptOutcome> {
    // The two ports know nothing of each other: this ends the output.
    const mark = `${crypto.randomUUID()}\n`;
    const output = this.#readUntil(mark);
    const status = await orConsole(
      this.#folder,
      this.#runner.run(
        "root",
        `status=0
sh -ec ${quote(script)} || status=$?
printf %s ${quote(mark)}
exit $status
`,
      ),
    );
    return { status, output: await output };
  }

  /** Runs a script as the ordinary user, in that user's home. */
  runAsUser(script: string): Promise<ScriptOutcome> {
    return this.run(`exec su --login user --command ${quote(script)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }

  async #readUntil(mark: string): Promise<string> {
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(64 * 1024);
    let text = "";
    while (!text.endsWith(mark)) {
      const size = await this.#log.read(buffer);
      if (size === null) return text;
      text += decoder.decode(buffer.subarray(0, size), { stream: true });
    }
    return text.slice(0, -mark.length);
  }
}

/** What the runner answers; if it does not, the console tells why. */
async function orConsole<T>(folder: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    const text = await Deno.readTextFile(join(folder, "console"));
    const end = text.slice(-CONSOLE_END);
    throw new Error(`The machine ended:\n${end}`, { cause });
  }
}

/** Runs a program to its end. */
async function execute(
  program: string,
  args: string[],
  signal = new AbortController().signal,
): Promise<void> {
  const { code, stderr } = await new Deno.Command(program, {
    args,
    signal,
    stdin: "null",
    stdout: "null",
  }).output();
  if (code === 0) return;
  const said = new TextDecoder().decode(stderr);
  throw new Error(`${program} ended with exit code ${code}: ${said}`);
}

function listen(folder: string, name: string): Deno.UnixListener {
  return Deno.listen({ transport: "unix", path: join(folder, name) });
}

/** The processor is one that nests, for the reasons of the manager's own. */
function timedQemu(folder: string): string[] {
  const manager = dirname(managerManifest);
  return [
    ...["--foreground", LONGEST_LIFE, "qemu-system-x86_64"],
    ...["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"],
    ...["-machine", "q35", "-accel", "tcg,thread=multi,tb-size=1024"],
    ...["-cpu", "max,la57=off", "-smp", "1", "-m", "3G", "-nic", "none"],
    ...["-kernel", join(manager, "vmlinuz")],
    ...["-initrd", join(folder, "initrd.img")],
    // A busy host makes the kernel take the emulated timer for a broken one.
    ...["-append", "console=ttyS0 quiet pci=lastbus=0 panic=-1 no_timer_check"],
    ...["-serial", `file:${join(folder, "console")}`],
    ...disk("debian", join(manager, "root.squashfs"), "read-only=on"),
    ...disk("checkout", join(folder, "checkout.squashfs"), "read-only=on"),
    ...disk("writes", join(folder, "writes.img"), "cache=unsafe"),
    ...["-device", "virtio-serial-pci"],
    ...port("control", join(folder, "control")),
    ...port("log", join(folder, "log")),
  ];
}

/** The machine tells its disks apart by their order. */
function disk(id: string, path: string, option: string): string[] {
  return [
    ...["-drive", `if=none,id=${id},format=raw,file=${path},${option}`],
    ...["-device", `virtio-blk-pci,drive=${id}`],
  ];
}

function port(name: string, path: string): string[] {
  return [
    ...["-chardev", `socket,id=${name},path=${path}`],
    "-device",
    `virtserialport,chardev=${name},name=org.contractor.${name}`,
  ];
}

/** One word of a shell's, whatever is in it. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
