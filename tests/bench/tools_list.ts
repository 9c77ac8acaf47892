/** What every session pays in an agent's context before it has done anything: the list of tools. */

import { startServer } from "../support/server.ts";
import type { Benchmark } from "./row.ts";

export const toolsList: Benchmark = async ({ directory }) => {
  await using server = await startServer(`${directory}/tools`);
  const value = new TextEncoder().encode(JSON.stringify(await server.client.listTools())).length;
  return [{ name: "tools/list", value, unit: "bytes", target: { of: "value", is: "at most", bound: 8 * 1024 } }];
};
