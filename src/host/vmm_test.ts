import assert from "node:assert/strict";
import { inTemporaryDirectory } from "../guest/testing/trees.ts";
import { spawnIsolate } from "../isolate/isolate.ts";
import { resolveStatePaths } from "./state/state_directory.ts";
import {
  type ManagerSettings,
  type VmmApi,
  vmmPermissions,
  vmmUrl,
} from "./vmm.ts";

Deno.test("QEMU is handed nothing that the vmm isolate may not open", () =>
  inTemporaryDirectory(async (directory) => {
    const settings: ManagerSettings = {
      paths: resolveStatePaths({ XDG_STATE_HOME: directory }),
      qemu: "qemu-that-is-not-started",
      image: { directory: `${directory}/image`, embedded: false },
      accelerator: "tcg",
      cpus: 1,
      memoryBytes: 1,
      idleSeconds: 1,
    };
    const image = `${directory}/worker.img`;
    const vmm = spawnIsolate<VmmApi>({
      url: vmmUrl,
      name: "vmm",
      permissions: vmmPermissions(settings, [image]),
    });
    const attach = (path: string, readOnly: boolean) =>
      vmm.call("attachDisk", { build: "b1", serial: "b1-x", path, readOnly });
    try {
      await vmm.call("configure", settings);
      const { staging } = settings.paths;
      // These get as far as there is no manager.
      for (
        const [path, readOnly] of [
          [`${staging}/b1/export.disk`, false],
          [image, true],
        ] as const
      ) {
        await assert.rejects(attach(path, readOnly), {
          code: "manager-not-running",
        });
      }
      for (
        const [path, readOnly] of [
          [image, false],
          [`${directory}/key`, true],
          [`${staging}/../../../key`, true],
          ["/etc/passwd", true],
        ] as const
      ) {
        await assert.rejects(attach(path, readOnly), { code: "disk-foreign" });
      }
    } finally {
      vmm.terminate();
    }
  }));

Deno.test("the report of a build is written as JSON", () =>
  inTemporaryDirectory(async (directory) => {
    const vmm = spawnIsolate<VmmApi>({
      url: vmmUrl,
      name: "vmm",
      permissions: { read: [directory], write: [directory] },
    });
    try {
      const path = `${directory}/report.json`;
      await vmm.call("writeReport", { path, report: { format: 1 } });
      assert.equal(Deno.readTextFileSync(path), '{\n  "format": 1\n}\n');
    } finally {
      vmm.terminate();
    }
  }));
