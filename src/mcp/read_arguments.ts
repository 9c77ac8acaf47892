/**
 * Normalizes the arguments of a call to the schema of the tool, because clients write the same call in different ways:
 * null means absent, JSON text is parsed unless the schema asks for a text, a single value becomes a list of one, and
 * unknown parameters are left out and reported. It does not validate: the caller parses the result with the schema.
 */

import * as z from "zod";
import { Refusal } from "../core/model/refusal.ts";
import { meantBy, snakeCase } from "../core/model/resembling.ts";
import { isInjected } from "./parameter_names.ts";

/** Deepest nesting of arguments. It bounds every recursion over them. */
const MAX_NESTING = 100;

/** Most distinct unknown parameters; a call with more is refused. */
const MAX_UNKNOWN = 100;

/** Text schemas for which any other value is converted to its JSON text. */
export const JSON_TEXT = z.registry<{ readonly isKeptAsJson: true }>();

/** An object with string keys, such as a parsed JSON object. */
type Fields = Readonly<Record<string, unknown>>;

export interface Reading {
  /** The normalized arguments, not yet validated. */
  readonly args: unknown;
  /** Paths of unknown parameters, which were left out. */
  readonly unknown: readonly string[];
  /** Paths of unknown parameters that resemble a parameter of the tool, with the path of that parameter. */
  readonly misnamed: readonly (readonly [name: string, meant: string])[];
  /** Top-level parameters that were null. */
  readonly nulls: readonly string[];
}

/** Normalizes arguments. Throws a `Refusal` if they are nested too deep or have too many unknown parameters. */
export function readArguments(schema: z.ZodObject, args: unknown): Reading {
  checkNesting(args);
  const findings: Findings = { unknown: new Set(), misnamed: new Map() };
  const isEmpty = args === undefined || args === null || args === "";
  return {
    args: isEmpty ? {} : read(schema, args, { path: "", findings }),
    unknown: [...findings.unknown],
    misnamed: [...findings.misnamed],
    nulls: isFields(args) ? Object.keys(args).filter((key) => args[key] === null) : [],
  };
}

/** The value of a JSON text; undefined if the text is not JSON. Throws a `Refusal` if it is nested too deep. */
export function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  checkNesting(value);
  return value;
}

/** Whether a value is an object other than an array. */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The fields that are not null. */
export function withoutNulls(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

interface Findings {
  readonly unknown: Set<string>;
  readonly misnamed: Map<string, string>;
}

/** The place of a value in the arguments, and the findings so far. */
interface Place {
  /** The names of the enclosing parameters, each followed by a dot. */
  readonly path: string;
  readonly findings: Findings;
}

function read(schema: z.core.$ZodType, given: unknown, place: Place): unknown {
  if (schema instanceof z.ZodOptional) return read(schema.unwrap(), given, place);
  if (schema instanceof z.ZodString) return textOf(schema, given);
  if (schema instanceof z.ZodEnum) return matchOption(schema.options, given);
  const value = typeof given === "string" ? fromText(schema, given) : given;
  if (schema instanceof z.ZodArray) {
    const entries: readonly unknown[] = Array.isArray(value) ? value : [value];
    return entries.map((entry) => read(schema.element, entry, place));
  }
  if (schema instanceof z.ZodObject && isFields(value)) return readFields(schema, value, place);
  if (schema instanceof z.ZodRecord && isFields(value)) return withoutNulls(value);
  return value;
}

/** Some clients convert texts that look like JSON: the id "5" becomes a number. Converts whole numbers back. */
function textOf(schema: z.ZodString, given: unknown): unknown {
  if (typeof given === "string") return given;
  return Number.isSafeInteger(given) || JSON_TEXT.has(schema) ? JSON.stringify(given) : given;
}

function readFields(schema: z.ZodObject, fields: Fields, { path, findings }: Place): Fields {
  const parameters = Object.keys(schema.shape);
  const free = parameters.filter((parameter) => fields[parameter] === undefined || fields[parameter] === null);
  const known: [string, unknown][] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (value === null) continue;
    const parameter = Object.hasOwn(schema.shape, name) ? schema.shape[name] : undefined;
    if (parameter !== undefined) known.push([name, read(parameter, value, { path: `${path}${name}.`, findings })]);
    // Every tool takes it from agents that say in each call who they are.
    else if (!isInjected(name) && path + name !== "instance_id") noteUnknown(name, free, { path, findings });
  }
  return Object.fromEntries(known);
}

function noteUnknown(name: string, free: readonly string[], { path, findings }: Place): void {
  const { unknown, misnamed } = findings;
  const full = path + name;
  if (unknown.has(full) || misnamed.has(full)) return;
  if (unknown.size + misnamed.size === MAX_UNKNOWN) {
    throw new Refusal(
      "limit_exceeded",
      `The arguments have more than ${MAX_UNKNOWN} unknown parameters: leave them out`,
      {
        limit: MAX_UNKNOWN,
      },
    );
  }
  const meant = meantBy(name, free);
  if (meant === undefined) unknown.add(full);
  else misnamed.set(full, path + meant);
}

/** The parsed JSON of a text, if its type is the one that the schema asks for; otherwise the text. */
function fromText(schema: z.core.$ZodType, text: string): unknown {
  const value = parseJson(text);
  const fits = schema instanceof z.ZodNumber
    ? Number.isFinite(value)
    : schema instanceof z.ZodBoolean
    ? typeof value === "boolean"
    : schema instanceof z.ZodArray
    ? Array.isArray(value) || (isFields(value) && !(schema.element instanceof z.ZodString))
    : schema instanceof z.ZodObject || schema instanceof z.ZodRecord
    ? isFields(value)
    : false;
  return fits ? value : text;
}

/** The option that equals a text except for camelCase or snake_case; otherwise the text. */
function matchOption(options: readonly unknown[], given: unknown): unknown {
  if (typeof given !== "string" || options.includes(given)) return given;
  return options.find((option) => typeof option === "string" && snakeCase(option) === snakeCase(given)) ?? given;
}

function checkNesting(value: unknown): void {
  if (!isDeeperThan(value, MAX_NESTING)) return;
  throw new Refusal("limit_exceeded", `The arguments are nested more than ${MAX_NESTING} deep: flatten them`, {
    limit: MAX_NESTING,
  });
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((each) => isDeeperThan(each, levels - 1));
}
