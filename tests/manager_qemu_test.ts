/**
 * The manager VM's frame, with the real QEMU around a kernel that does nothing.
 *
 * @module
 */

import { untilEnded } from "./process.ts";
import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "zod";
import { withRunningQemu } from "../src/host/manager_vm/manager_connection.ts";
import { probeKvm } from "../src/host/manager_vm/kvm_probe.ts";
import { QEMU } from "../src/host/manager_vm/qemu_process.ts";
import type { QmpClient } from "../src/host/manager_vm/qmp.ts";
import {
  queryBlock,
  queryBlockNodes,
} from "../src/host/manager_vm/qmp_commands.ts";
import { resolveStatePaths } from "../src/host/state/state_directory.ts";
import {
  type ManagerSettings,
  type VmmApi,
  vmmPermissions,
  vmmUrl,
} from "../src/host/vmm.ts";
import { type Isolate, spawnIsolate } from "../src/isolate/isolate.ts";
import { IDLE_KERNEL_GREETING } from "./idle_kernel.ts";
import { queryQemu } from "./qmp_query.ts";
import { writeIdleImage } from "./idle_image.ts";

interface Bench extends AsyncDisposable {
  readonly directory: string;
  readonly settings: ManagerSettings;
  readonly vmm: Isolate<VmmApi>;
}

/** A state directory of its own, and the isolate as the program starts it. */
async function setUp(change: Partial<ManagerSettings> = {}): Promise<Bench> {
  const directory = await Deno.makeTempDir({ prefix: "c,-" });
  const image = join(directory, "image");
  await writeIdleImage(image);
  const settings: ManagerSettings = {
    paths: resolveStatePaths({ XDG_STATE_HOME: directory }),
    qemu: QEMU,
    image: { directory: image, embedded: false },
    accelerator: "tcg",
    cpus: 2,
    memoryBytes: 64 * 1024 ** 2,
    idleSeconds: 900,
    ...change,
  };
  const vmm = spawnIsolate<VmmApi>({
    url: vmmUrl,
    name: "vmm",
    permissions: vmmPermissions(settings),
  });
  await vmm.call("configure", settings);
  return {
    directory,
    settings,
    vmm,
    async [Symbol.asyncDispose]() {
      await vmm.call("stopManager", { force: true });
      vmm.terminate();
      await Deno.remove(directory, { recursive: true });
    },
  };
}

function ask<T>(
  { settings }: Bench,
  talk: (qmp: QmpClient) => Promise<T>,
): Promise<T> {
  return withRunningQemu(settings.paths, "testing", talk);
}

async function processId({ settings }: Bench): Promise<number> {
  return Number(await Deno.readTextFile(settings.paths.run.pidFile));
}

async function writeDisk(bench: Bench, name: string): Promise<string> {
  const path = join(bench.settings.paths.staging, name);
  await Deno.writeFile(path, new Uint8Array(64 * 1024));
  return path;
}

Deno.test("the manager VM is started once, locked down, and stopped", async () => {
  await using bench = await setUp();
  const { vmm } = bench;
  assert.equal(await vmm.call("queryManager", {}), undefined);
  const started = { accelerator: "tcg", started: true, imageVersion: "idle" };
  assert.deepEqual(await vmm.call("ensureManager", {}), started);
  const pid = await processId(bench);
  assert.deepEqual(await vmm.call("ensureManager", {}), {
    ...started,
    started: false,
  });
  assert.equal(await processId(bench), pid);

  const { qmpSocket, rpcPorts } = bench.settings.paths.run;
  for (const socket of [qmpSocket, ...rpcPorts.map((port) => port.socket)]) {
    assert.equal((await Deno.lstat(socket)).mode! & 0o777, 0o600, socket);
  }

  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  assert.match(status, /^Seccomp:\t2$/m);
  assert.match(status, /^NoNewPrivs:\t1$/m);
  const [, afterName] = (await Deno.readTextFile(`/proc/${pid}/stat`))
    .split(") ");
  const session = Number(afterName!.split(" ")[3]);
  assert.equal(session, pid, "it is in a session of its own");
  // What Deno itself adds, depending on its version, tells nothing.
  const environment = await Deno.readTextFile(`/proc/${pid}/environ`);
  assert.match(environment, /^(DENO_EXTRA_STDIO_FDS=[\d,]+\0)?$/);

  assert.equal(await vmm.call("stopManager", { force: true }), true);
  await untilEnded(pid, 10_000);
  assert.equal(await vmm.call("stopManager", { force: true }), false);
});

Deno.test("the manager VM has no network card", async () => {
  await using bench = await setUp();
  await bench.vmm.call("ensureManager", {});
  const busSchema = z.object({
    devices: z.array(z.object({ class_info: z.object({ class: z.int() }) })),
  });
  const { qmpSocket } = bench.settings.paths.run;
  const buses = z.array(busSchema).parse(
    await queryQemu(qmpSocket, "query-pci"),
  );
  const classes = buses.flatMap(({ devices }) =>
    devices.map((device) => device.class_info.class >> 8)
  );
  const pciClass = { storage: 1, network: 2, display: 3, serialBus: 12 };
  assert.ok(classes.includes(pciClass.storage));
  for (const kind of ["network", "display", "serialBus"] as const) {
    assert.ok(!classes.includes(pciClass[kind]), kind);
  }
});

