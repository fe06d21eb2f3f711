/**
 * Makes captures as tcpdump writes them of netfilter's log.
 *
 * @module
 */

/** Begin of a capture: little-endian, link type 239. */
export const capture = new Uint8Array([
  ...[0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0],
  ...[0, 0, 0, 0, 0, 0, 4, 0, 239, 0, 0, 0],
]);

/** A record of the capture. */
export function record(content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(16 + content.byteLength);
  const view = new DataView(bytes.buffer);
  view.setUint32(8, content.byteLength, true);
  view.setUint32(12, content.byteLength, true);
  bytes.set(content, 16);
  return bytes;
}

/** A log message, with attributes that nobody needs around the others. */
export function message(etherType: number, payload: Uint8Array): Uint8Array {
  const attributes = [
    attribute(1, new Uint8Array([etherType >> 8, etherType & 0xff, 0, 0])),
    attribute(10, new Uint8Array([0])),
    attribute(4, new Uint8Array([0, 0, 0, 2])),
    attribute(9, payload),
  ];
  return new Uint8Array([5, 0, 0, 0, ...attributes.flat()]);
}

function attribute(type: number, value: Uint8Array): number[] {
  const size = 4 + value.byteLength;
  const padding = Array((4 - size % 4) % 4).fill(0);
  return [size & 0xff, size >> 8, type, 0, ...value, ...padding];
}
