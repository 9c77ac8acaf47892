/** The Inspector's command line: a process for each call, with the arguments as `name=value`. */

import { writeFileSync } from "node:fs";
import { run } from "./program.mjs";
import { textOf } from "./text.mjs";

const SERVER = ["--cli", "--config", "mcp.json", "--server", "orchestrator"];

export async function connect(configuration) {
  writeFileSync("mcp.json", JSON.stringify(configuration));
  const { code, output, log } = await run("mcp-inspector", [...SERVER, "--method", "tools/list", "--strict"]);
  if (code !== 0) throw new Error(`tools/list --strict ended with ${code}: ${log}`);
  return {
    tools: JSON.parse(output).tools.length,
    call: async (name, args) => {
      const pairs = Object.entries(args).flatMap(([key, value]) => [
        "--tool-arg",
        `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
      ]);
      const { output, log } = await run("mcp-inspector", [
        ...SERVER,
        ...["--method", "tools/call", "--tool-name", name],
        ...pairs,
      ]);
      if (output.trim() === "") throw new Error(log);
      return textOf(JSON.parse(output));
    },
    close: () => {},
  };
}
