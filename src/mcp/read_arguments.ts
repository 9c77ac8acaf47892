/**
 * Reads the arguments of a call in all the forms that clients send, by the schema of the tool: null means absent, JSON
 * text is parsed where the schema wants no text, a single value becomes a list of one, and unknown parameters are ignored
 * and reported. Only this file does so. It does not check the values: the schema does.
 */

import { z } from "zod";
import { Refusal } from "../core/model/refusal.ts";
import { meantBy, snakeCase } from "../core/model/resembling.ts";
import { isInjected } from "./parameter_names.ts";

/** Deepest nesting of arguments, so that whatever walks through them is bounded. */
const MAX_NESTING = 100;

/** Most unknown parameters of different names; with more, the call is not meant for this tool. */
const MAX_UNKNOWN = 100;

/** Text schemas in which anything but a text is kept as its JSON. */
export const JSON_TEXT = z.registry<{ readonly isKeptAsJson: true }>();

/** A JSON object, or what has its form. */
type Fields = Readonly<Record<string, unknown>>;

export interface Reading {
  /** The arguments, for the schema to check. */
  readonly args: unknown;
  /** Unknown parameters that were left out. */
  readonly ignored: readonly string[];
  /** Unknown parameters that resemble one of the tool, which stands beside them. */
  readonly misnamed: readonly (readonly [name: string, meant: string])[];
  /** Parameters that were null. */
  readonly nulls: readonly string[];
}

/** Reads arguments. Throws a `Refusal` if they are nested too deep or have too many unknown names. */
export function readArguments(schema: z.ZodObject, args: unknown): Reading {
  checkNesting(args);
  const findings: Findings = { ignored: new Set(), misnamed: new Map() };
  const isEmpty = args === undefined || args === null || args === "";
  return {
    args: isEmpty ? {} : read(schema, args, { path: "", findings }),
    ignored: [...findings.ignored],
    misnamed: [...findings.misnamed],
    nulls: isFields(args) ? Object.keys(args).filter((key) => args[key] === null) : [],
  };
}

/** The value of a JSON text, if it is one. Throws a `Refusal` if that is nested too deep. */
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
  readonly ignored: Set<string>;
  readonly misnamed: Map<string, string>;
}

/** Where a value stands, and what has been found so far. */
interface Place {
  /** Names of the objects around it, each followed by a dot. */
  readonly path: string;
  readonly findings: Findings;
}

function read(schema: z.core.$ZodType, given: unknown, place: Place): unknown {
  if (schema instanceof z.ZodOptional) return read(schema.unwrap(), given, place);
  if (schema instanceof z.ZodString) return textOf(schema, given);
  if (schema instanceof z.ZodEnum) return spelledAsIn(schema.options, given);
  const value = typeof given === "string" ? fromText(schema, given) : given;
  if (schema instanceof z.ZodArray) {
    const entries: readonly unknown[] = Array.isArray(value) ? value : [value];
    return entries.map((entry) => read(schema.element, entry, place));
  }
  if (schema instanceof z.ZodObject && isFields(value)) return readFields(schema, value, place);
  if (schema instanceof z.ZodRecord && isFields(value)) return withoutNulls(value);
  return value;
}

/**
 * Some clients send the id "5" as the number 5: a safe integer is turned back into text. Other values stay as they are,
 * except where the schema is in `JSON_TEXT`: there they are kept as JSON text.
 */
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
    else if (!isInjected(name)) noteUnknown(name, free, { path, findings });
  }
  return Object.fromEntries(known);
}

function noteUnknown(name: string, free: readonly string[], { path, findings }: Place): void {
  const { ignored, misnamed } = findings;
  const full = path + name;
  if (ignored.has(full) || misnamed.has(full)) return;
  if (ignored.size + misnamed.size === MAX_UNKNOWN) {
    throw new Refusal(
      "limit_exceeded",
      `The arguments have more than ${MAX_UNKNOWN} unknown parameters: leave them out`,
      {
        limit: MAX_UNKNOWN,
      },
    );
  }
  const meant = meantBy(name, free);
  if (meant === undefined) ignored.add(full);
  else misnamed.set(full, path + meant);
}

/** The JSON value of a text, if the schema asks for a value of that type; otherwise the text. */
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

/** The option that differs from a text in nothing but capitals and underscores; otherwise the text. */
function spelledAsIn(options: readonly unknown[], given: unknown): unknown {
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
