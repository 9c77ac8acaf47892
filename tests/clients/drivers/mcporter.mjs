/** mcporter's command line: a process for each call, with the arguments as `name=value`. */

import { writeFileSync } from "node:fs";
import { run } from "./program.mjs";

const CONFIG = ["--config", "mcporter.json"];

export async function connect(configuration) {
  writeFileSync("mcporter.json", JSON.stringify(configuration));
  const { output, log } = await run("mcporter", [...CONFIG, "list", "orchestrator", "--json"]);
  const listed = JSON.parse(output);
  if (listed.status !== "ok") throw new Error(`${output}${log}`);
  return {
    tools: listed.tools.length,
    call: async (name, args) => {
      const pairs = Object.entries(args).map(([key, value]) =>
        `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`
      );
      const { code, output, log } = await run("mcporter", [...CONFIG, "call", `orchestrator.${name}`, ...pairs]);
      if (code !== 0) throw new Error(`${output}${log}`);
      return output;
    },
    close: () => {},
  };
}
