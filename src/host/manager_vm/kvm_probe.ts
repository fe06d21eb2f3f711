import type { KvmFacts } from "./accelerator.ts";
import { SANDBOX } from "./qemu_arguments.ts";
import { spawnQemu } from "./qemu_process.ts";
import { qemuMessage } from "./qemu_message.ts";
import { QmpClient, type QmpTransport } from "./qmp.ts";
import { queryHostCpuFeatures, quit } from "./qmp_commands.ts";

/** A probe takes some 70 ms where KVM works, and less where it does not. */
const PROBE_TIMEOUT_MS = 10_000;

/**
 * Asks QEMU what KVM offers, with a machine that has nothing in it. This needs
 * no permission beyond that to run QEMU, and it is what counts in the end.
 *
 * @throws {EnvironmentError} `qemu-missing`
 */
export async function probeKvm(program: string): Promise<KvmFacts> {
  const child = await spawnQemu(program, [
    "-nodefaults",
    "-no-user-config",
    ...SANDBOX,
    ...["-machine", "none"],
    ...["-accel", "kvm"],
    ...["-display", "none"],
    ...["-qmp", "stdio"],
  ], "child");
  const stderr = new Response(child.stderr).text();
  const timer = setTimeout(() => child.kill(), PROBE_TIMEOUT_MS);
  try {
    return await askQemu({
      readable: child.stdout!,
      writable: child.stdin!,
    });
  } catch (error) {
    const message = qemuMessage(await stderr);
    const reason = error instanceof Error ? error.message : String(error);
    return { usable: false, reason: message || reason };
  } finally {
    clearTimeout(timer);
    await Promise.all([stderr, child.ended]);
  }
}

async function askQemu(
  transport: QmpTransport,
): Promise<KvmFacts> {
  await using qmp = await QmpClient.open(transport, PROBE_TIMEOUT_MS);
  const features = await queryHostCpuFeatures(qmp);
  await quit(qmp);
  return {
    usable: true,
    nested: features.has("vmx") || features.has("svm"),
  };
}
