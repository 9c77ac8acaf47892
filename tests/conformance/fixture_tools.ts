/** The tools of the fixture that need no input of the client while they run, or, before 2026-07-28, ask it in the middle. */

import {
  type CallToolResult,
  type ElicitRequestFormParams,
  fromJsonSchema,
  inputRequired,
  type McpServer,
  type ServerContext,
} from "@modelcontextprotocol/server";
import * as z from "zod";

/** A red pixel as PNG. */
export const IMAGE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";

/** The header of a WAV file without samples. */
const AUDIO = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";

type Content = CallToolResult["content"][number];

const image: Content = { type: "image", data: IMAGE, mimeType: "image/png" };

/** Tools that only answer. */
const CONTENTS: Readonly<Record<string, readonly Content[]>> = {
  test_simple_text: [text("This is a simple text response for testing.")],
  test_image_content: [image],
  test_audio_content: [{ type: "audio", data: AUDIO, mimeType: "audio/wav" }],
  test_embedded_resource: [resource("test://embedded-resource", "text/plain", "This is an embedded resource content.")],
  test_multiple_content_types: [
    text("Multiple content types test:"),
    image,
    resource("test://mixed-content-resource", "application/json", `{"test":"data","value":123}`),
  ],
};

/** The schema that the suite expects to be listed as it is. */
const SCHEMA_2020_12 = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  $defs: {
    address: {
      $anchor: "addressDef",
      type: "object",
      properties: { street: { type: "string" }, city: { type: "string" } },
    },
  },
  properties: {
    name: { type: "string" },
    address: { $ref: "#/$defs/address" },
    contactMethod: { type: "string", enum: ["phone", "email"] },
    phone: { type: "string" },
    email: { type: "string" },
  },
  allOf: [{ anyOf: [{ required: ["phone"] }, { required: ["email"] }] }],
  if: { properties: { contactMethod: { const: "phone" } }, required: ["contactMethod"] },
  then: { required: ["phone"] },
  else: { required: ["email"] },
  additionalProperties: false,
};

const choices = (word: string) => [1, 2, 3].map((number) => ({ const: `value${number}`, title: `${word} ${number}` }));

/** What tools ask the user before 2026-07-28, by the name of the tool. */
const FORMS: Readonly<Record<string, ElicitRequestFormParams["requestedSchema"]>> = {
  test_elicitation_sep1034_defaults: {
    type: "object",
    properties: {
      name: { type: "string", default: "John Doe" },
      age: { type: "integer", default: 30 },
      score: { type: "number", default: 95.5 },
      status: { type: "string", enum: ["active", "inactive", "pending"], default: "active" },
      verified: { type: "boolean", default: true },
    },
  },
  test_elicitation_sep1330_enums: {
    type: "object",
    properties: {
      untitledSingle: { type: "string", enum: ["option1", "option2", "option3"] },
      titledSingle: { type: "string", oneOf: choices("Option") },
      legacyEnum: { type: "string", enum: ["opt1", "opt2"], enumNames: ["Option One", "Option Two"] },
      untitledMulti: { type: "array", items: { type: "string", enum: ["option1", "option2", "option3"] } },
      titledMulti: { type: "array", items: { anyOf: choices("Choice") } },
    },
  },
};

export function addTools(mcp: McpServer): void {
  for (const [name, content] of Object.entries(CONTENTS)) {
    mcp.registerTool(name, { description: "Answers" }, () => ({ content: [...content] }));
  }
  const description = "Does more than to answer";
  mcp.registerTool("test_error_handling", { description }, () => {
    throw new Error("This tool intentionally returns an error for testing");
  });
  const inputSchema = fromJsonSchema(SCHEMA_2020_12);
  mcp.registerTool("json_schema_2020_12_tool", { description, inputSchema }, () => ({ content: [text("ok")] }));
  for (const name of ["test_tool_with_logging", "test_logging_tool"]) {
    mcp.registerTool(name, { description }, async ({ mcpReq }) => {
      for (const step of ["started", "processing", "completed"]) await mcpReq.log("info", `Tool execution ${step}`);
      return { content: [text("logged")] };
    });
  }
  mcp.registerTool("test_tool_with_progress", { description }, async (context) => {
    for (const progress of [0, 50, 100]) await report(context, progress);
    return { content: [text("reported")] };
  });
  mcp.registerTool("test_reconnection", { description }, async ({ http }) => {
    http?.closeSSE?.();
    // The client has to connect again before there is an answer.
    await new Promise((resolve) => setTimeout(resolve, 100));
    return { content: [text("answered on a new connection")] };
  });
  addQuestions(mcp);
}

/** Tools that ask the client for something that it may be unable to give. */
function addQuestions(mcp: McpServer): void {
  const description = "Asks the client";
  const sampling = (prompt: string) => ({
    messages: [{ role: "user" as const, content: { type: "text" as const, text: prompt } }],
    maxTokens: 100,
  });
  mcp.registerTool(
    "test_sampling",
    { description, inputSchema: z.object({ prompt: z.string() }) },
    async (args, context) => {
      const { content } = await context.mcpReq.requestSampling(sampling(args.prompt));
      return { content: [text(`LLM response: ${JSON.stringify(content)}`)] };
    },
  );
  const inputSchema = z.object({ message: z.string() });
  mcp.registerTool("test_elicitation", { description, inputSchema }, async ({ message }, context) => {
    const properties = { username: { type: "string" as const }, email: { type: "string" as const } };
    const requestedSchema = { type: "object" as const, properties, required: ["username", "email"] };
    return await ask(context, { message, requestedSchema });
  });
  for (const [name, requestedSchema] of Object.entries(FORMS)) {
    mcp.registerTool(name, { description }, (context) => ask(context, { message: "Please fill in", requestedSchema }));
  }
  mcp.registerTool("test_missing_capability", { description }, () => {
    return inputRequired({ inputRequests: { answer: inputRequired.createMessage(sampling("?")) } });
  });
  mcp.registerTool("test_streaming_elicitation", { description }, () => {
    const answer = inputRequired.elicit({ message: "?", requestedSchema: z.object({ answer: z.string() }) });
    return inputRequired({ inputRequests: { answer } });
  });
}

async function ask({ mcpReq }: ServerContext, params: ElicitRequestFormParams): Promise<CallToolResult> {
  const { action, content = {} } = await mcpReq.elicitInput(params);
  return { content: [text(`Elicitation completed: action=${action}, content=${JSON.stringify(content)}`)] };
}

async function report({ mcpReq }: ServerContext, progress: number): Promise<void> {
  const progressToken = mcpReq._meta?.progressToken;
  if (progressToken === undefined) return;
  await mcpReq.notify({ method: "notifications/progress", params: { progressToken, progress, total: 100 } });
}

function text(text: string): Content {
  return { type: "text", text };
}

function resource(uri: string, mimeType: string, text: string): Content {
  return { type: "resource", resource: { uri, mimeType, text } };
}
