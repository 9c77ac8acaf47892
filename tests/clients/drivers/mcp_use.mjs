/** `mcp-use`: each call goes through the tool that its LangChain adapter makes for the agent. */

import { MCPClient } from "mcp-use";
import { LangChainAdapter } from "mcp-use/adapters";
import { textOf } from "./text.mjs";

export async function connect(configuration) {
  const client = new MCPClient(configuration);
  await client.createAllSessions();
  const made = await LangChainAdapter.createTools(client);
  const tools = new Map(made.map((tool) => [tool.name, tool]));
  return {
    tools: tools.size,
    // The model reads the whole result as JSON.
    call: async (name, args) => textOf(JSON.parse(await tools.get(name).invoke(args))),
    close: () => client.closeAllSessions(),
  };
}
