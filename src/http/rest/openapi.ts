/** Describes the API in OpenAPI 3.1: from the table of routes and the schemas of the operations, so it cannot be behind. */

import * as z from "zod";
import { EVENTS_QUERY } from "../events/events_query.ts";
import type { RestOperation } from "./operation.ts";
import { MOMENT, PAST_PATH, PAST_ROUTES } from "./past_routes.ts";
import { pathParameters, type Route, ROUTES } from "./routes.ts";

export interface ApiOptions {
  readonly operations: readonly RestOperation[];
  readonly version: string;
  /** Where the routes are mounted. */
  readonly path: string;
}

type JsonSchema = z.core.JSONSchema.BaseSchema;

export function describeApi({ operations, version, path }: ApiOptions): object {
  const byName = new Map(operations.map((operation) => [operation.name, operation]));
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of ROUTES) (paths[route.path] ??= {})[route.method] = describeRoute(route, byName);
  for (const route of PAST_ROUTES) paths[PAST_PATH + route.path] = { get: describePast(route, byName) };
  return {
    openapi: "3.1.0",
    info: {
      title: "MCP Orchestrator",
      version,
      description:
        "Tasks shared by several agents. Operations have the names of MCP tools, and their parameters and answers: where " +
        "a message names a tool, it means the operation of that name. Some operations are no tools, like those of tokens and the audit.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: path }],
    paths: { ...paths, ...otherPaths() },
    components: { schemas: { Problem: PROBLEM }, responses: { Problem: PROBLEM_RESPONSE } },
  };
}

function describeRoute(route: Route, operations: ReadonlyMap<string, RestOperation>) {
  const names = [route.operation, ...(route.orWith === undefined ? [] : [route.orWith.operation])];
  const called = names.flatMap((name) => operations.get(name) ?? []);
  const inPath = pathParameters(route.path);
  const schemas = called.map(({ input }) => withoutProperties(schemaOf(input), inPath));
  const hasBody = route.method !== "get" && route.method !== "delete";
  return {
    operationId: operationIdOf(route),
    description: called.map(({ description }) => description).join("\n\n"),
    parameters: [
      ...inPath.map((name) => ({ name, in: "path", required: true, schema: { type: "string" } })),
      ...(hasBody ? [] : schemas.flatMap(queryParameters)),
      ...(route.method === "get" ? [] : [IDEMPOTENCY_KEY]),
      ...(route.takesIfMatch === true ? [IF_MATCH] : []),
    ],
    ...(hasBody && { requestBody: bodyOf(schemas) }),
    responses: responsesOf(route),
  };
}

/** The same route, at an earlier moment. */
function describePast(route: Route, operations: ReadonlyMap<string, RestOperation>): object {
  const { parameters, ...described } = describeRoute(route, operations);
  return {
    ...described,
    operationId: `${operationIdOf(route)}_at_moment`,
    parameters: [MOMENT_IN_PATH, ...parameters],
  };
}

const MOMENT_IN_PATH = {
  name: MOMENT,
  in: "path",
  required: true,
  description: "The seq of a record, a time in ISO 8601, or a duration before now like PT1H.",
  schema: { type: "string" },
};

/** The name of the operation; with the path's last word where several routes call the same one. */
function operationIdOf({ operation, path }: Route): string {
  const [first] = ROUTES.filter((route) => route.operation === operation);
  return first?.path === path
    ? operation
    : `${operation}_at_${path.replaceAll(/[/{}]+/g, "_").replaceAll(/^_|_$/g, "")}`;
}

function bodyOf(schemas: readonly JsonSchema[]): object {
  const [schema] = schemas;
  return {
    required: schemas.every(({ required = [] }) => required.length > 0),
    content: { "application/json": { schema: schemas.length === 1 ? schema : { anyOf: schemas } } },
  };
}

function queryParameters({ properties = {}, required = [] }: JsonSchema): object[] {
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: required.includes(name),
    schema,
  }));
}

