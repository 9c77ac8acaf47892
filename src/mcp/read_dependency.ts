/**
 * Reads a dependency as clients send it: expressions may be JSON text at any depth, and null means absent. Its form is
 * checked by the core.
 */

import { COMPARISONS } from "../core/model/dependency.ts";
import { isFields, parseJson, withoutNulls } from "./read_arguments.ts";

/** Comparisons that may have null as the value to compare with. */
const NULLABLE: ReadonlySet<string> = new Set(["equals", "not_equals", "contains"]);

/** A dependency for the core to check. */
export function readDependency(given: unknown): unknown {
  const value = fromText(given);
  // A text that is no object may be an id, even one like [1].
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

/** Parts of an expression; those of `of` may be a group instead. */
function readParts(given: unknown): unknown {
  const value = fromText(given);
  if (Array.isArray(value)) return value.map(readDependency);
  return isFields(value) ? readDependency(value) : value;
}

function readCount(given: unknown): unknown {
  return typeof given === "string" && /^\d{1,15}$/.test(given) ? Number(given) : given;
}

/** A condition. Null is a value where it is the only one to compare with: converters fill in several. */
function readCondition(given: unknown): unknown {
  const value = fromText(given);
  if (!isFields(value)) return value;
  const isFilled = Object.entries(value).some(([key, each]) => each === null && !NULLABLE.has(key)) ||
    COMPARISONS.some((comparison) => value[comparison] != null);
  return isFilled ? withoutNulls(value) : value;
}

/** What a text holds as JSON, if that is an object or an array: ids have no such form. */
function fromText(given: unknown): unknown {
  if (typeof given !== "string" || !/^\s*[[{]/.test(given)) return given;
  const value = parseJson(given);
  return typeof value === "object" && value !== null ? value : given;
}
