/**
 * The `linker` isolate: creates validated symlinks and does nothing else.
 *
 * @module
 */

import { serveIsolate } from "../isolate/isolate.ts";
import { createLinks } from "./create_links.ts";
import type { LinkerApi } from "./linker.ts";

serveIsolate<LinkerApi>({
  createLinks(request) {
    createLinks(request);
    return Promise.resolve();
  },
});
