/**
 * What a tool is: a name and schema that a model reads, and a function from checked arguments to an answer.
 */

import { z } from "zod";
import type { Engine } from "../app/engine.ts";
import type { AnswerOf, CommandOf, CommandType } from "../core/messages/commands.ts";
import type { QueryOf, QueryType, ResultOf } from "../core/messages/queries.ts";
import type { Caller } from "../core/model/access.ts";
import type { Heard } from "../app/heard.ts";
import type { Waiting } from "../app/waiting.ts";
import type { Json } from "./present.ts";
import { Refusal } from "../core/model/refusal.ts";
import { printable } from "../core/model/values.ts";
import { listedSchema } from "./listed_schema.ts";
import { readArguments, type Reading } from "./read_arguments.ts";
import type { CallToolResult, ToolAnnotations, ToolListing } from "./sdk.ts";
import type { Turns } from "./turns.ts";

/** Most faults of arguments that an answer names. */
const MAX_ISSUES = 5;

/** What answers a call may use, and what is known of the call. */
export interface CallContext {
  /** Reads the journal. Commands and queries go through `execute` and `query`. */
  readonly engine: Pick<Engine, "history" | "catchUp">;
  /** Executes a command for the caller. */
  readonly execute: <K extends CommandType>(command: CommandOf<K>) => Promise<AnswerOf<K>>;
  /** Answers a query of the caller. */
  readonly query: <K extends QueryType>(query: QueryOf<K>) => Promise<ResultOf<K>>;
  readonly waiting: Waiting;
  readonly heard: Heard;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** The client. The instance that a call names is in its events. */
  readonly caller: Caller;
  /** When answers are written down. */
  readonly turns: Turns;
  /** Aborted when the client cancels the call, or is gone. */
  readonly signal: AbortSignal;
  /** Tells the client how far the call is; undefined if it did not ask for that. */
  readonly report: ((progress: Progress) => void) | undefined;
}

/** How far a call is. */
export interface Progress {
  readonly progress: number;
  readonly total: number;
  readonly message: string;
}

/** Part of what the server can do; a client that wants less can leave some out. */
export type Toolset = "core" | "instances" | "groups" | "templates" | "events";

/** Every toolset. */
export const TOOLSETS: readonly Toolset[] = ["core", "instances", "groups", "templates", "events"];

/** What calling a tool does, for clients that ask before some calls. */
export const adds: ToolAnnotations = { readOnlyHint: false, destructiveHint: false };
export const changes: ToolAnnotations = { readOnlyHint: false, destructiveHint: false, idempotentHint: true };
export const removes: ToolAnnotations = { readOnlyHint: false, destructiveHint: true, idempotentHint: true };
export const reads: ToolAnnotations = { readOnlyHint: true };

/** An answer before it is put into MCP's form. */
export interface ToolAnswer {
  /** What the first text holds, as JSON. */
  readonly json: unknown;
  /** The same for programs; needed where `json` is not an object. */
  readonly structured?: Json;
  /** A sentence for the agent: the field `note`, and a second text where `json` is not an object. */
  readonly note?: string;
}

export interface Tool {
  readonly name: string;
  /** The tool as a client sees it. Made when it is first asked for: schemas are no work for a start. */
  readonly list: () => ToolListing;
  /** Throws a `Refusal` if the arguments don't fit the schema. */
  readonly call: (args: unknown, context: CallContext) => Promise<CallToolResult>;
}

export interface ToolDefinition<Shape extends z.ZodRawShape> {
  readonly name: string;
  readonly description: string;
  readonly input: Shape;
  /** Whether the listing leaves out the descriptions of parameters, as another tool's listing has them. */
  readonly isBrief?: boolean;
  readonly annotations: ToolAnnotations;
  /** Whether others may call it in the name of the instance that `instance_id` names. */
  readonly isForOthers?: boolean;
  /** Says which of the given parameters have no effect beside the others, if any: no answer is silent about them. */
  readonly withoutEffect?: (args: z.infer<z.ZodObject<Shape>>) => string | undefined;
  readonly run: (args: z.infer<z.ZodObject<Shape>>, context: CallContext) => Promise<ToolAnswer>;
}

