/**
 * The `egress` isolate: the one thread that reaches the network, at the wish
 * of workers and within the build's rules. It can neither read nor write files
 * nor run anything.
 *
 * @module
 */

import { serveIsolate } from "../isolate/isolate.ts";
import type { EgressApi } from "./egress.ts";
import { createEgressHandlers } from "./egress_server.ts";

serveIsolate<EgressApi>(createEgressHandlers());