Deno.test("what the console shows is kept", async () => {
  await using bench = await setUp();
  await bench.vmm.call("ensureManager", {});
  const read = async () =>
    new TextDecoder().decode(await bench.vmm.call("readConsole", {}));
  const deadline = Date.now() + 20_000;
  while (!(await read()).includes(IDLE_KERNEL_GREETING)) {
    assert.ok(Date.now() < deadline, `the console shows "${await read()}"`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.ok((await read()).includes(IDLE_KERNEL_GREETING));
  await bench.vmm.call("stopManager", { force: true });
  assert.ok((await read()).includes(IDLE_KERNEL_GREETING));
});

Deno.test("disks are plugged in as raw bytes and pulled out", async () => {
  await using bench = await setUp();
  const { vmm } = bench;
  await vmm.call("ensureManager", {});
  const source = await writeDisk(bench, "source.tar");
  const target = await writeDisk(bench, "workspace,1.tar");
  const disk = { build: "b1", serial: "b1-source", path: source };
  await vmm.call("attachDisk", { ...disk, readOnly: true });
  const longSerial = "b1-workspace-0123456789abcdef-xy";
  assert.equal(longSerial.length, 32);
  await vmm.call("attachDisk", {
    build: "b1",
    serial: longSerial,
    path: target,
    readOnly: false,
  });

  const found = (await ask(bench, queryBlock))
    .filter(({ qdev }) => qdev?.startsWith("disk."))
    .map(({ inserted }) => [inserted?.drv, inserted?.ro, inserted?.file]);
  assert.deepEqual(found, [["raw", true, source], ["raw", false, target]]);
  await assert.rejects(
    vmm.call("attachDisk", { ...disk, readOnly: true }),
    { code: "disk-attach-failed", exitCode: 3 },
  );
  await assert.rejects(
    vmm.call("attachDisk", {
      ...disk,
      serial: "none",
      path: join(bench.settings.paths.staging, "none"),
      readOnly: true,
    }),
    { code: "disk-attach-failed" },
  );
  await assert.rejects(
    vmm.call("attachDisk", {
      ...disk,
      serial: "foreign",
      path: join(bench.directory, "foreign"),
      readOnly: true,
    }),
    { code: "disk-foreign" },
  );

  await vmm.call("detachDisk", { serial: disk.serial });
  await vmm.call("detachDisk", { serial: longSerial });
  await vmm.call("detachDisk", { serial: longSerial });
  assert.deepEqual(
    (await ask(bench, queryBlock)).filter(({ qdev }) =>
      qdev?.includes("disk.")
    ),
    [],
  );
  assert.deepEqual(
    (await ask(bench, queryBlockNodes)).filter((node) => /^disk-/.test(node)),
    [],
  );
  await vmm.call("attachDisk", { ...disk, readOnly: true });
});

Deno.test("disks of dead builds are pulled, those of living ones stay", async () => {
  await using bench = await setUp();
  const { vmm } = bench;
  await vmm.call("ensureManager", {});
  const path = await writeDisk(bench, "source.tar");
  await vmm.call("openStaging", { build: "living", purpose: "building" });
  for (const build of ["living", "dead"]) {
    await vmm.call("attachDisk", {
      build,
      serial: `${build}-source`,
      path,
      readOnly: true,
    });
  }
  const pulled = await vmm.call("detachStaleDisks", {});
  assert.deepEqual(pulled, [
    { build: "dead", serial: "dead-source", readOnly: true },
  ]);
  assert.deepEqual(await vmm.call("detachStaleDisks", {}), []);
  await vmm.call("closeStaging", { build: "living" });
  const [left] = await vmm.call("detachStaleDisks", {});
  assert.equal(left?.build, "living");
});

Deno.test("a killed manager VM is not mistaken for a running one", async () => {
  await using bench = await setUp();
  const { vmm } = bench;
  await vmm.call("ensureManager", {});
  const pid = await processId(bench);
  Deno.kill(pid, "SIGKILL");
  await assert.rejects(
    async () => {
      for (;;) await ask(bench, queryBlock);
    },
    (error: Error & { code?: string }) =>
      error.code === "manager-gone" || error.code === "manager-not-running",
  );
  assert.equal((await vmm.call("ensureManager", {})).started, true);
  assert.notEqual(await processId(bench), pid);
});

Deno.test("commands that start the manager at once share it", async () => {
  await using bench = await setUp();
  const results = await Promise.all(
    Array.from({ length: 4 }, () => bench.vmm.call("ensureManager", {})),
  );
  assert.equal(results.filter(({ started }) => started).length, 1);
});

Deno.test("a missing QEMU names the package to install", async () => {
  await using bench = await setUp({ qemu: "qemu-system-none" });
  await assert.rejects(bench.vmm.call("ensureManager", {}), {
    code: "qemu-missing",
    exitCode: 3,
    hint: "Install QEMU; on Debian: apt install qemu-system-x86",
  });
  await assert.rejects(probeKvm("qemu-system-none"), { code: "qemu-missing" });
});

Deno.test("QEMU's own words tell why it does not start", async () => {
  await using bench = await setUp({ memoryBytes: 2 ** 60 });
  await assert.rejects(bench.vmm.call("ensureManager", {}), {
    code: "manager-start-failed",
    exitCode: 3,
    message: /^Cannot start the manager VM: qemu-system-x86_64: .*memory/,
  });
});

Deno.test("KVM is asked by running QEMU, which tells the truth", async () => {
  const facts = await probeKvm(QEMU);
  assert.equal(facts.usable, await opens("/dev/kvm"));
  if (!facts.usable) assert.match(facts.reason, /kvm|KVM/);
  const cpu = await Deno.readTextFile("/proc/cpuinfo");
  if (!/^flags\t.* (vmx|svm)\b/m.test(cpu)) {
    assert.ok(!facts.usable || !facts.nested);
  }
});

async function opens(path: string): Promise<boolean> {
  try {
    using _file = await Deno.open(path, { read: true, write: true });
    return true;
  } catch {
    return false;
  }
}