/** Makes a tool of its definition. */
export function defineTool<Shape extends z.ZodRawShape>(definition: ToolDefinition<Shape>): Tool {
  const input = z.object(definition.input);
  const { name, description, annotations, isBrief = false } = definition;
  let listing: ToolListing | undefined;
  return {
    name,
    list: () =>
      listing ??= {
        name,
        description,
        inputSchema: listedSchema(input, isBrief),
        annotations: { ...annotations, openWorldHint: false },
      },
    async call(args, context) {
      const reading = readArguments(input, args);
      const parsed = input.safeParse(reading.args);
      if (!parsed.success || reading.misnamed.length > 0) throw badArguments(name, input, reading, parsed.error);
      checkChanges(name, input, reading);
      // An object of this shape parses to what is inferred of it.
      const checked = parsed.data as z.infer<z.ZodObject<Shape>>;
      const instance: unknown = Object(checked).instance_id;
      if (typeof instance === "string" && definition.isForOthers !== true) context.heard.note(instance);
      const ignored = joined([definition.withoutEffect?.(checked), ignoredNote(name, reading)]);
      try {
        const answer = await definition.run(checked, context);
        return await context.turns.write(() => toResult(answer, ignored), charactersOf);
      } catch (error) {
        if (!(error instanceof Refusal) || ignored === undefined) throw error;
        // What was ignored may be what is missing.
        throw new Refusal(error.code, `${error.message}. ${ignored}`, error.data);
      }
    },
  };
}

/** Of the answer as it is sent: its texts, and the same as structured content. */
function charactersOf({ content }: CallToolResult): number {
  return 2 * content.reduce((sum, part) => sum + (part.type === "text" ? part.text.length : 0), 0);
}

function toResult({ json, structured, note }: ToolAnswer, ignored: string | undefined): CallToolResult {
  const notes = joined([note, ignored]);
  // Some clients show a model the first text, some all texts, some only the structured content.
  const shown = notes !== undefined && structured === undefined ? { ...(json as Json), note: notes } : json;
  return {
    content: [
      { type: "text", text: JSON.stringify(shown) },
      ...(notes !== undefined && structured !== undefined ? [{ type: "text" as const, text: notes }] : []),
    ],
    // Without `structured`, the definition's `json` is an object.
    structuredContent: structured === undefined
      ? shown as Json
      : { ...structured, ...(notes !== undefined && { note: notes }) },
  };
}

function joined(notes: readonly (string | undefined)[]): string | undefined {
  return notes.filter((note) => note !== undefined).join(" ") || undefined;
}

/** A note that these of the parameters have no effect, for the reason given; undefined if none of them was given. */
export function noEffectOf(parameters: Readonly<Record<string, unknown>>, why: string): string | undefined {
  const names = Object.keys(parameters).filter((name) => parameters[name] !== undefined);
  return names.length === 0 ? undefined : `Without effect: ${names.join(", ")}, as ${why}.`;
}

function ignoredNote(name: string, { ignored }: Reading): string | undefined {
  if (ignored.length === 0) return undefined;
  return `Passed over what ${name} does not know: ${shownNames(ignored)}.`;
}

/** Refuses an update that says nothing but null, by which its caller may have meant to remove something. */
function checkChanges(name: string, input: z.ZodObject, { args, nulls }: Reading): void {
  const clear = input.shape["clear"];
  if (nulls.length === 0 || clear === undefined) return;
  const isEmpty = Object.keys(args as Json).every((key) => !isOptional(input.shape[key]));
  if (!isEmpty) return;
  throw new Refusal(
    "invalid_value",
    `Cannot ${name} as all else is null (${shownNames(nulls)}), which means no change: to remove a value, name it in ` +
      `clear, which takes ${namesIn(clear).join(", ")}`,
    { nulls },
  );
}

/** The options of a list of names. */
function namesIn(schema: z.core.$ZodType): readonly unknown[] {
  if (schema instanceof z.ZodOptional) return namesIn(schema.unwrap());
  if (schema instanceof z.ZodArray) return namesIn(schema.element);
  return schema instanceof z.ZodEnum ? schema.options : [];
}

function badArguments(name: string, input: z.ZodObject, reading: Reading, error: z.ZodError | undefined): Refusal {
  const { args, ignored, misnamed } = reading;
  const issues = [
    ...misnamed.map(([unknown, meant]) => `${printable(unknown)}: there is no such parameter, use ${meant}`),
    ...(ignored.length > 0 ? [`not known: ${shownNames(ignored)}`] : []),
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

/** Names that a caller has given, as they may stand in a message. */
function shownNames(names: readonly string[]): string {
  const more = names.length - MAX_ISSUES;
  return names.slice(0, MAX_ISSUES).map(printable).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
