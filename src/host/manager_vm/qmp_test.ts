import assert from "node:assert/strict";
import { connectionPair } from "../../shared/rpc/connection_pair.ts";
import { QmpClient, QmpCommandError } from "./qmp.ts";
import {
  addBlockNode,
  addDisk,
  queryStatus,
  removeDevice,
} from "./qmp_commands.ts";
import { qmpSchema } from "./qmp_schema.ts";

type Sent = { execute: string; arguments: unknown };

/** Runs a test with a client of a QEMU that answers in this way. */
async function withQemu(
  answer: (sent: Sent) => object,
  test: (qmp: QmpClient, sent: Sent[]) => Promise<void>,
  /** Events that come before the next answer. */
  reported: object[] = [],
): Promise<void> {
  const [ours, qemu] = connectionPair();
  const sent: Sent[] = [];
  const writer = qemu.writable.getWriter();
  const say = (message: object) =>
    writer.write(new TextEncoder().encode(JSON.stringify(message) + "\r\n"));
  const serving = (async () => {
    await say({ QMP: { version: {}, capabilities: [] } });
    const lines = qemu.readable.pipeThrough(new TextDecoderStream());
    for await (const line of lines) {
      const { id, ...command } = JSON.parse(line);
      sent.push(command);
      const answered = command.execute === "qmp_capabilities"
        ? { return: {} }
        : answer(command);
      for (const event of reported.splice(0)) await say(event);
      await say({ ...answered, id });
    }
  })().catch(() => {});
  try {
    await using qmp = await QmpClient.open(ours);
    await test(qmp, sent.splice(0) && sent);
  } finally {
    await serving;
  }
}

const node = `disk-${"0".repeat(24)}`;

Deno.test("QEMU is asked to open a file as raw bytes, and as nothing else", () =>
  withQemu(() => ({ return: {} }), async (qmp, sent) => {
    const file = { name: node, path: "/state/a.disk", readOnly: true };
    await addBlockNode(qmp, file);
    assert.deepEqual(sent.map(({ execute }) => execute), ["blockdev-add"]);
    const hostile = ["nbd:unix:/s", "json:{}", "fat:rw:/home", "a.disk", ""];
    for (const path of hostile) {
      await assert.rejects(addBlockNode(qmp, { ...file, path }), {
        name: "ZodError",
      });
    }
    await assert.rejects(addBlockNode(qmp, { ...file, name: "root" }));
    await assert.rejects(
      addDisk(qmp, { id: "disk.a.b,drive=root", node, serial: "a" }),
    );
    assert.equal(sent.length, 1);
    await addDisk(qmp, { id: "disk.a.b", node, serial: "a" });
    assert.equal(sent.length, 2);
  }));

Deno.test("no other command is sent, whoever asks for it", () =>
  withQemu(
    () => ({ return: { status: "running" } }),
    async (qmp, sent) => {
      const others = [
        "migrate",
        "migrate-incoming",
        "human-monitor-command",
        "chardev-add",
        "netdev_add",
        "object-add",
        "dump-guest-memory",
        "pmemsave",
        "screendump",
        "nbd-server-start",
        "blockdev-create",
        "toString",
      ];
      for (const command of others) {
        assert.ok(!Object.hasOwn(qmpSchema, command));
        await assert.rejects(qmp.execute(command as "quit", {}), RangeError);
      }
      assert.deepEqual(sent, []);
      assert.equal(await queryStatus(qmp), "running");
      assert.deepEqual(sent, [{ execute: "query-status", arguments: {} }]);
    },
  ));

Deno.test("nothing is sent beyond what a command has", () =>
  withQemu(() => ({ return: {} }), async (qmp, sent) => {
    const more = { filename: "/etc/passwd" };
    await assert.rejects(qmp.execute("quit", more as never), {
      name: "ZodError",
    });
    assert.deepEqual(sent, []);
    await qmp.execute("quit", {});
    assert.equal(sent.length, 1);
  }));

Deno.test("what QEMU refuses, and what it makes of an answer, are errors", () =>
  withQemu(
    ({ execute }) =>
      execute === "quit"
        ? { error: { class: "GenericError", desc: "not now" } }
        : { return: { status: 7 } },
    async (qmp) => {
      await assert.rejects(qmp.execute("quit", {}), QmpCommandError);
      await assert.rejects(queryStatus(qmp), { code: "qemu-protocol" });
    },
  ));

Deno.test("a device is gone when QEMU says so, whatever else it reports", () => {
  const deleted = (device?: unknown) => ({
    event: "DEVICE_DELETED",
    data: { device, path: "/machine/peripheral" },
  });
  const reported = [
    deleted(),
    deleted(7),
    deleted("x".repeat(2000)),
    deleted("disk.a.other"),
    { event: "STOP" },
    ...new Array(200).fill({ event: "RTC_CHANGE", data: { offset: 1 } }),
  ];
  return withQemu(
    () => ({ return: {} }),
    async (qmp) => {
      await qmp.execute("query-kvm", {}).catch(() => {});
      reported.push(deleted("disk.a.b"));
      await removeDevice(qmp, "disk.a.b");
    },
    reported,
  );
});

Deno.test("what QEMU says is bounded in depth and number, not in bytes alone", async () => {
  const hostile = [
    { return: JSON.parse("[".repeat(100) + "]".repeat(100)) },
    { return: new Array(100_000).fill(0) },
    { event: "BLOCK_IO_ERROR", data: new Array(100_000).fill({}) },
  ];
  for (const answer of hostile) {
    await withQemu(
      () => answer,
      (qmp) => assert.rejects(queryStatus(qmp), { code: "qemu-protocol" }),
    );
  }
});
