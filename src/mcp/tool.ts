/**
 * The form of a tool: its name, description and schema, and a function from checked arguments to an answer.
 */

import * as z from "zod";
import type { Engine } from "../app/engine.ts";
import type { AnswerOf, CommandOf, CommandType } from "../core/messages/commands.ts";
import type { QueryOf, QueryType, ResultOf } from "../core/messages/queries.ts";
import type { Caller } from "../core/model/access.ts";
import type { Analyst } from "../app/analysis.ts";
import type { Heard } from "../app/heard.ts";
import type { CommandOptions } from "../app/job.ts";
import type { Waiting } from "../app/waiting.ts";
import type { Json } from "./page.ts";
import { Refusal } from "../core/model/refusal.ts";
import { printable } from "../core/model/values.ts";
import { instanceNameOf } from "./instance_name.ts";
import { listedSchema } from "./listed_schema.ts";
import { readArguments, type Reading } from "./read_arguments.ts";
import { repeatedAnswer, RepeatedCall } from "./request_id.ts";
import type { CallToolResult, ToolAnnotations, ToolListing } from "./sdk.ts";

/** Most problems with arguments that a message lists. */
const MAX_ISSUES = 5;

/** The services that a call may use, and the facts about the call. */
export interface CallContext {
  /** Reads the journal. Commands and queries go through `execute` and `query`. */
  readonly engine: Pick<Engine, "search" | "source" | "catchUp">;
  /** Executes a command for the caller. Throws `RepeatedCall` if it was carried out before with the same request id. */
  readonly execute: <K extends CommandType>(command: CommandOf<K>) => Promise<AnswerOf<K>>;
  /** Answers a query of the caller. */
  readonly query: <K extends QueryType>(query: QueryOf<K>) => Promise<ResultOf<K>>;
  /** Analyzes the plan for the caller. */
  readonly analyst: Analyst;
  readonly waiting: Waiting;
  readonly heard: Pick<Heard, "at" | "note">;
  /** The instances that wait for a task. */
  readonly waiters: () => ReadonlySet<string>;
  /** The journal's clock, in milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** The client. */
  readonly caller: Caller;
  /** The instance that calls: the argument `instance_id`, else that of the connection or token, if there is one. */
  readonly instance: string | undefined;
  /** The request id of the call's first command, if the client gave one. Throws a `Refusal` if it is malformed. */
  readonly request: () => CommandOptions;
  /** Aborted when the client cancels the call or disconnects. */
  readonly signal: AbortSignal;
  /** Sends a progress notification; undefined if the client did not ask for progress. */
  readonly report: ((progress: Progress) => void) | undefined;
}

/**
 * The instance that makes a call.
 *
 * @throws Refusal `invalid_value` if the call gives none, and its connection has none
 */
export function instanceOf({ instance, caller }: Pick<CallContext, "instance" | "caller">): string {
  if (instance !== undefined) return instance;
  const example = instanceNameOf(caller.name, Math.random);
  throw new Refusal(
    "invalid_value",
    `Cannot tell which instance calls, as instance_id is missing: give a name of your own, the same in all your calls, ` +
      `like ${example}`,
    { example },
  );
}

/** The progress of a call: `progress` and `total` in the same unit. */
export interface Progress {
  readonly progress: number;
  readonly total: number;
  readonly message: string;
}

/** A set of tools. A server can offer some of the sets only, for a smaller tool list. */
export type Toolset = "core" | "instances" | "groups" | "templates" | "events" | "analytics";

/** Every toolset. */
export const TOOLSETS: readonly Toolset[] = ["core", "instances", "groups", "templates", "events", "analytics"];

/** The toolsets that are on by default: those that agents at work need, as every list takes room in their context. */
export const DEFAULT_TOOLSETS: readonly Toolset[] = TOOLSETS.filter((toolset) => toolset !== "analytics");

/**
 * The effects of a tool, for clients that ask the user before some calls. By the specification, an absent `readOnlyHint` is
 * false, an absent `openWorldHint` true; clients that ask before open-world calls do not ask before those that only read.
 */
export const adds: ToolAnnotations = { destructiveHint: false, openWorldHint: false };
export const changes: ToolAnnotations = { destructiveHint: false, idempotentHint: true, openWorldHint: false };
export const removes: ToolAnnotations = { destructiveHint: true, idempotentHint: true, openWorldHint: false };
export const reads: ToolAnnotations = { readOnlyHint: true };

