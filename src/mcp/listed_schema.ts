/**
 * Converts the schema that checks a tool's arguments to the JSON Schema in `tools/list`. Clients convert it again for
 * their models. All of them support single types, and `anyOf` of single types.
 */

import { z } from "zod";
import type { ToolListing } from "./sdk.ts";

/** Most options that a listing names. Longer enums are omitted; the refusal of a wrong value names all options. */
const MAX_LISTED_OPTIONS = 20;

/**
 * The JSON Schema for `tools/list`. It omits parts that cost context and do not help a model: the bounds of safe
 * integers, the type of keys, and `additionalProperties: false` (a call with other parameters gets a note).
 */
export function listedSchema(schema: z.ZodObject, isBrief: boolean): ToolListing["inputSchema"] {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io: "input",
    override({ zodSchema, jsonSchema }) {
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (isBrief) delete jsonSchema.description;
      if (jsonSchema.enum !== undefined && jsonSchema.enum.length > MAX_LISTED_OPTIONS) delete jsonSchema.enum;
      if (zodSchema instanceof z.ZodRecord) listAsMap(jsonSchema);
      if (jsonSchema.type === "object" && jsonSchema.properties !== undefined) delete jsonSchema.additionalProperties;
    },
  });
  // The schema of a ZodObject is always of type "object".
  return rest as ToolListing["inputSchema"];
}

/** Lists a map also as JSON text: some clients cannot express objects without fixed properties. */
function listAsMap(jsonSchema: z.core.JSONSchema.BaseSchema): void {
  delete jsonSchema.type;
  delete jsonSchema.propertyNames;
  delete jsonSchema.additionalProperties;
  jsonSchema.anyOf = [
    { type: "object", additionalProperties: { type: "string" } },
    { type: "string", description: "Or as JSON text" },
  ];
}
