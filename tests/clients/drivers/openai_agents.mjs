/**
 * `@openai/agents`: each call goes through the function tool that the agent gets. With `strict`, every optional
 * parameter is in the call with null, as the converted schema demands of the model. Tools whose schema cannot be
 * converted stay as they are, as they do for an agent.
 */

import { MCPServerStdio, mcpToFunctionTool, RunContext } from "@openai/agents";

export async function connect(configuration, { strict }) {
  const server = new MCPServerStdio(configuration);
  await server.connect();
  const tools = new Map((await server.listTools()).map((tool) => [tool.name, mcpToFunctionTool(tool, server, strict)]));
  return {
    tools: tools.size,
    call: async (name, args) => {
      const tool = tools.get(name);
      const input = tool.strict ? withNulls(args, tool.parameters) : args;
      const answer = await tool.invoke(new RunContext(), JSON.stringify(input));
      return typeof answer === "string" ? answer : answer.text ?? JSON.stringify(answer);
    },
    close: () => server.close(),
  };
}

/** Adds null for each parameter of a schema that a value leaves out, at every depth. */
function withNulls(value, schema) {
  const branches = schema?.anyOf ?? [schema];
  if (Array.isArray(value)) {
    const items = branches.find((branch) => branch?.items !== undefined)?.items;
    return value.map((item) => withNulls(item, items));
  }
  if (typeof value !== "object" || value === null) return value;
  const known = (branch) => Object.keys(value).every((name) => branch?.properties?.[name] !== undefined);
  const properties = branches.find(known)?.properties;
  if (properties === undefined) return value;
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [name, withNulls(value[name] ?? null, property)]),
  );
}