function responsesOf({ createdAt, takesIfMatch, operation }: Route): object {
  const hasVersion = takesIfMatch === true || operation === "get_task_details" || operation === "create_task";
  const headers = {
    ...(hasVersion && { ETag: { description: "The version of the task.", schema: { type: "string" } } }),
    ...(createdAt !== undefined && { Location: { description: "What was created.", schema: { type: "string" } } }),
  };
  const answer = { content: { "application/json": { schema: { type: "object" } } } };
  return {
    ...(createdAt !== undefined && { 201: { description: "Created.", headers, ...answer } }),
    200: {
      description: createdAt === undefined ? "The answer." : "A repeat of a request that was carried out before.",
      ...(createdAt === undefined && { headers }),
      ...answer,
    },
    default: { $ref: "#/components/responses/Problem" },
  };
}

/** The JSON Schema of what an operation takes. */
function schemaOf(input: z.ZodObject): JsonSchema {
  const { $schema: _, ...schema } = z.toJSONSchema(input, {
    io: "input",
    override({ zodSchema, jsonSchema }) {
      // Dependencies: for MCP they are listed as texts, for clients that cannot send texts and objects in one list.
      if (!(zodSchema instanceof z.ZodUnknown)) return;
      delete jsonSchema.type;
      jsonSchema.anyOf = [{ type: "string" }, { type: "object" }];
    },
  });
  return schema;
}

function withoutProperties(schema: JsonSchema, names: readonly string[]): JsonSchema {
  const { properties = {}, required = [], ...rest } = schema;
  const left = required.filter((name) => !names.includes(name));
  return {
    ...rest,
    properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name))),
    ...(left.length > 0 && { required: left }),
  };
}

const IDEMPOTENCY_KEY = {
  name: "Idempotency-Key",
  in: "header",
  description: "The same text for a request and its repeats: it is carried out once.",
  schema: { type: "string" },
};

const IF_MATCH = {
  name: "If-Match",
  in: "header",
  description: "The ETag of the version that is to be changed. Status 412 if the task has another one.",
  schema: { type: "string" },
};

const PROBLEM = {
  type: "object",
  description: "An error, as RFC 9457 has it.",
  required: ["type", "title", "status", "detail"],
  properties: {
    type: { type: "string", description: "One text for each code; about:blank without a code." },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string", description: "What forbids the request, and what would work." },
    code: { type: "string", description: "For programs." },
    data: { type: "object", description: "The facts of the detail." },
  },
};

const PROBLEM_RESPONSE = {
  description: "The request was not carried out.",
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
};

const PROBLEMS = { default: { $ref: "#/components/responses/Problem" } };

const GRAPH = {
  description: "The task graph as a Mermaid flowchart.",
  responses: {
    200: { description: "The graph.", content: { "text/vnd.mermaid": { schema: { type: "string" } } } },
    ...PROBLEMS,
  },
};

/** What no operation answers. */
function otherPaths(): object {
  return {
    "/graph": { get: { operationId: "get_graph", ...GRAPH } },
    [`${PAST_PATH}/graph`]: { get: { operationId: "get_graph_at_moment", parameters: [MOMENT_IN_PATH], ...GRAPH } },
    "/events": {
      get: {
        operationId: "stream_events",
        description: "What happens, as server-sent events. Each `data` is a CloudEvent in JSON.",
        parameters: [
          ...queryParameters(schemaOf(EVENTS_QUERY)),
          {
            name: "Last-Event-ID",
            in: "header",
            description: "The last `id` that the client has got: the stream continues after it.",
            schema: { type: "string" },
          },
        ],
        responses: {
          200: { description: "The events.", content: { "text/event-stream": { schema: { type: "string" } } } },
          ...PROBLEMS,
        },
      },
    },
    "/openapi.json": {
      get: {
        operationId: "get_description",
        description: "This description.",
        responses: {
          200: { description: "OpenAPI 3.1.", content: { "application/json": { schema: { type: "object" } } } },
          ...PROBLEMS,
        },
      },
    },
  };
}
