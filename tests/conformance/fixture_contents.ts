/** The resources and prompts of the fixture. */

import {
  acceptedContent,
  completable,
  inputRequired,
  type McpServer,
  ResourceTemplate,
} from "@modelcontextprotocol/server";
import * as z from "zod";
import { IMAGE } from "./fixture_tools.ts";

export function addContents(mcp: McpServer): void {
  addResources(mcp);
  addPrompts(mcp);
}

function addResources(mcp: McpServer): void {
  const texts = { "test://static-text": "This is the text of a resource.", "test://watched-resource": "Watched." };
  for (const [uri, text] of Object.entries(texts)) {
    const config = { description: "A text", mimeType: "text/plain" };
    mcp.registerResource(uri, uri, config, () => ({ contents: [{ uri, mimeType: "text/plain", text }] }));
  }
  const binary = "test://static-binary";
  mcp.registerResource(binary, binary, { description: "An image", mimeType: "image/png" }, () => ({
    contents: [{ uri: binary, mimeType: "image/png", blob: IMAGE }],
  }));
  const template = new ResourceTemplate("test://template/{id}/data", { list: undefined });
  const config = { description: "Data of an id", mimeType: "application/json" };
  mcp.registerResource("template", template, config, ({ href }, { id }) => ({
    contents: [{ uri: href, mimeType: "application/json", text: JSON.stringify({ id, data: `Data for ID: ${id}` }) }],
  }));
  for (const method of ["resources/subscribe", "resources/unsubscribe"] as const) {
    mcp.server.setRequestHandler(method, () => ({}));
  }
}

function addPrompts(mcp: McpServer): void {
  const say = (text: string) => ({ role: "user" as const, content: { type: "text" as const, text } });
  mcp.registerPrompt("test_simple_prompt", { description: "A text" }, () => ({
    messages: [say("This is a simple prompt for testing.")],
  }));
  const argument = completable(
    z.string(),
    (value) => ["paris", "park", "party"].filter((each) => each.startsWith(value)),
  );
  const argsSchema = z.object({ arg1: argument, arg2: z.string() });
  mcp.registerPrompt("test_prompt_with_arguments", { description: "Two arguments", argsSchema }, ({ arg1, arg2 }) => ({
    messages: [say(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)],
  }));
  const embedded = { description: "A resource", argsSchema: z.object({ resourceUri: z.string() }) };
  mcp.registerPrompt("test_prompt_with_embedded_resource", embedded, ({ resourceUri: uri }) => {
    const resource = { uri, mimeType: "text/plain", text: "Embedded resource content for testing." };
    return {
      messages: [
        { role: "user", content: { type: "resource", resource } },
        say("Please process the embedded resource above."),
      ],
    };
  });
  mcp.registerPrompt("test_prompt_with_image", { description: "An image" }, () => ({
    messages: [
      { role: "user", content: { type: "image", data: IMAGE, mimeType: "image/png" } },
      say("Please analyze the image above."),
    ],
  }));
  mcp.registerPrompt("test_input_required_result_prompt", { description: "Asks the user" }, ({ mcpReq }) => {
    const requestedSchema = z.object({ context: z.string() });
    const given = acceptedContent(mcpReq.inputResponses, "user_context", requestedSchema);
    if (given !== undefined) return { messages: [say(given.context)] };
    const user_context = inputRequired.elicit({ message: "What context should the prompt use?", requestedSchema });
    return inputRequired({ inputRequests: { user_context } });
  });
}
