/** `@langchain/mcp-adapters`: each call goes through `StructuredTool.invoke`, which checks it by the listed schema. */

import { MultiServerMCPClient } from "@langchain/mcp-adapters";

export async function connect(configuration) {
  const client = new MultiServerMCPClient(configuration);
  const tools = new Map((await client.getTools()).map((tool) => [tool.name, tool]));
  return {
    tools: tools.size,
    call: async (name, args) => {
      const message = await tools.get(name).invoke({ type: "tool_call", id: "call-1", name, args });
      // The model reads a content block as JSON, with the answer's text in it.
      return JSON.parse(message.content).text;
    },
    close: () => client.close(),
  };
}
