import { fileURLToPath } from "node:url";

/** Builds on a made-up network: `harnessCommand NETWORK SPEC [OPTIONS]`. */
export const harnessCommand = fileURLToPath(
  new URL("./contractor", import.meta.url),
);
