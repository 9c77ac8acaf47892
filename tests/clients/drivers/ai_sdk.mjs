/** `@ai-sdk/mcp`: each call goes through `generateText`, with a model that asks for this call and nothing else. */

import { createMCPClient } from "@ai-sdk/mcp";
import { Experimental_StdioMCPTransport as StdioMCPTransport } from "@ai-sdk/mcp/mcp-stdio";
import { generateText } from "ai";
import * as models from "ai/test";
import { textOf } from "./text.mjs";

export async function connect(configuration) {
  const client = await createMCPClient({ transport: new StdioMCPTransport(configuration) });
  const tools = await client.tools();
  return {
    tools: Object.keys(tools).length,
    call: async (toolName, args) => {
      const { content } = await generateText({ model: asking(toolName, args), tools, prompt: "Work" });
      const failed = content.find(({ type }) => type === "tool-error");
      if (failed !== undefined) throw failed.error;
      return textOf(content.find(({ type }) => type === "tool-result").output);
    },
    close: () => client.close(),
  };
}

function asking(toolName, args) {
  const call = { type: "tool-call", toolCallId: "call-1", toolName, input: JSON.stringify(args) };
  const tokens = { total: 1 };
  return new models.MockLanguageModelV4({
    doGenerate: {
      content: [call],
      finishReason: { unified: "tool-calls", raw: undefined },
      usage: { inputTokens: tokens, outputTokens: tokens },
      warnings: [],
    },
  });
}
