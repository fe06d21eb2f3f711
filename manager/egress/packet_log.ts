/**
 * Reads the packets that a link's filter refused and logged: a capture by
 * tcpdump, which only copies the kernel's messages into a pcap stream.
 *
 * Sources: pcap-savefile(5); LINKTYPE_NFLOG of the tcpdump project;
 * linux/netfilter/nfnetlink_log.h.
 *
 * @module
 */

/** A refused packet, as far as it was logged. */
export interface LoggedPacket {
  /** What is in the frame, such as 0x0800 for IPv4. */
  etherType: number;
  /** What follows the Ethernet header; its end may be missing. */
  payload: Uint8Array;
}

const PCAP_HEADER_BYTES = 24;
const PCAP_MAGIC_LITTLE_ENDIAN = 0xa1b2c3d4;
const LINKTYPE_NFLOG = 239;
const RECORD_HEADER_BYTES = 16;

/** The filter logs 256 bytes of each packet, and its own facts. */
const MAX_RECORD_BYTES = 4096;

/** Splits a pcap stream into records. */
export class PcapReader {
  #pending: Uint8Array = new Uint8Array(0);
  #started = false;

  /**
   * Takes bytes of the stream, returns the records that are complete.
   *
   * @throws {Error} if it is no pcap stream of netfilter's log
   */
  push(bytes: Uint8Array): Uint8Array[] {
    this.#pending = concat(this.#pending, bytes);
    const records: Uint8Array[] = [];
    if (!this.#started && !this.#start()) return records;
    while (this.#pending.byteLength >= RECORD_HEADER_BYTES) {
      const size = view(this.#pending).getUint32(8, true);
      if (size > MAX_RECORD_BYTES) {
        throw new Error("A logged packet is too big");
      }
      const end = RECORD_HEADER_BYTES + size;
      if (this.#pending.byteLength < end) break;
      records.push(this.#pending.slice(RECORD_HEADER_BYTES, end));
      this.#pending = this.#pending.subarray(end);
    }
    return records;
  }

  #start(): boolean {
    if (this.#pending.byteLength < PCAP_HEADER_BYTES) return false;
    const header = view(this.#pending);
    if (
      header.getUint32(0, true) !== PCAP_MAGIC_LITTLE_ENDIAN ||
      header.getUint32(20, true) !== LINKTYPE_NFLOG
    ) throw new Error("Not a capture of netfilter's log");
    this.#pending = this.#pending.subarray(PCAP_HEADER_BYTES);
    return this.#started = true;
  }
}

const MESSAGE_HEADER_BYTES = 4;
const ATTRIBUTE_HEADER_BYTES = 4;
const ATTRIBUTE_PACKET_HEADER = 1;
const ATTRIBUTE_PAYLOAD = 9;

/** Reads one of netfilter's log messages; undefined if it tells too little. */
export function parseLogMessage(message: Uint8Array): LoggedPacket | undefined {
  const data = view(message);
  let etherType: number | undefined;
  let payload: Uint8Array = new Uint8Array(0);
  let at = MESSAGE_HEADER_BYTES;
  while (at + ATTRIBUTE_HEADER_BYTES <= message.byteLength) {
    const size = data.getUint16(at, true);
    const type = data.getUint16(at + 2, true);
    const end = at + size;
    if (size < ATTRIBUTE_HEADER_BYTES || end > message.byteLength) break;
    const value = message.subarray(at + ATTRIBUTE_HEADER_BYTES, end);
    if (type === ATTRIBUTE_PACKET_HEADER && value.byteLength >= 2) {
      etherType = view(value).getUint16(0);
    } else if (type === ATTRIBUTE_PAYLOAD) payload = value;
    // Attributes start at multiples of four bytes.
    at += (size + 3) & ~3;
  }
  return etherType === undefined ? undefined : { etherType, payload };
}

/** Hands on the packets that a stream of pcap bytes tells of, to its end. */
export async function readPackets(
  stream: ReadableStream<Uint8Array>,
  onPacket: (packet: LoggedPacket) => void,
): Promise<void> {
  const reader = new PcapReader();
  for await (const bytes of stream) {
    for (const record of reader.push(bytes)) {
      const packet = parseLogMessage(record);
      if (packet !== undefined) onPacket(packet);
    }
  }
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function concat(left: Uint8Array, right: Uint8Array): Uint8Array {
  const both = new Uint8Array(left.byteLength + right.byteLength);
  both.set(left);
  both.set(right, left.byteLength);
  return both;
}
