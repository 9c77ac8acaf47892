/** Puts the fields of what is written into the order in which a schema names them: equal plans are equal texts. */

import * as z from "zod";

/** The value with its fields, at any depth that the schema describes, in the schema's order; others come last. */
export function inOrderOf(schema: z.core.$ZodType, value: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodNullable) {
    return inOrderOf(schema.unwrap(), value);
  }
  if (schema instanceof z.ZodArray && Array.isArray(value)) {
    return value.map((each) => inOrderOf(schema.element, each));
  }
  if (!(schema instanceof z.ZodObject) || typeof value !== "object" || value === null) return value;
  const given = new Map<string, unknown>(Object.entries(value));
  const known = Object.entries<z.core.$ZodType>(schema.shape).filter(([field]) => given.has(field));
  const ordered = known.map(([field, part]) => [field, inOrderOf(part, given.get(field))] as const);
  for (const [field] of known) given.delete(field);
  return Object.fromEntries([...ordered, ...given]);
}
