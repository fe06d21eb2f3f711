/**
 * Steps that build on a made-up network: its names lead to servers of the
 * test's own. Nothing in the product can put it in the place of the real one.
 *
 * @module
 */

import { harnessCommand } from "../../tests/harness/harness_command.ts";
import { endlessHttp, http } from "../../tests/harness/services.ts";
import { splitCommandLine } from "../command_line.ts";
import { step } from "../context.ts";
import { runContractor } from "../invoke.ts";

/** Addresses for documentation (RFC 5737), which nobody has. */
const pageAddress = "192.0.2.40";
const endlessAddress = "192.0.2.41";

export const networkSteps = [
  step("given a web server {name}", ({ internet }, { name }) => {
    internet.serve(`${pageAddress}:80`, http);
    internet.answer(name, [pageAddress]);
  }),

  step(
    "given a web server {name} whose pages have no end",
    ({ internet }, { name }) => {
      internet.serve(`${endlessAddress}:80`, endlessHttp);
      internet.answer(name, [endlessAddress]);
    },
  ),

  step(
    "when I try to build {args:text} on a network with these servers",
    async (context, { args }) => {
      context.outcome = await runContractor(
        context,
        [context.internet.encoded, ...splitCommandLine(args)],
        harnessCommand,
      );
    },
  ),
];
