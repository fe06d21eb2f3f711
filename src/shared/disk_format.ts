import { MAX_DISK_BYTES } from "./limits/disk_size.ts";

/** How much of a file's beginning {@linkcode parseDiskHeader} looks at. */
export const HEADER_BYTES = 64 * 1024;

/** What the beginning of a file says about it. */
export type DiskHeader =
  | {
    readonly kind: "raw" | "qcow2";
    /** Size of the disk that a virtual machine sees, in bytes. */
    readonly virtualBytes: number;
  }
  /** A file of a kind that is not taken, such as `VMware disk (VMDK)`. */
  | { readonly kind: "foreign"; readonly format: string }
  | { readonly kind: "refused"; readonly reason: string };

const SECTOR_BYTES = 512;
const MEBIBYTE = 1024 ** 2;

/** No disk that boots is smaller. */
const MINIMUM_BYTES = MEBIBYTE;

/** All of a file is read, holes and all; the manager has no room for more. */
const MAXIMUM_FILE_BYTES = 64 * 1024 ** 3;

interface Signature {
  readonly format: string;
  readonly offset: number;
  readonly bytes: readonly number[];
}

/** Formats that people take for a disk image, by their first bytes. */
const FOREIGN_SIGNATURES: readonly Signature[] = [
  signature("VMware disk (VMDK)", 0, "KDMV"),
  signature("VMware disk (VMDK)", 0, "COWD"),
  signature("VMware disk (VMDK)", 0, "# Disk DescriptorFile"),
  { format: "VirtualBox disk (VDI)", offset: 64, bytes: [127, 16, 218, 190] },
  signature("Hyper-V disk (VHDX)", 0, "vhdxfile"),
  signature("Hyper-V disk (VHD)", 0, "conectix"),
  signature("QED disk", 0, "QED\0"),
  signature("LUKS-encrypted disk", 0, "LUKS\xba\xbe"),
  signature("CD image (ISO 9660)", 0x8001, "CD001"),
  signature("squashfs file system", 0, "hsqs"),
  { format: "gzip archive", offset: 0, bytes: [0x1f, 0x8b] },
  signature("bzip2 archive", 0, "BZh"),
  { format: "xz archive", offset: 0, bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a] },
  { format: "zstd archive", offset: 0, bytes: [0x28, 0xb5, 0x2f, 0xfd] },
  signature("zip archive", 0, "PK\x03\x04"),
  signature("7z archive", 0, "7z\xbc\xaf\x27\x1c"),
  signature("tar archive", 257, "ustar"),
];

const QCOW_MAGIC = signature("qcow", 0, "QFI\xfb");

/** Of a master boot record, and of the one that protects a GPT. */
const BOOT_SIGNATURE: Signature = {
  format: "boot sector",
  offset: SECTOR_BYTES - 2,
  bytes: [0x55, 0xaa],
};

/**
 * Tells what a file is by its first bytes alone. It believes nothing that it
 * does not have to, since an image may have been made to mislead.
 *
 * @param header the first {@linkcode HEADER_BYTES} of the file, or all of it
 * @param fileBytes size of the whole file
 */
export function parseDiskHeader(
  header: Uint8Array,
  fileBytes: number,
): DiskHeader {
  if (fileBytes === 0) return refused("it is empty");
  if (fileBytes > MAXIMUM_FILE_BYTES) {
    return refused(`it is too large: a file of ${fileBytes} bytes`);
  }
  if (matches(header, QCOW_MAGIC)) return parseQcow(header);
  const foreign = FOREIGN_SIGNATURES.find((known) => matches(header, known));
  if (foreign !== undefined) return { kind: "foreign", format: foreign.format };
  if (!matches(header, BOOT_SIGNATURE)) {
    return refused("it is no disk image: it has no boot sector");
  }
  return disk("raw", fileBytes);
}

/** The fields of a qcow2 header, by the format's specification. */
const qcow2 = {
  version: 4,
  backingFileOffset: 8,
  clusterBits: 20,
  size: 24,
  encryption: 32,
  minimumLength: 72,
  incompatibleFeatures: 72,
  headerLength: 100,
  minimumLengthOfVersion3: 104,
} as const;

const feature = {
  dirty: 1n << 0n,
  corrupt: 1n << 1n,
  dataFile: 1n << 2n,
  compressionType: 1n << 3n,
  extendedL2: 1n << 4n,
} as const;

const TAKEN_FEATURES = feature.dirty | feature.compressionType |
  feature.extendedL2;

const extension = {
  end: 0,
  dataFileName: 0x44415441,
  encryption: 0x0537be77,
} as const;

function parseQcow(header: Uint8Array): DiskHeader {
  if (header.length < qcow2.minimumLength) return refused("it is cut short");
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  const version = view.getUint32(qcow2.version);
  if (version === 1) return { kind: "foreign", format: "qcow disk, version 1" };
  if (version !== 2 && version !== 3) {
    return refused(`it is qcow2 of the unknown version ${version}`);
  }
  if (view.getBigUint64(qcow2.backingFileOffset) !== 0n) {
    return refused("it has a backing file");
  }
  if (view.getUint32(qcow2.encryption) !== 0) return refused("it is encrypted");
  const clusterBits = view.getUint32(qcow2.clusterBits);
  if (clusterBits < 9 || clusterBits > 21) return refused("it is damaged");
  const problem = version === 3
    ? findVersion3Problem(view)
    : findExtensionProblem(view, qcow2.minimumLength);
  if (problem !== undefined) return refused(problem);
  return disk("qcow2", Number(view.getBigUint64(qcow2.size)));
}

function findVersion3Problem(view: DataView): string | undefined {
  if (view.byteLength < qcow2.minimumLengthOfVersion3) return "it is cut short";
  const features = view.getBigUint64(qcow2.incompatibleFeatures);
  if ((features & feature.dataFile) !== 0n) return "it has a data file";
  if ((features & feature.corrupt) !== 0n) return "it is marked as corrupt";
  if ((features & ~TAKEN_FEATURES) !== 0n) {
    return `it has unknown features (0x${features.toString(16)})`;
  }
  const length = view.getUint32(qcow2.headerLength);
  if (length < qcow2.minimumLengthOfVersion3 || length % 8 !== 0) {
    return "it is damaged";
  }
  return findExtensionProblem(view, length);
}

/** Walks the header extensions, each a type, a length, and padded data. */
function findExtensionProblem(
  view: DataView,
  start: number,
): string | undefined {
  for (let offset = start; offset + 8 <= view.byteLength;) {
    const type = view.getUint32(offset);
    if (type === extension.end) return undefined;
    if (type === extension.dataFileName) return "it has a data file";
    if (type === extension.encryption) return "it is encrypted";
    offset += 8 + Math.ceil(view.getUint32(offset + 4) / 8) * 8;
  }
  return "it is damaged";
}

function disk(kind: "raw" | "qcow2", virtualBytes: number): DiskHeader {
  if (virtualBytes < MINIMUM_BYTES) {
    return refused(`it is too small: a disk of ${virtualBytes} bytes`);
  }
  if (virtualBytes > MAX_DISK_BYTES) {
    return refused(`it is too large: a disk of ${virtualBytes} bytes`);
  }
  return { kind, virtualBytes };
}

function refused(reason: string): DiskHeader {
  return { kind: "refused", reason };
}

function signature(format: string, offset: number, text: string): Signature {
  return {
    format,
    offset,
    bytes: Array.from(text, (character) => character.charCodeAt(0)),
  };
}

function matches(header: Uint8Array, { offset, bytes }: Signature): boolean {
  return bytes.every((byte, index) => header[offset + index] === byte);
}
