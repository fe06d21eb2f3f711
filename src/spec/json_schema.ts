/**
 * The JSON Schema of a build spec, for editors and other tools.
 *
 * @module
 */

import { z } from "zod";
import { specSchema } from "./schema.ts";

/** JSON Schema, draft 2020-12, of a build spec as written. */
export function specJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(specSchema, { io: "input" });
  return { $schema, title: "Contractor build spec", ...rest };
}