/** An answer before it is converted to a `CallToolResult`. */
export interface ToolAnswer {
  /** The content of the first text, which is its JSON. */
  readonly json: unknown;
  /** The structured content; required if `json` is not an object. */
  readonly structured?: Json;
  /** A sentence for the agent: the field `note`, and also a second text if `json` is not an object. */
  readonly note?: string | undefined;
  /** The version of the task that the answer is about, for clients that compare versions; not part of the answer. */
  readonly version?: number;
}

/** Asks Claude Code, which otherwise finds tools by search, to load a tool at once. */
const ALWAYS_LOAD = { "anthropic/alwaysLoad": true } as const;

export interface Tool {
  readonly name: string;
  /** The schema that checks the arguments, after `readArguments`. */
  readonly input: z.ZodObject;
  /** The entry in `tools/list`. Built at the first request, to keep the start fast. */
  readonly list: () => ToolListing;
  readonly description: string;
  /** Whether a call changes nothing. */
  readonly isReading: boolean;
  /**
   * Answers a call; the note of the answer tells of ignored parameters, too. Throws a `Refusal` if the arguments are
   * invalid or the command is refused.
   */
  readonly answer: (args: unknown, context: CallContext) => Promise<ToolAnswer>;
}

export interface ToolDefinition<Shape extends z.ZodRawShape> {
  readonly name: string;
  readonly description: string;
  readonly input: Shape;
  /** Whether the listing omits descriptions of parameters, because the listing of another tool has them. */
  readonly isBrief?: boolean;
  readonly annotations: ToolAnnotations;
  /** Whether clients that load tools on demand shall load it at once, as every agent calls it again and again. */
  readonly isAlwaysLoaded?: boolean;
  /** Whether `instance_id` may name another instance than the caller, so that the call is no sign of life. */
  readonly isForOthers?: boolean;
  /**
   * Parameters that the tool does not have although agents expect them, with the tools that do that. They are refused:
   * without them, the call would do something else than what was asked for.
   */
  readonly elsewhere?: Readonly<Record<string, string>>;
  /** A note about given parameters that the other arguments make useless; undefined if there are none. */
  readonly noteUnused?: (args: z.infer<z.ZodObject<Shape>>) => string | undefined;
  readonly run: (args: z.infer<z.ZodObject<Shape>>, context: CallContext) => Promise<ToolAnswer>;
}

/** Makes a tool from its definition. */
export function defineTool<Shape extends z.ZodRawShape>(definition: ToolDefinition<Shape>): Tool {
  const input = z.object(definition.input);
  const { name, description, annotations, isBrief = false, isAlwaysLoaded = false } = definition;
  const elsewhere = new Map(Object.entries(definition.elsewhere ?? {}));
  let listing: ToolListing | undefined;
  return {
    name,
    description,
    isReading: annotations === reads,
    input,
    list: () =>
      listing ??= {
        name,
        description,
        inputSchema: listedSchema(input, isBrief),
        annotations,
        ...(isAlwaysLoaded && { _meta: ALWAYS_LOAD }),
      },
    async answer(args, context) {
      const reading = readArguments(input, args);
      const parsed = input.safeParse(reading.args);
      const hasOtherTool = reading.unknown.some((each) => elsewhere.has(each));
      if (!parsed.success || reading.misnamed.length > 0 || hasOtherTool) {
        throw badArguments({ name, input, elsewhere }, reading, parsed.error);
      }
      checkNotOnlyNulls(name, input, reading);
      // zod cannot infer the parsed type of a generic shape.
      const checked = parsed.data as z.infer<z.ZodObject<Shape>>;
      const given: unknown = Object(checked).instance_id;
      const instance = typeof given === "string" ? given : context.instance;
      const isOwn = Object.hasOwn(definition.input, "instance_id") && definition.isForOthers !== true;
      if (isOwn && instance !== undefined) context.heard.note(instance, context.caller);
      const ignored = joinNotes([definition.noteUnused?.(checked), noteUnknown(name, reading)]);
      try {
        return withNote(await definition.run(checked, { ...context, instance }), ignored);
      } catch (error) {
        if (error instanceof RepeatedCall) return withNote(repeatedAnswer(error.answer), ignored);
        if (!(error instanceof Refusal) || ignored === undefined) throw error;
        // The refusal may be due to a parameter that was ignored.
        throw new Refusal(error.code, `${error.message}. ${ignored}`, error.data);
      }
    },
  };
}

function withNote(answer: ToolAnswer, note: string | undefined): ToolAnswer {
  return note === undefined ? answer : { ...answer, note: joinNotes([answer.note, note]) };
}

/** The approximate size of an answer: its texts, counted twice, as structured content repeats them. */
export function charactersOf({ content }: CallToolResult): number {
  return 2 * content.reduce((sum, part) => sum + (part.type === "text" ? part.text.length : 0), 0);
}

