/**
 * How the guest isolate asks the linker isolate for symlinks: one request at a
 * time over a message port, each answered.
 *
 * @module
 */

import { EnvironmentError } from "../errors.ts";
import type { CreateLinksRequest } from "./linker.ts";

/** Null when the links were created, else what went wrong. */
type LinkAnswer = string | null;

/** The guest's end: asks for links below a root and waits for the answer. */
export function requestLinks(
  port: MessagePort,
  request: CreateLinksRequest,
): Promise<void> {
  return new Promise((resolve, reject) => {
    port.onmessage = ({ data }: MessageEvent<LinkAnswer>) => {
      if (data === null) resolve();
      else {
        reject(
          new EnvironmentError(
            "workspace-links",
            `Cannot create the workspace's symlinks: ${data}`,
          ),
        );
      }
    };
    port.postMessage(request);
  });
}

/** The other end: has every request served by `create` until it is closed. */
export function serveLinks(
  port: MessagePort,
  create: (request: CreateLinksRequest) => Promise<void>,
): void {
  port.onmessage = async ({ data }: MessageEvent<CreateLinksRequest>) => {
    let answer: LinkAnswer = null;
    try {
      await create(data);
    } catch (error) {
      answer = error instanceof Error ? error.message : String(error);
    }
    port.postMessage(answer);
  };
}
