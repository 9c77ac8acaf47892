/**
 * The schema of a tool's arguments as clients see it. Clients hand it to models by very different converters, so it uses
 * only what all of them can read: shared by all is what is single. What is listed is made of what is checked.
 */

import { z } from "zod";
import type { ToolListing } from "./sdk.ts";

/** Most options that a listing names; where there are more, the call that has a wrong one is told all. */
const MAX_LISTED_OPTIONS = 20;

/**
 * The schema that clients see: single types, and `anyOf` of these, as that is all that many of them can read. It leaves
 * out what costs every client context and tells a model nothing: the bounds of whole numbers as such, that keys are
 * texts, and that there are no other parameters, which a call that has some is told.
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

/** Lists a map of texts also as a text: schemas of some clients cannot say objects without fixed properties. */
function listAsMap(jsonSchema: z.core.JSONSchema.BaseSchema): void {
  delete jsonSchema.type;
  delete jsonSchema.propertyNames;
  delete jsonSchema.additionalProperties;
  jsonSchema.anyOf = [
    { type: "object", additionalProperties: { type: "string" } },
    { type: "string", description: "The same as JSON text" },
  ];
}