export function toResult(answer: ToolAnswer): CallToolResult {
  const { json, structured, note } = answer;
  const object = objectOf(answer);
  // Clients differ: some show a model the first text, some all texts, some only the structured content.
  return {
    content: [
      { type: "text", text: JSON.stringify(structured === undefined ? object : json) },
      ...(note !== undefined && structured !== undefined ? [{ type: "text" as const, text: note }] : []),
    ],
    structuredContent: object,
  };
}

/** The answer as one object, with its note. */
export function objectOf({ json, structured, note }: ToolAnswer): Json {
  // `json` is an object if there is no `structured`.
  const object = structured ?? json as Json;
  return note === undefined ? object : { ...object, note };
}

/** The given notes as one text; undefined if there are none. */
export function joinNotes(notes: readonly (string | undefined)[]): string | undefined {
  return notes.filter((note) => note !== undefined).join(" ") || undefined;
}

/** A note that the given ones of these parameters were ignored, and why; undefined if none was given. */
export function noteIgnored(parameters: Readonly<Record<string, unknown>>, why: string): string | undefined {
  const names = Object.keys(parameters).filter((name) => parameters[name] !== undefined);
  return names.length === 0 ? undefined : `Ignored: ${names.join(", ")}, as ${why}.`;
}

function noteUnknown(name: string, { unknown }: Reading): string | undefined {
  if (unknown.length === 0) return undefined;
  return `Ignored parameters that ${name} does not have: ${showNames(unknown)}.`;
}

/** Refuses an update whose values are all null: the caller may have meant to remove something. */
function checkNotOnlyNulls(name: string, input: z.ZodObject, { args, nulls }: Reading): void {
  const clear = input.shape["clear"];
  if (nulls.length === 0 || clear === undefined) return;
  const isEmpty = Object.keys(args as Json).every((key) => !isOptional(input.shape[key]));
  if (!isEmpty) return;
  throw new Refusal(
    "invalid_value",
    `Cannot ${name} as all other values are null (${showNames(nulls)}), which means no change: to remove a value, ` +
      `name it in clear, which takes ${optionsOf(clear).join(", ")}`,
    { nulls },
  );
}

/** The options of an enum, or of a list of them. */
function optionsOf(schema: z.core.$ZodType): readonly unknown[] {
  if (schema instanceof z.ZodOptional) return optionsOf(schema.unwrap());
  if (schema instanceof z.ZodArray) return optionsOf(schema.element);
  return schema instanceof z.ZodEnum ? schema.options : [];
}

/** What a message about bad arguments tells of the tool. */
interface Expected {
  readonly name: string;
  readonly input: z.ZodObject;
  readonly elsewhere: ReadonlyMap<string, string>;
}

function badArguments({ name, input, elsewhere }: Expected, reading: Reading, error: z.ZodError | undefined): Refusal {
  const { args, misnamed } = reading;
  const unknown = Map.groupBy(reading.unknown, (each) => elsewhere.has(each) ? "elsewhere" : "nowhere");
  const nowhere = unknown.get("nowhere") ?? [];
  const issues = [
    ...misnamed.map(([given, meant]) => `${printable(given)}: there is no such parameter, use ${meant}`),
    ...(unknown.get("elsewhere") ?? [])
      .map((each) => `${each}: there is no such parameter, use ${elsewhere.get(each)}`),
    ...(nowhere.length > 0 ? [`unknown: ${showNames(nowhere)}`] : []),
    ...(error?.issues ?? []).map((issue) => describeIssue(issue, args)),
  ].slice(0, MAX_ISSUES);
  const takes = Object.entries(input.shape).map(([key, schema]) => key + (isOptional(schema) ? "?" : ""));
  return new Refusal(
    "invalid_value",
    `Invalid arguments for ${name}: ${issues.join("; ")}. It takes: ${takes.join(", ") || "no arguments"}`,
  );
}

function describeIssue(issue: z.core.$ZodIssue, args: unknown): string {
  const { path, message } = issue;
  const isMissing = path.reduce((value: unknown, key) => Object(value)[key], args) === undefined;
  return path.length === 0 ? message : `${path.join(".")}: ${isMissing ? "missing" : message}`;
}

function isOptional(schema: z.core.$ZodType | undefined): boolean {
  return schema instanceof z.ZodOptional;
}

/** The first names that a caller gave, made safe to print, and the number of the others. */
function showNames(names: readonly string[]): string {
  const more = names.length - MAX_ISSUES;
  return names.slice(0, MAX_ISSUES).map(printable).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
