/**
 * Which keys a schema knows, to suggest one for a misspelt key.
 *
 * @module
 */

import { z } from "zod";

/** Keys that the schema knows in the mapping at `path`. */
export function knownKeys(
  root: z.ZodType,
  path: readonly PropertyKey[],
): string[] {
  let schemas = alternatives(root);
  for (const segment of path) {
    schemas = schemas.flatMap((schema) => below(schema, segment))
      .flatMap(alternatives);
  }
  return schemas.flatMap((schema) =>
    schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
  );
}

/** What a schema stands for, if it is no schema of a value itself. */
function alternatives(schema: z.ZodType): z.ZodType[] {
  if (schema instanceof z.ZodOptional) {
    return alternatives(schema.unwrap() as z.ZodType);
  }
  if (schema instanceof z.ZodUnion) {
    return schema.options.flatMap((option) =>
      alternatives(option as z.ZodType)
    );
  }
  return [schema];
}

function below(schema: z.ZodType, segment: PropertyKey): z.ZodType[] {
  if (schema instanceof z.ZodArray) return [schema.element as z.ZodType];
  if (!(schema instanceof z.ZodObject)) return [];
  const value = schema.shape[String(segment)] as z.ZodType | undefined;
  return value === undefined ? [] : [value];
}
