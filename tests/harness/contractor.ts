/**
 * `contractor build --json` on a made-up network, for tests alone: nothing in
 * the product can put another network in the place of the real one.
 *
 * Usage: contractor.ts NETWORK SPEC [--learn] [--allow-private=HOST...], where
 * NETWORK is a network map in JSON.
 *
 * @module
 */

import { runBuild } from "../../src/pipeline/build.ts";
import { withInterrupt } from "../../src/cli/interrupt.ts";
import { toJsonLine } from "../../src/cli/json_output.ts";
import { reportError } from "../../src/cli/report_error.ts";
import { openTerminal } from "../../src/cli/terminal.ts";
import { withNetworkMap } from "./network_map.ts";

const ALLOW_PRIVATE = "--allow-private=";

async function main(
  [network, specPath, ...options]: string[],
): Promise<number> {
  if (network === undefined || specPath === undefined) {
    throw new Error(
      "Usage: contractor.ts NETWORK SPEC [--learn] [--allow-private=HOST...]",
    );
  }
  const terminal = openTerminal();
  const egressModule = withNetworkMap(
    new URL("./egress.isolate.ts", import.meta.url),
    network,
  );
  try {
    return await withInterrupt((signal) =>
      runBuild({
        specPath,
        accelerator: undefined,
        useCache: true,
        learn: options.includes("--learn"),
        allowPrivate: options.filter((text) => text.startsWith(ALLOW_PRIVATE))
          .map((text) => text.slice(ALLOW_PRIVATE.length)),
        onEvent: (event) => terminal.stdout.write(toJsonLine(event)),
        signal,
        egressModule,
      })
    );
  } catch (error) {
    return reportError(error, terminal, true);
  }
}

Deno.exit(await main(Deno.args));
