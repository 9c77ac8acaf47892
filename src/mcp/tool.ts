/**
 * What a tool is: a name and schema that a model reads, and a function from checked arguments to an answer.
 */

import { z } from "zod";
import type { Engine } from "../app/engine.ts";
import type { Waiting } from "../app/waiting.ts";
import type { Json } from "./present.ts";
import { ProtocolError } from "./protocol_error.ts";
import { type CallToolResult, ErrorCode, type ToolAnnotations, type ToolListing } from "./sdk.ts";

/** Most faults of arguments that an answer names. */
const MAX_ISSUES = 5;

/** What a tool may use. */
export interface ToolContext {
  readonly engine: Engine;
  readonly waiting: Waiting;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Who calls, for the journal: the client. The instance that a call names is in its events. */
  readonly actor: () => string;
}

/** What is known of a single call. */
export interface CallContext extends ToolContext {
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
  /** A sentence for the agent, as a second text. */
  readonly note?: string;
}

export interface Tool {
  readonly name: string;
  /** The tool as a client sees it. Made when it is asked for: schemas are no work for a start. */
  readonly list: () => ToolListing;
  /** @throws ProtocolError if the arguments don't fit the schema */
  readonly call: (args: unknown, context: CallContext) => Promise<CallToolResult>;
}

export interface ToolDefinition<Shape extends z.ZodRawShape> {
  readonly name: string;
  readonly description: string;
  readonly input: Shape;
  /** What the listing shows instead, where it leaves out what its description says is the same as elsewhere. */
  readonly listed?: z.ZodRawShape;
  /** Properties of the answer, where they are few. */
  readonly output?: z.ZodRawShape;
  readonly annotations: ToolAnnotations;
  readonly run: (args: z.infer<z.ZodObject<Shape>>, context: CallContext) => Promise<ToolAnswer>;
}

/** Makes a tool of its definition. */
export function defineTool<Shape extends z.ZodRawShape>(definition: ToolDefinition<Shape>): Tool {
  const input = z.strictObject(definition.input);
  const { name, description, annotations, output } = definition;
  return {
    name,
    list: () => ({
      name,
      description,
      inputSchema: definition.listed === undefined ? jsonSchema(input) : jsonSchema(z.looseObject(definition.listed)),
      // Nothing is required, as clients hold the structured content of refusals against the schema too.
      ...(output !== undefined && { outputSchema: jsonSchema(z.object(output).partial()) }),
      annotations: { ...annotations, openWorldHint: false },
    }),
    async call(args, context) {
      const parsed = input.safeParse(args ?? {});
      if (!parsed.success) throw badArguments(name, input, parsed.error);
      // A strict object of this shape parses to what a plain object of it infers.
      return toResult(await definition.run(parsed.data as z.infer<z.ZodObject<Shape>>, context));
    },
  };
}

function toResult({ json, structured, note }: ToolAnswer): CallToolResult {
  return {
    content: [
      { type: "text", text: JSON.stringify(json) },
      ...(note === undefined ? [] : [{ type: "text" as const, text: note }]),
    ],
    // Without `structured`, the definition's `json` is an object.
    structuredContent: structured ?? (json as Record<string, unknown>),
  };
}

/**
 * The schema that clients see. It leaves out what costs every client context and tells a model nothing: the bounds of
 * whole numbers as such, that keys are texts, and that there are no other parameters, which a call that has some is told.
 */
function jsonSchema(schema: z.ZodObject): ToolListing["inputSchema"] {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io: "input",
    override({ jsonSchema }) {
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      delete jsonSchema.propertyNames;
      if (jsonSchema.type === "object" && jsonSchema.properties !== undefined) delete jsonSchema.additionalProperties;
    },
  });
  // The schema of a ZodObject is always of type "object".
  return rest as ToolListing["inputSchema"];
}

function badArguments(name: string, input: z.ZodObject, error: z.ZodError): ProtocolError {
  const issues = error.issues.slice(0, MAX_ISSUES).map((issue) => {
    const alternatives = issue.code === "invalid_union" ? issue.errors.map(([first]) => first?.message ?? "") : [];
    const message = alternatives.length > 0 ? alternatives.join(", or ") : issue.message;
    return issue.path.length === 0 ? message : `${issue.path.join(".")}: ${message}`;
  });
  const expected = Object.entries(input.shape).map(([key, schema]) =>
    // Shapes of this project are made of zod's full schemas.
    key + ((schema as z.ZodType).safeParse(undefined).success ? "?" : "")
  );
  return new ProtocolError(
    ErrorCode.InvalidParams,
    `Invalid arguments for ${name}: ${issues.join("; ")}. It takes: ${expected.join(", ") || "no arguments"}`,
  );
}
