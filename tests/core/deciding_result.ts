/** Makes results that have what dependents ask for, as an agent does that reads the refusal of another one. */

import type { JsonValue } from "../../src/core/model/result.ts";
import type { ReadonlyTaskNode } from "../../src/core/state/state.ts";
import { undecidedBy } from "../../src/core/state/result_needs.ts";

/** A result of which every dependent can tell whether its condition holds; undefined if none was found. */
export function decidingResult(node: ReadonlyTaskNode): string | undefined {
  let value: JsonValue = "done";
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const made = value;
    const [need] = undecidedBy({}, node, () => made);
    if (need === undefined) return typeof value === "string" ? value : JSON.stringify(value);
    const { pointer = "", greater_than, less_than } = need.when;
    const bound = greater_than ?? less_than;
    value = withPart(value, pointer.split("/").slice(1), typeof bound === "number" ? bound : "some");
  }
  return undefined;
}

/** More than any task of a test has conditions on it. */
const MAX_TRIES = 50;

/** The value with `part` at a path, as an object where it has no parts. */
function withPart(value: JsonValue, [step, ...rest]: readonly string[], part: JsonValue): JsonValue {
  if (step === undefined) return part;
  const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
  const fields: { readonly [key: string]: JsonValue } = isFields(value) ? value : {};
  return { ...fields, [key]: withPart(Object.hasOwn(fields, key) ? fields[key] ?? "" : "", rest, part) };
}

function isFields(value: JsonValue): value is { readonly [key: string]: JsonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
