/**
 * A user's configuration: as for a build spec.
 *
 * @module
 */

import { parseUserConfig } from "../../src/config/user_config.ts";
import type { Target } from "../target.ts";
import { anyConfig, outcomeOfFile, yamlTokens } from "../yaml_texts.ts";

export default {
  tokens: yamlTokens,
  structured: anyConfig,
  maxBytes: 4096,
  check(input) {
    const text = new TextDecoder().decode(input);
    outcomeOfFile(text, () => parseUserConfig(text, "/config.yaml"));
  },
} satisfies Target;
