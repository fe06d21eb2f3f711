/**
 * Composes libvirt's description of a worker. The device list is minimal: what
 * is not there cannot be attacked from inside of the worker.
 *
 * @module
 */

import type { DiskRole } from "../src/rpc/protocol.ts";
import { MAX_WRITE_BYTES_PER_SECOND } from "./limits/watchdog.ts";

/** A disk that holds an archive for or from the worker. */
export interface WorkerDisk {
  role: DiskRole;
  /** Block device in the manager. */
  device: string;
}

/** A worker's root disk: an overlay over one or more images. */
export interface RootDisk {
  /** The overlay, always qcow2. */
  overlay: string;
  /** The images below it, the nearest first. */
  backing: readonly { file: string; format: "raw" | "qcow2" }[];
}

/** Settings of a worker's virtual machine. */
export interface WorkerDomain {
  name: string;
  /** Owner of its QEMU and of its files: nobody else's. */
  user: number;
  cpus: number;
  memoryBytes: number;
  root: RootDisk;
  disks: readonly WorkerDisk[];
  controlSocket: string;
  logSocket: string;
  consoleFile: string;
  /** Existing tap device and the card's address, if it has a card. */
  network?: { tap: string; mac: string };
}

/** Names of the runner's virtio-serial ports in the worker. */
export const runnerPorts = {
  control: "org.contractor.control",
  log: "org.contractor.log",
} as const;

/**
 * Places on the root PCI bus. Libvirt would put a bridge before each device,
 * and to find them all costs seconds of boot under nested emulation.
 */
const slots = { root: 1, serial: 2, random: 3, network: 4, disks: 8 } as const;

function pciAddress(slot: number): string {
  const hexadecimal = slot.toString(16).padStart(2, "0");
  return `<address type="pci" bus="0x00" slot="0x${hexadecimal}"/>`;
}

/**
 * Memory of a worker's QEMU beyond the guest's: its own, and the manager's
 * cache of the disks that it reads and writes.
 */
export const QEMU_MEMORY_BYTES = 512 * 1024 ** 2;

/** First of the users that run workers; far above all that have a name. */
const FIRST_USER = 0x40000000;

/** A user of a worker's own, from the worker's id of hexadecimal digits. */
export function workerUser(id: string): number {
  const digits = id.replaceAll("-", "").slice(0, 7);
  if (!/^[0-9a-f]{7}$/.test(digits)) {
    throw new RangeError(`Expected an id of hexadecimal digits, got "${id}"`);
  }
  return FIRST_USER + parseInt(digits, 16);
}

/** Serial number by which the worker finds a disk; at most 20 characters. */
export function workerDiskSerial(role: DiskRole): string {
  return `contractor-${role}`;
}

