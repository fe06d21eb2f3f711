/**
 * A user's configuration: as for a build spec.
 *
 * @module
 */

import { parseUserConfig } from "../../src/config/user_config.ts";
import { InvalidFileError } from "../../src/spec/problem.ts";
import { outcomeOf, type Target } from "../target.ts";
import { anyConfig, checkProblems, yamlTokens } from "../yaml_texts.ts";

export default {
  tokens: yamlTokens,
  structured: anyConfig,
  maxBytes: 4096,
  check(input) {
    const text = new TextDecoder().decode(input);
    outcomeOf(() => {
      try {
        return parseUserConfig(text, "/config.yaml");
      } catch (error) {
        if (error instanceof InvalidFileError) checkProblems(error, text);
        throw error;
      }
    }, InvalidFileError);
  },
} satisfies Target;
