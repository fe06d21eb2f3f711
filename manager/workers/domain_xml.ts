/**
 * Composes libvirt's description of a worker. The device list is minimal: what
 * is not there cannot be attacked from inside of the worker.
 *
 * @module
 */

import { MAX_WRITE_BYTES_PER_SECOND } from "../limits/watchdog.ts";

/** A worker's root disk: an overlay over one or more images. */
export interface RootDisk {
  /** The overlay, always qcow2. */
  overlay: string;
  /** The images below it, the nearest first. */
  backing: readonly { file: string; format: "raw" | "qcow2" }[];
}

/** A file that holds a worker's memory. */
export interface MemoryFile {
  path: string;
  /**
   * `save`: what the worker writes goes there. `clone`: the worker starts from
   * it, with a state that is told afterwards, and writes nothing to it.
   */
  use: "save" | "clone";
}

/** Settings of a worker's virtual machine. */
export interface WorkerDomain {
  name: string;
  /** Owner of its QEMU and of its files: nobody else's. */
  user: number;
  cpus: number;
  memoryBytes: number;
  root: RootDisk;
  /** Random number of this worker's life; a clone has another (RFC 9562). */
  generation: string;
  /** Where its memory is, if it is to be saved or was. */
  memory?: MemoryFile;
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

/** Beside port 0, which is for consoles; QEMU watches two queues of each. */
const WORKER_PORTS = Object.keys(runnerPorts).length + 1;

/**
 * Places on the root PCI bus. Libvirt would put a bridge before each device,
 * and to find them all costs seconds of boot under nested emulation.
 */
const slots = { root: 1, serial: 2, random: 3, network: 4, trees: 8 } as const;

/** Bus of the port that the disk with the trees is plugged into. */
const TREES_BUS = 1;

/** Serial number by which the worker finds that disk; at most 20 characters. */
export const TREES_SERIAL = "contractor-trees";

function pciAddress(slot: number, bus = 0): string {
  return `<address type="pci" bus="${hexadecimal(bus)}" slot="${
    hexadecimal(slot)
  }"/>`;
}

function hexadecimal(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
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
    `<controller type="pci" index="${TREES_BUS}" model="pcie-root-port">`,
    `  ${pciAddress(slots.trees)}`,
    "</controller>",
    `<controller type="virtio-serial" ports="${WORKER_PORTS}">`,
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
    '<domain type="kvm" xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0">',
    `  <name>${escapeXml(domain.name)}</name>`,
    // A system that finds another one than before renews its random numbers.
    `  <genid>${escapeXml(domain.generation)}</genid>`,
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
    '  <cpu mode="host-passthrough" check="none" migratable="on">',
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
    ...memoryArguments(domain),
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

/**
 * Composes the description of a disk that carries trees into the worker and out
 * of it, to be plugged in; `device` is a block device of the manager's. `none`
 * keeps the archives out of the manager's page cache.
 */
export function treesDiskXml(device: string): string {
  return [
    '<disk type="block" device="disk">',
    '  <driver name="qemu" type="raw" cache="none"/>',
    `  <source dev="${escapeXml(device)}"/>`,
    '  <target dev="vdb" bus="virtio"/>',
    `  <serial>${TREES_SERIAL}</serial>`,
    `  ${pciAddress(0, TREES_BUS)}`,
    "</disk>",
    "",
  ].join("\n");
}

/**
 * What libvirt has no words for: memory in a file that outlives the worker, and
 * a worker that starts from one (QEMU's documentation, "x-ignore-shared").
 */
function memoryArguments({ memory, memoryBytes }: WorkerDomain): string[] {
  if (memory === undefined) return [];
  const access = memory.use === "save"
    ? "share=on"
    : "share=off,readonly=on,rom=off";
  const qemuArguments = [
    "-object",
    `memory-backend-file,id=saved,mem-path=${memory.path},size=${memoryBytes},${access}`,
    "-machine",
    "memory-backend=saved",
    ...(memory.use === "clone" ? ["-incoming", "defer"] : []),
  ];
  return [
    "  <qemu:commandline>",
    ...qemuArguments.map((value) =>
      `    <qemu:arg value="${escapeXml(value)}"/>`
    ),
    "  </qemu:commandline>",
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