/** Escapes text for XML attributes and elements. */
export function escapeXml(text: string): string {
  return text.replace(
    // deno-lint-ignore no-control-regex
    /[&<>"'\u0000-\u001f]/g,
    (character) => `&#${character.charCodeAt(0)};`,
  );
}

/** Composes the domain XML of a worker. */
export function domainXml(domain: WorkerDomain): string {
  const devices = [
    '<controller type="usb" model="none"/>',
    ...rootDisk(domain.root),
    ...domain.disks.flatMap(archiveDisk),
    '<controller type="virtio-serial">',
    `  ${pciAddress(slots.serial)}`,
    "</controller>",
    ...channel(runnerPorts.control, domain.controlSocket),
    ...channel(runnerPorts.log, domain.logSocket),
    ...console(domain.consoleFile),
    ...networkCard(domain.network),
    '<rng model="virtio">',
    '  <backend model="random">/dev/urandom</backend>',
    `  ${pciAddress(slots.random)}`,
    "</rng>",
    '<memballoon model="none"/>',
  ];
  const hardLimit = domain.memoryBytes + QEMU_MEMORY_BYTES;
  return [
    '<domain type="kvm">',
    `  <name>${escapeXml(domain.name)}</name>`,
    `  <memory unit="b">${domain.memoryBytes}</memory>`,
    "  <memtune>",
    `    <hard_limit unit="b">${hardLimit}</hard_limit>`,
    "  </memtune>",
    `  <vcpu>${domain.cpus}</vcpu>`,
    "  <os>",
    '    <type arch="x86_64" machine="q35">hvm</type>',
    '    <boot dev="hd"/>',
    // A disk that cannot be started ends the worker at once, and says so.
    '    <bios rebootTimeout="0"/>',
    "  </os>",
    "  <features>",
    "    <acpi/>",
    "    <apic/>",
    '    <vmport state="off"/>',
    // SeaBIOS would use it for each read from a disk, which KVM emulates.
    '    <smm state="off"/>',
    '    <ps2 state="off"/>',
    "  </features>",
    '  <cpu mode="host-passthrough" check="none" migratable="off">',
    '    <feature policy="disable" name="svm"/>',
    '    <feature policy="disable" name="vmx"/>',
    "  </cpu>",
    '  <clock offset="utc">',
    '    <timer name="hpet" present="no"/>',
    "  </clock>",
    "  <on_poweroff>destroy</on_poweroff>",
    "  <on_reboot>destroy</on_reboot>",
    "  <on_crash>destroy</on_crash>",
    "  <pm>",
    '    <suspend-to-mem enabled="no"/>',
    '    <suspend-to-disk enabled="no"/>',
    "  </pm>",
    "  <devices>",
    ...devices.map((line) => `    ${line}`),
    "  </devices>",
    // A user of its own, for its files and against its like; kvm for /dev/kvm.
    '  <seclabel type="static" model="dac" relabel="yes">',
    `    <label>+${domain.user}:kvm</label>`,
    "  </seclabel>",
    "</domain>",
    "",
  ].join("\n");
}

/**
 * The root disk is thrown away or sealed after a clean shutdown, so its
 * flushes may stay in the manager's memory: `unsafe`.
 */
function rootDisk(root: RootDisk): string[] {
  return [
    '<disk type="file" device="disk">',
    '  <driver name="qemu" type="qcow2" cache="unsafe" discard="unmap"/>',
    `  <source file="${escapeXml(root.overlay)}"/>`,
    ...backingChain(root.backing).map((line) => `  ${line}`),
    '  <target dev="vda" bus="virtio"/>',
    // No faster than the watchdog can follow.
    "  <iotune>",
    `    <write_bytes_sec>${MAX_WRITE_BYTES_PER_SECOND}</write_bytes_sec>`,
    "  </iotune>",
    `  ${pciAddress(slots.root)}`,
    "</disk>",
  ];
}

/**
 * Spelt out to its end, so that libvirt probes no image. The images stay with
 * their owner: a QEMU that was broken into must not be able to write them.
 */
function backingChain(images: RootDisk["backing"]): string[] {
  const [image, ...rest] = images;
  if (image === undefined) return ["<backingStore/>"];
  return [
    '<backingStore type="file">',
    `  <format type="${image.format}"/>`,
    `  <source file="${escapeXml(image.file)}">`,
    '    <seclabel model="dac" relabel="no"/>',
    "  </source>",
    ...backingChain(rest).map((line) => `  ${line}`),
    "</backingStore>",
  ];
}

/** `none` keeps archives out of the manager's page cache. */
function archiveDisk(disk: WorkerDisk, index: number): string[] {
  const name = `vd${String.fromCharCode("b".charCodeAt(0) + index)}`;
  return [
    '<disk type="block" device="disk">',
    '  <driver name="qemu" type="raw" cache="none"/>',
    `  <source dev="${escapeXml(disk.device)}"/>`,
    `  <target dev="${name}" bus="virtio"/>`,
    `  <serial>${escapeXml(workerDiskSerial(disk.role))}</serial>`,
    ...(disk.role === "export" ? [] : ["  <readonly/>"]),
    `  ${pciAddress(slots.disks + index)}`,
    "</disk>",
  ];
}

function channel(name: string, socket: string): string[] {
  return [
    '<channel type="unix">',
    `  <source mode="bind" path="${escapeXml(socket)}"/>`,
    `  <target type="virtio" name="${escapeXml(name)}"/>`,
    "</channel>",
  ];
}

function console(file: string): string[] {
  return [
    '<serial type="file">',
    `  <source path="${escapeXml(file)}"/>`,
    '  <target type="isa-serial" port="0"/>',
    "</serial>",
  ];
}

function networkCard(network: WorkerDomain["network"]): string[] {
  if (network === undefined) return [];
  return [
    '<interface type="ethernet">',
    `  <mac address="${escapeXml(network.mac)}"/>`,
    `  <target dev="${escapeXml(network.tap)}" managed="no"/>`,
    '  <model type="virtio"/>',
    '  <driver name="qemu"/>',
    `  ${pciAddress(slots.network)}`,
    "</interface>",
  ];
}
