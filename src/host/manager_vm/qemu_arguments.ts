import { RPC_PORT_COUNT, rpcPortName } from "../../shared/rpc/protocol.ts";
import type { Accelerator } from "./accelerator.ts";

/** What the console keeps: a power of two, as QEMU demands. */
export const CONSOLE_BYTES = 256 * 1024;

/** Identifier of the console's ring buffer in QEMU. */
export const CONSOLE_ID = "console";

/** The SCSI bus that disks of builds are plugged into. */
export const DISK_BUS = "scsi0.0";

/** Everything that the command line of the manager VM depends on. */
export interface ManagerVmSettings {
  readonly accelerator: Accelerator;
  /** Virtual CPUs; under TCG there is one, whatever this says. */
  readonly cpus: number;
  readonly memoryBytes: number;
  /** How long it stays up when nothing is built. */
  readonly idleSeconds: number;
  readonly files: ManagerVmFiles;
}

/**
 * All that the manager's QEMU opens on the host by itself; absolute paths. Today
 * it runs as the user, and could open much more. An account of its own for it
 * would have to be given these, the disks that builds put into the staging
 * directory, and the device of KVM.
 */
export interface ManagerVmFiles {
  readonly kernel: string;
  readonly initrd: string;
  readonly rootImage: string;
  /** The one that it may write. */
  readonly dataDisk: string;
  /** What it creates, for us to talk to it. */
  readonly qmpSocket: string;
  readonly pidFile: string;
  /** Sockets of the RPC ports, in order. */
  readonly rpcSockets: readonly string[];
}

const MEBIBYTE = 1024 ** 2;

/**
 * What the process of a QEMU may no longer do: use old system calls, get more
 * rights, start a program, or change its share of the processor. QEMU's own way
 * to become a daemon (`-daemonize`), and to migrate through a program (`exec:`),
 * need what this forbids.
 */
export const SANDBOX: readonly string[] = [
  "-sandbox",
  "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
];

/**
 * A machine with the devices that the manager needs and no others. Above all
 * it has no network card, so no way to the host's network but the RPC ports.
 */
export function buildQemuArguments(settings: ManagerVmSettings): string[] {
  const { files } = settings;
  if (files.rpcSockets.length !== RPC_PORT_COUNT) {
    throw new RangeError(`Cannot do with other than ${RPC_PORT_COUNT} sockets`);
  }
  requireAbsolute(files);
  return [
    ...["-name", "contractor-manager"],
    "-nodefaults",
    "-no-user-config",
    ...SANDBOX,
    ...machine(settings),
    ...["-nic", "none"],
    ...["-display", "none"],
    ...["-vga", "none"],
    ...["-monitor", "none"],
    ...["-parallel", "none"],
    ...boot(settings),
    ...console(),
    ...controlSocket(files.qmpSocket),
    ...randomNumbers(),
    ...freedMemory(),
    ...disk("root", files.rootImage, "read-only=on"),
    ...disk("data", files.dataDisk, "discard=unmap"),
    ...["-device", "virtio-scsi-pci,id=scsi0"],
    ...rpcPorts(files.rpcSockets),
    "-no-reboot",
    ...["-pidfile", files.pidFile],
  ];
}

/** What is relative could begin with an option or with the name of a protocol. */
function requireAbsolute(files: ManagerVmFiles): void {
  for (const path of Object.values(files).flat()) {
    if (path.startsWith("/") && !path.includes("\0")) continue;
    throw new RangeError(`Cannot give QEMU "${path}": it is not absolute`);
  }
}

function machine(settings: ManagerVmSettings): string[] {
  const memory = Math.floor(settings.memoryBytes / MEBIBYTE);
  return [
    ...[
      "-machine",
      "q35,usb=off,vmport=off,hpet=off,sata=off,smbus=off,dump-guest-core=off",
    ],
    ...accelerator(settings),
    ...["-m", `${memory}M`],
  ];
}

/**
 * Virtual CPUs that the manager gets. Under TCG a nested VM loses wake-ups with
 * more than one virtual CPU around it.
 */
export function managerCpus(accelerator: Accelerator, wanted: number): number {
  return accelerator === "tcg" ? 1 : wanted;
}

/**
 * Under TCG a nested VM hangs with five-level page tables, and a system that
 * finds `erms` copies byte by byte what it else copies by eight. QEMU's own
 * choice of memory for translated code, up to 1 GiB, has room for what a build
 * runs in both virtual machines: the next one need not translate it again.
 */
function accelerator(settings: ManagerVmSettings): string[] {
  const cpus = managerCpus(settings.accelerator, settings.cpus);
  switch (settings.accelerator) {
    case "kvm":
      return ["-accel", "kvm", "-cpu", "host", "-smp", `${cpus}`];
    case "tcg":
      return [
        ...["-accel", "tcg,thread=multi"],
        ...["-cpu", "max,la57=off,erms=off"],
        ...["-smp", `${cpus}`],
      ];
  }
}

/** No bounce buffers: no device of the manager needs their 64 MiB. */
const NO_BOUNCE_BUFFERS = "swiotlb=noforce";

function boot(settings: ManagerVmSettings): string[] {
  return [
    ...["-kernel", settings.files.kernel],
    ...["-initrd", settings.files.initrd],
    ...[
      "-append",
      `console=ttyS0 quiet pci=lastbus=0 panic=-1 ${NO_BOUNCE_BUFFERS} contractor.idle=${settings.idleSeconds}`,
    ],
  ];
}

/** A ring buffer cannot fill the host's disk, whatever the guest prints. */
function console(): string[] {
  return [
    ...["-chardev", `ringbuf,id=${CONSOLE_ID},size=${CONSOLE_BYTES}`],
    ...["-serial", `chardev:${CONSOLE_ID}`],
  ];
}

function controlSocket(path: string): string[] {
  return [
    ...["-chardev", unixSocket("qmp", path)],
    ...["-mon", "chardev=qmp,mode=control"],
  ];
}

function randomNumbers(): string[] {
  return [
    ...["-object", "rng-builtin,id=rng0"],
    ...["-device", "virtio-rng-pci,rng=rng0"],
  ];
}

/** Takes back what the manager reports as free, so that the host has it. */
function freedMemory(): string[] {
  return ["-device", "virtio-balloon-pci,free-page-reporting=on"];
}

function disk(role: string, path: string, option: string): string[] {
  return [
    ...[
      "-drive",
      `if=none,id=${role},format=raw,file=${escapeCommas(path)},${option}`,
    ],
    ...["-device", `virtio-blk-pci,drive=${role},serial=contractor-${role}`],
  ];
}

function rpcPorts(sockets: readonly string[]): string[] {
  return [
    // Beside port 0, which is for consoles; QEMU watches two queues of each.
    ...["-device", `virtio-serial-pci,id=rpc,max_ports=${sockets.length + 1}`],
    ...sockets.flatMap((path, port) => [
      ...["-chardev", unixSocket(`rpc${port}`, path)],
      ...[
        "-device",
        `virtserialport,bus=rpc.0,chardev=rpc${port},name=${rpcPortName(port)}`,
      ],
    ]),
  ];
}

function unixSocket(id: string, path: string): string {
  return `socket,id=${id},path=${escapeCommas(path)},server=on,wait=off`;
}

/** QEMU ends an option's value at a comma, unless it is doubled. */
function escapeCommas(path: string): string {
  return path.replaceAll(",", ",,");
}
