import { EnvironmentError } from "../../shared/errors.ts";
import { systemErrorCode } from "../state/file_errors.ts";
import { type LoneProcess, spawnAlone } from "./lone_process.ts";
import { qemuMessage } from "./qemu_message.ts";

/** The program that runs the manager VM; found by name in PATH. */
export const QEMU = "qemu-system-x86_64";

/** QEMU opens its control socket within some 50 ms. */
const START_TIMEOUT_MS = 30_000;

const POLL_INTERVAL_MS = 25;

const MESSAGE_BYTES_LIMIT = 16 * 1024;

/**
 * Starts QEMU in a session of its own, so that it outlives this process and
 * does not see the keys that interrupt it.
 *
 * @param isUp whether it answers
 * @throws {EnvironmentError} `manager-start-failed`, with what QEMU said
 */
export async function startQemuDaemon(
  program: string,
  qemuArguments: readonly string[],
  isUp: () => Promise<boolean>,
): Promise<void> {
  const child = await spawnQemu(program, qemuArguments, "daemon");
  const messages = new MessageReader(child.stderr);
  let ended = false;
  const end = child.ended.then(() => ended = true);
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!ended && performance.now() < deadline) {
    if (await isUp()) {
      child.unref();
      return await messages.cancel();
    }
    await delay(POLL_INTERVAL_MS);
  }
  if (!ended) child.kill();
  await end;
  const message = qemuMessage(await messages.all());
  throw new EnvironmentError(
    "manager-start-failed",
    `Cannot start the manager VM: ${message || "QEMU ended without a word"}`,
  );
}

/**
 * Starts QEMU.
 *
 * @throws {EnvironmentError} `qemu-missing`, naming the package to install, or
 *   `too-few-files`
 */
export async function spawnQemu(
  program: string,
  qemuArguments: readonly string[],
  mode: "child" | "daemon",
): Promise<LoneProcess> {
  try {
    return await spawnAlone(program, qemuArguments, mode);
  } catch (error) {
    switch (systemErrorCode(error)) {
      case "ENOENT":
        throw new EnvironmentError(
          "qemu-missing",
          `Cannot find the program "${program}"`,
          {
            cause: error,
            hint: "Install QEMU; on Debian: apt install qemu-system-x86",
          },
        );
      case "EMFILE":
        throw new EnvironmentError(
          "too-few-files",
          "Cannot start QEMU: too few files may be open at once",
          { cause: error, hint: "Raise the limit: ulimit -n 4096" },
        );
      default:
        throw error;
    }
  }
}

/** Reads what QEMU complains about; QEMU minds no reader who leaves. */
class MessageReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #reading: Promise<void>;
  #bytes = new Uint8Array();

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
    this.#reading = this.#read();
  }

  /** Everything up to the stream's end, within bounds. */
  async all(): Promise<string> {
    await this.#reading;
    return new TextDecoder().decode(this.#bytes);
  }

  async cancel(): Promise<void> {
    await this.#reader.cancel();
    await this.#reading;
  }

  async #read(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) return;
      const bytes = [...this.#bytes, ...value];
      this.#bytes = new Uint8Array(bytes.slice(0, MESSAGE_BYTES_LIMIT));
    }
  }
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
