import assert from "node:assert/strict";
import fc from "fast-check";
import {
  domainXml,
  escapeXml,
  TREES_SERIAL,
  treesDiskXml,
  type WorkerDomain,
  workerUser,
} from "./domain_xml.ts";

const domain: WorkerDomain = {
  name: "contractor-1",
  user: 0x40000001,
  cpus: 2,
  memoryBytes: 512 * 1024 ** 2,
  root: {
    overlay: "/state/workers/1/root.qcow2",
    backing: [
      { file: "/state/prepared/b.qcow2", format: "qcow2" },
      { file: "/state/images/a.raw", format: "raw" },
    ],
  },
  generation: "11111111-2222-4333-8444-555555555555",
  controlSocket: "/run/1/control.sock",
  logSocket: "/run/1/log.sock",
  consoleFile: "/state/workers/1/console.log",
  network: { tap: "worker0", mac: "52:54:00:c0:00:00" },
};

function golden(name: string): Promise<string> {
  return Deno.readTextFile(new URL(`testdata/${name}`, import.meta.url));
}

Deno.test("domainXml() composes the domain that was reviewed", async () => {
  assert.equal(domainXml(domain), await golden("worker_domain.golden"));
});

Deno.test("domainXml() gives a worker without network or archives no such devices", async () => {
  const { network: _, ...offline } = domain;
  assert.equal(
    domainXml({
      ...offline,
      root: { ...domain.root, backing: domain.root.backing.slice(1) },
    }),
    await golden("worker_domain_least.golden"),
  );
});

Deno.test("domainXml() puts memory to be saved into its file, and a clone's apart from it", () => {
  const path = "/state/saved/1/memory";
  const memoryArgument = (use: "save" | "clone") =>
    /value="(memory-backend-file[^"]*)"/
      .exec(domainXml({ ...domain, memory: { path, use } }))?.[1];
  assert.equal(
    memoryArgument("save"),
    `memory-backend-file,id=saved,mem-path=${path},size=536870912,share=on`,
  );
  assert.equal(
    memoryArgument("clone"),
    `memory-backend-file,id=saved,mem-path=${path},size=536870912,share=off,readonly=on,rom=off`,
  );
  const waits = (use: "save" | "clone") =>
    domainXml({ ...domain, memory: { path, use } }).includes("-incoming");
  assert.deepEqual([waits("save"), waits("clone")], [false, true]);
  assert.ok(!domainXml(domain).includes("qemu:arg"));
});

Deno.test("treesDiskXml() describes a disk at a port that is there", async () => {
  const disk = treesDiskXml("/dev/disk/by-id/trees");
  assert.equal(disk, await golden("trees_disk.golden"));
  const bus = /bus="0x0([0-9])" slot/.exec(disk)?.[1];
  assert.ok(
    domainXml(domain).includes(`index="${bus}" model="pcie-root-port"`),
  );
});

Deno.test("workerUser() gives each worker a user that has no name", () => {
  assert.equal(workerUser("0000000f-abcd"), 0x40000000);
  assert.equal(workerUser("00000010-abcd"), 0x40000001);
  fc.assert(
    fc.property(fc.uuid(), (uuid) => {
      const user = workerUser(uuid.slice(0, 13));
      assert.ok(user >= 0x40000000 && user <= 0x4fffffff);
    }),
  );
  assert.throws(() => workerUser("gateway"), RangeError);
});

Deno.test("escapeXml() leaves nothing that XML gives a meaning", () => {
  assert.equal(escapeXml(`a<b>"c'&d\n`), "a&#60;b&#62;&#34;c&#39;&#38;d&#10;");
  fc.assert(
    fc.property(fc.string(), (text) => {
      const escaped = escapeXml(text);
      assert.ok(!/[<>"']/.test(escaped));
      assert.ok(!/&(?!#[0-9]+;)/.test(escaped));
      const unescaped = escaped.replace(
        /&#([0-9]+);/g,
        (_, code) => String.fromCharCode(code),
      );
      assert.equal(unescaped, text);
    }),
  );
});

Deno.test("the disk's serial number fits into virtio's 20 bytes", () => {
  assert.ok(TREES_SERIAL.length <= 20);
});
