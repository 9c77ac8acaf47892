/**
 * Normalizes a dependency as clients send it: expressions may be JSON text at any depth, and null means absent. The
 * core validates the result.
 */

import { COMPARISONS } from "../core/model/dependency.ts";
import { isFields, parseJson, withoutNulls } from "./read_arguments.ts";

/** Comparisons that can compare with null. */
const NULLABLE: ReadonlySet<string> = new Set(["equals", "not_equals", "contains"]);

/** The normalized dependency. */
export function readDependency(given: unknown): unknown {
  const value = fromText(given);
  // Any other text may be an id, even one like [1].
  if (!isFields(value)) return given;
  const { any, all, of, at_least, when, ...rest } = withoutNulls(value);
  return {
    ...rest,
    ...(any !== undefined && { any: readParts(any) }),
    ...(all !== undefined && { all: readParts(all) }),
    ...(at_least !== undefined && { at_least: readCount(at_least) }),
    ...(of !== undefined && { of: readParts(of) }),
    ...(when !== undefined && { when: readCondition(when) }),
  };
}

/** The operands of an expression: a list, or for `of` also a group. */
function readParts(given: unknown): unknown {
  const value = fromText(given);
  if (Array.isArray(value)) return value.map(readDependency);
  return isFields(value) ? readDependency(value) : value;
}

function readCount(given: unknown): unknown {
  return typeof given === "string" && /^\d{1,15}$/.test(given) ? Number(given) : given;
}

/** A condition. Null is a value only if it is the single comparison; otherwise a converter filled it in. */
function readCondition(given: unknown): unknown {
  const value = fromText(given);
  if (!isFields(value)) return value;
  const isFilled = Object.entries(value).some(([key, each]) => each === null && !NULLABLE.has(key)) ||
    COMPARISONS.some((comparison) => value[comparison] != null);
  return isFilled ? withoutNulls(value) : value;
}

/** The parsed JSON of a text, if it is an object or an array; otherwise the value as it is. */
function fromText(given: unknown): unknown {
  if (typeof given !== "string" || !/^\s*[[{]/.test(given)) return given;
  const value = parseJson(given);
  return typeof value === "object" && value !== null ? value : given;
}
