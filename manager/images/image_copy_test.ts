import assert from "node:assert/strict";
import { AgentError } from "../../src/shared/rpc/peer.ts";
import { runCommand } from "../system/commands.ts";
import { DiskClaims } from "./disk_claims.ts";
import { measureFile } from "../system/file_size.ts";
import { copyDevice, type CopyRoom } from "./image_copy.ts";
import type { ImageTool } from "./image_tool.ts";

const MEBIBYTE = 1024 ** 2;
const never = new AbortController().signal;

/** With the bound of what it writes as the only confinement. */
const tool: ImageTool = async ({ args, write, timeoutSeconds = 60 }) => {
  const bound = write === undefined ? [] : [`--fsize=${write.maxBytes}`];
  return await runCommand("prlimit", [...bound, "qemu-img", ...args], {
    timeoutSeconds,
  });
};

interface Copy {
  /** What was claimed before each attempt. */
  claimed: number[];
  /** What the target had before each attempt. */
  before: number[];
  claims: DiskClaims;
  target: string;
}

/** Copies random bytes that are said to take less; no room is made beyond. */
async function copyRandom(
  { dataBytes, toldBytes, maxBytes, roomBytes = Infinity }: {
    dataBytes: number;
    toldBytes: number;
    maxBytes: number;
    roomBytes?: number;
  },
  test: (copied: Promise<void>, copy: Copy) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const [device, target] = [`${folder}/device`, `${folder}/target`];
    await runCommand("sh", [
      "-c",
      `head -c ${dataBytes} /dev/urandom >${device}`,
    ]);
    const claims = new DiskClaims();
    const claimed: number[] = [];
    const before: number[] = [];
    const room: CopyRoom = {
      claims,
      async makeRoom() {
        before.push(await measureFile(target));
        claimed.push(await claims.outstanding());
        if (claimed.at(-1)! > roomBytes) throw new AgentError("disk-full", "");
      },
    };
    const source = { device, format: "raw", maxBytes } as const;
    await test(
      copyDevice(
        { ...source, allocatedBytes: toldBytes },
        target,
        room,
        never,
        tool,
      ),
      { claimed, before, claims, target },
    );
    assert.equal(await claims.outstanding(), 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a raw image is copied with what it was said to take", () => {
  const image = {
    dataBytes: 8 * MEBIBYTE,
    toldBytes: 8 * MEBIBYTE,
    maxBytes: 1024 * MEBIBYTE,
  };
  return copyRandom(image, async (copied, { claimed, target }) => {
    await copied;
    assert.deepEqual(claimed, [73 * MEBIBYTE]);
    assert.ok(await measureFile(target) >= 8 * MEBIBYTE);
  });
});

const compressed = {
  dataBytes: 80 * MEBIBYTE,
  toldBytes: 8 * MEBIBYTE,
  maxBytes: 1104 * MEBIBYTE,
};

Deno.test("a copy that takes more than was said claims it first", () =>
  copyRandom(compressed, async (copied, { claimed, before, target }) => {
    await copied;
    assert.deepEqual(claimed, [73 * MEBIBYTE, 146 * MEBIBYTE]);
    assert.deepEqual(before, [0, 0]);
    assert.ok(await measureFile(target) >= 80 * MEBIBYTE);
  }));

Deno.test("a copy that takes more than there is room for ends below that", () =>
  copyRandom(
    { ...compressed, roomBytes: 100 * MEBIBYTE },
    async (copied, { claimed, target }) => {
      await assert.rejects(copied, { code: "disk-full" });
      assert.equal(claimed.length, 2);
      assert.equal(await measureFile(target), 0);
    },
  ));

Deno.test("a copy never takes more than an image may have", () =>
  copyRandom(
    { ...compressed, maxBytes: 76 * MEBIBYTE },
    async (copied, { claimed, target }) => {
      await assert.rejects(copied, { code: "image-too-large" });
      assert.deepEqual(claimed, [73 * MEBIBYTE, 76 * MEBIBYTE]);
      assert.ok(await measureFile(target) <= 76 * MEBIBYTE);
    },
  ));

Deno.test("an image that is said to take too much is not copied", () =>
  copyRandom(
    { ...compressed, toldBytes: 80 * MEBIBYTE, maxBytes: 76 * MEBIBYTE },
    async (copied, { claimed }) => {
      await assert.rejects(copied, { code: "image-too-large" });
      assert.deepEqual(claimed, []);
    },
  ));
