/** `@mastra/mcp`: each call goes through the tool that the agent gets, which checks it by the listed schema. */

import { MCPClient } from "@mastra/mcp";

const PREFIX = "orchestrator_";

export async function connect(configuration) {
  const client = new MCPClient(configuration);
  const tools = await client.listTools();
  return {
    tools: Object.keys(tools).length,
    call: async (name, args) => {
      const answer = await tools[PREFIX + name].execute(args, {});
      if (answer?.error === true) throw new Error(answer.message);
      return JSON.stringify(answer);
    },
    close: () => client.disconnect(),
  };
}
