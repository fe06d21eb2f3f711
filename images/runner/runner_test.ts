import assert from "node:assert/strict";

const runner = new URL("./runner", import.meta.url).pathname;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Of waiting 20 ms: a busy machine must not fail what only takes longer. */
const MAX_TRIES = 1500;

/** A runner whose ports are terminals with a socket at their other end. */
class RunnerUnderTest implements AsyncDisposable {
  readonly #directory: string;
  readonly #processes: Deno.ChildProcess[];
  readonly #control: Deno.UnixConn;
  readonly #log: Deno.UnixConn;
  readonly #logReader: Promise<void>;
  #received = "";
  log = "";

  private constructor(
    directory: string,
    processes: Deno.ChildProcess[],
    control: Deno.UnixConn,
    log: Deno.UnixConn,
  ) {
    this.#directory = directory;
    this.#processes = processes;
    this.#control = control;
    this.#log = log;
    this.#logReader = this.#readLog();
  }

  static async start(shell: readonly string[]): Promise<RunnerUnderTest> {
    const directory = await Deno.makeTempDir();
    const processes = ["control", "log"].map((port) =>
      spawn("socat", [
        `PTY,link=${directory}/${port},raw,echo=0`,
        `UNIX-LISTEN:${directory}/${port}.sock`,
      ])
    );
    const control = await connect(`${directory}/control.sock`);
    const log = await connect(`${directory}/log.sock`);
    const [program, ...args] = shell;
    processes.push(
      spawn(program!, [
        ...args,
        runner,
        `${directory}/control`,
        `${directory}/log`,
      ], {
        RUNNER_STATE: `${directory}/state`,
        // Nobody has this name: the test must not end anyone's processes.
        RUNNER_BUILD_USER: "no-such-user",
      }),
    );
    return new RunnerUnderTest(directory, processes, control, log);
  }

  async #readLog(): Promise<void> {
    for await (const bytes of this.#log.readable) {
      this.log += decoder.decode(bytes);
    }
  }

  async readLine(): Promise<string> {
    const buffer = new Uint8Array(4096);
    while (!this.#received.includes("\n")) {
      const count = await this.#control.read(buffer);
      assert.notEqual(count, null, "the runner ended");
      this.#received += decoder.decode(buffer.subarray(0, count!));
    }
    const end = this.#received.indexOf("\n");
    const line = this.#received.slice(0, end);
    this.#received = this.#received.slice(end + 1);
    return line;
  }

  async send(text: string): Promise<void> {
    const bytes = encoder.encode(text);
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.#control.write(bytes.subarray(sent));
    }
  }

  /** Runs a script and returns the runner's answer. */
  async run(script: string, user = "root"): Promise<string> {
    this.log = "";
    await this.send(`run ${user} ${encoder.encode(script).length}\n${script}`);
    return await this.readLine();
  }

  async waitForLog(expected: string): Promise<void> {
    await this.#untilLog((log) => log === expected);
    assert.equal(this.log, expected);
  }

  /** Waits for a log that is a number, and returns it. */
  async readNumber(): Promise<number> {
    await this.#untilLog((log) => /^\d+\n$/.test(log));
    return Number(this.log);
  }

  async #untilLog(isComplete: (log: string) => boolean): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES && !isComplete(this.log); tries++) {
      await pause(20);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.#processes.toReversed()) {
      try {
        process.kill("SIGKILL");
      } catch {
        // It has ended by itself.
      }
      await process.status;
    }
    this.#control.close();
    await this.#logReader.catch(() => {});
    await Deno.remove(this.#directory, { recursive: true });
  }
}

function spawn(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Deno.ChildProcess {
  return new Deno.Command(program, {
    args: [...args],
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...env },
    clearEnv: true,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
}

async function connect(path: string): Promise<Deno.UnixConn> {
  for (let tries = 0;; tries++) {
    try {
      return await Deno.connect({ transport: "unix", path });
    } catch (error) {
      if (tries === MAX_TRIES) throw error;
      await pause(20);
    }
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

for (const shell of [["sh"], ["busybox", "sh"]]) {
  const name = shell.join(" ");

  Deno.test(`runner under ${name}: runs scripts one after the other`, async () => {
    await using worker = await RunnerUnderTest.start(shell);
    assert.equal(await worker.readLine(), "ready 1");

    assert.equal(await worker.run("echo out; echo err >&2; exit 3"), "exit 3");
    await worker.waitForLog("out\nerr\n");

    assert.equal(await worker.run(""), "exit 0");
    assert.equal(await worker.run("false; echo never"), "exit 1");
    assert.equal(await worker.run("kill -9 $$"), "exit 137");
    assert.equal(await worker.run("echo again >/dev/stdout"), "exit 0");
    await worker.waitForLog("again\n");
    assert.equal(await worker.run("read line || echo none"), "exit 0");
    await worker.waitForLog("none\n");
  });

  Deno.test(`runner under ${name}: takes exactly the script's bytes`, async () => {
    await using worker = await RunnerUnderTest.start(shell);
    assert.equal(await worker.readLine(), "ready 1");
    const comment = `# ${"ä".repeat(40)}\n`.repeat(1000);
    const script = `${comment}echo end`;
    // The next request waits in the port right behind the script.
    await worker.send(
      `run root ${encoder.encode(script).length}\n${script}run root 6\nexit 7`,
    );
    assert.equal(await worker.readLine(), "exit 0");
    assert.equal(await worker.readLine(), "exit 7");
    assert.equal(worker.log, "end\n");
  });

  Deno.test(`runner under ${name}: hands on nothing of its environment`, async () => {
    await using worker = await RunnerUnderTest.start(shell);
    assert.equal(await worker.readLine(), "ready 1");
    assert.equal(
      await worker.run("env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= | sort"),
      "exit 0",
    );
    await worker.waitForLog(
      [
        "HOME=/root",
        "LANG=C.UTF-8",
        "LOGNAME=root",
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "SHELL=/bin/sh",
        "USER=root",
        "",
      ].join("\n"),
    );
  });

  Deno.test(`runner under ${name}: does not wait for daemons`, async () => {
    await using worker = await RunnerUnderTest.start(shell);
    assert.equal(await worker.readLine(), "ready 1");
    assert.equal(await worker.run("sleep 600 & echo $!"), "exit 0");
    // Throws if the daemon has ended already.
    Deno.kill(await worker.readNumber());
  });

  Deno.test(`runner under ${name}: keeps daemons out of later logs`, async () => {
    await using worker = await RunnerUnderTest.start(shell);
    assert.equal(await worker.readLine(), "ready 1");
    const daemon = "(trap '' PIPE; sleep 3; echo late || :; exec sleep 600)";
    assert.equal(await worker.run(`${daemon} & echo $!`), "exit 0");
    const pid = await worker.readNumber();
    try {
      assert.equal(await worker.run("sleep 3; echo next"), "exit 0");
      await worker.waitForLog("next\n");
      assert.ok(!worker.log.includes("late"), worker.log);
    } finally {
      Deno.kill(pid);
    }
  });

  Deno.test(`runner under ${name}: starts over after a bad request`, async () => {
    for (
      const request of [
        "shout\n",
        "run mallory 1\n",
        "run root -1\n",
        "run root 99999999\n",
        "run root 99999999999999999999\n",
        "run root\n",
      ]
    ) {
      await using worker = await RunnerUnderTest.start(shell);
      assert.equal(await worker.readLine(), "ready 1");
      await worker.send(request);
      assert.equal(await worker.readLine(), "ready 1", request);
      assert.equal(await worker.run("exit 4"), "exit 4");
    }
  });
}
