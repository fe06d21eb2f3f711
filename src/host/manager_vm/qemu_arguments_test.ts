import assert from "node:assert/strict";
import fc from "fast-check";
import {
  buildQemuArguments,
  type ManagerVmSettings,
} from "./qemu_arguments.ts";

const settings: ManagerVmSettings = {
  accelerator: "tcg",
  cpus: 4,
  memoryBytes: 3 * 1024 ** 3,
  idleSeconds: 900,
  files: {
    kernel: "/image/vmlinuz",
    initrd: "/image/initrd.img",
    rootImage: "/image/root.squashfs",
    dataDisk: "/state/a,b/data.img",
    qmpSocket: "/run/a,b/qmp.sock",
    pidFile: "/run/a,b/qemu.pid",
    rpcSockets: Array.from({ length: 8 }, (_, port) => `/run/a,b/rpc.${port}`),
  },
};

/** One option and its value a line. */
function lines(qemuArguments: readonly string[]): string[] {
  return qemuArguments.join(" ").split(/ (?=-)/);
}

Deno.test("the manager's machine has these devices and no others", () => {
  const rpc = Array.from({ length: 8 }, (_, port) => [
    `-chardev socket,id=rpc${port},path=/run/a,,b/rpc.${port},server=on,wait=off`,
    `-device virtserialport,bus=rpc.0,chardev=rpc${port},name=org.contractor.rpc.${port}`,
  ]);
  assert.deepEqual(lines(buildQemuArguments(settings)), [
    "-name contractor-manager",
    "-nodefaults",
    "-no-user-config",
    "-sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
    "-machine q35,usb=off,vmport=off,hpet=off,sata=off,smbus=off,dump-guest-core=off",
    "-accel tcg,thread=multi",
    "-cpu max,la57=off,erms=off",
    "-smp 1",
    "-m 3072M",
    "-nic none",
    "-display none",
    "-vga none",
    "-monitor none",
    "-parallel none",
    "-kernel /image/vmlinuz",
    "-initrd /image/initrd.img",
    "-append console=ttyS0 quiet pci=lastbus=0 panic=-1 swiotlb=noforce contractor.idle=900",
    "-chardev ringbuf,id=console,size=262144",
    "-serial chardev:console",
    "-chardev socket,id=qmp,path=/run/a,,b/qmp.sock,server=on,wait=off",
    "-mon chardev=qmp,mode=control",
    "-object rng-builtin,id=rng0",
    "-device virtio-rng-pci,rng=rng0",
    "-device virtio-balloon-pci,free-page-reporting=on",
    "-drive if=none,id=root,format=raw,file=/image/root.squashfs,read-only=on",
    "-device virtio-blk-pci,drive=root,serial=contractor-root",
    "-drive if=none,id=data,format=raw,file=/state/a,,b/data.img,discard=unmap",
    "-device virtio-blk-pci,drive=data,serial=contractor-data",
    "-device virtio-scsi-pci,id=scsi0",
    "-device virtio-serial-pci,id=rpc,max_ports=9",
    ...rpc.flat(),
    "-no-reboot",
    "-pidfile /run/a,b/qemu.pid",
  ]);
});

Deno.test("KVM gets the CPU of the host, and as many as asked for", () => {
  const kvm = lines(buildQemuArguments({ ...settings, accelerator: "kvm" }));
  const tcg = lines(buildQemuArguments(settings));
  assert.deepEqual(
    kvm.filter((line) => !tcg.includes(line)),
    ["-accel kvm", "-cpu host", "-smp 4"],
  );
});

Deno.test("each RPC port has a socket", () => {
  assert.throws(
    () =>
      buildQemuArguments({
        ...settings,
        files: { ...settings.files, rpcSockets: ["/run/one"] },
      }),
    RangeError,
  );
});

/** Every option of the machine, and the options that its values have. */
function shape(qemuArguments: readonly string[]): string[] {
  return qemuArguments.map((argument) =>
    // What is left once the doubled commas are gone are QEMU's own.
    argument.replaceAll(",,", "").replaceAll(/=[^,]*/g, "=")
  ).filter((argument) => argument.startsWith("-") || argument.includes("="));
}

const option = fc.constantFrom(
  ",",
  "=",
  ":",
  "-",
  " ",
  "\n",
  "file",
  "exec:id",
  "-incoming",
  ",server=off",
  "nbd:unix:/s",
  "json:{}",
);
const path = fc.array(option, { maxLength: 6 }).map((parts) =>
  "/" + parts.join("")
);

Deno.test("no path adds an option, whatever is in it", () => {
  const files = fc.record({
    kernel: path,
    initrd: path,
    rootImage: path,
    dataDisk: path,
    qmpSocket: path,
    pidFile: path,
    rpcSockets: fc.array(path, { minLength: 8, maxLength: 8 }),
  });
  const options = new Set(
    buildQemuArguments(settings).filter((argument) => argument[0] === "-"),
  );
  assert.ok(!options.has("-incoming"));
  fc.assert(fc.property(files, (files) => {
    const built = buildQemuArguments({ ...settings, files });
    assert.ok(
      built.filter((argument) => argument[0] === "-")
        .every((argument) => options.has(argument)),
    );
    const [named, plain] = [built, buildQemuArguments(settings)].map(
      (given) =>
        shape(
          given.filter((argument) =>
            !Object.values(files).includes(argument) &&
            !Object.values(settings.files).includes(argument)
          ),
        ),
    );
    assert.deepEqual(named, plain);
  }));
});

Deno.test("a path that QEMU may take for something else is refused", () => {
  for (const dataDisk of ["nbd:host:1", "-incoming", "data.img", "", "/a\0b"]) {
    assert.throws(
      () =>
        buildQemuArguments({
          ...settings,
          files: { ...settings.files, dataDisk },
        }),
      RangeError,
    );
  }
});
