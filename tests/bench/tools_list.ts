/** What every session pays in an agent's context before it has done anything: the list of tools. */

import { type Toolset, TOOLSETS } from "../../src/mcp/tool.ts";
import { toolsOf } from "../../src/mcp/tools/mod.ts";
import type { Benchmark, Row } from "./row.ts";

export const toolsList: Benchmark = () =>
  Promise.resolve([row("tools/list", TOOLSETS, 20 * 1024), row("tools/list, core", ["core"], 10 * 1024)]);

function row(name: string, toolsets: readonly Toolset[], bound: number): Row {
  const list = { tools: toolsOf(toolsets).map((tool) => tool.list()) };
  const value = new TextEncoder().encode(JSON.stringify(list)).length;
  return { name, value, unit: "bytes", target: { of: "value", is: "at most", bound } };
}
