/**
 * What the host's memory grows by when a manager sends small frames that ask
 * for an answer, and reads none.
 *
 * @module
 */

import { Channel } from "../src/shared/rpc/channel.ts";
import {
  encodeFrames,
  type Frame,
  FrameType,
} from "../src/shared/rpc/frame.ts";
import type { Figure } from "./table.ts";

const FRAMES = 10_000_000;
const FRAMES_PER_CHUNK = 8_192;

const opening: Frame = {
  type: FrameType.open,
  stream: 2,
  payload: new TextEncoder().encode("{}"),
};
const reset: Frame = {
  type: FrameType.reset,
  stream: 2,
  payload: new Uint8Array(),
};

export async function measureFrames(): Promise<Figure[]> {
  const opened = encodeFrames([opening, reset]);
  const chunk = encodeFrames(new Array(FRAMES_PER_CHUNK).fill(reset));
  let sent = 0;
  const readable = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(opened),
    pull(controller) {
      if (sent >= FRAMES) return controller.close();
      controller.enqueue(chunk);
      sent += FRAMES_PER_CHUNK;
    },
  });
  const writable = new WritableStream<Uint8Array>({
    write: () => new Promise(() => {}),
  });
  const before = Deno.memoryUsage().rss;
  const channel = new Channel({ readable, writable }, {
    side: "host",
    onMessage: () => {},
    onStream: () => {},
  });
  const error = await channel.closed;
  const grown = (Deno.memoryUsage().rss - before) / 1e6;
  return [
    {
      name: `memory for ${FRAMES / 1e6} million frames of 8 bytes`,
      value: `${grown.toFixed(0)} MB`,
      aim: "at most 64 MB",
    },
    {
      name: "  frames until the connection was given up",
      value: error ? `at most ${sent}` : "never",
    },
  ];
}
