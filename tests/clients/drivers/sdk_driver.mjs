import { textOf } from "./text.mjs";

/** Connects a client of either SDK through a transport, and makes a driver of it. */
export async function sdkDriver(client, transport) {
  await client.connect(transport);
  const { tools } = await client.listTools();
  return {
    tools: tools.length,
    call: async (name, args) => textOf(await client.callTool({ name, arguments: args })),
    close: () => client.close(),
  };
}
