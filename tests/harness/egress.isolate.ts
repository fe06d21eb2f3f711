/**
 * The `egress` isolate of tests: the product's own, on a made-up network.
 *
 * @module
 */

import type { EgressApi } from "../../src/egress/egress.ts";
import { createEgressHandlers } from "../../src/egress/egress_server.ts";
import { serveIsolate } from "../../src/isolate/isolate.ts";
import { connectByMap, networkMapOf, resolveByMap } from "./network_map.ts";

const map = networkMapOf(import.meta.url);

serveIsolate<EgressApi>(createEgressHandlers({
  resolve: resolveByMap(map),
  connect: connectByMap(map),
}));
