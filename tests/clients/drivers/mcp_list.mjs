/**
 * Agents that call tools only as their model asks: `PROGRAM mcp list` starts the server and says whether it is connected.
 * Options: `program`, and the `file` that the configuration is written into; without it, `PROGRAM mcp add` writes it.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { run } from "./program.mjs";

export async function connect(configuration, { program, file }) {
  if (file === undefined) {
    await succeed(program, ["mcp", "add", "orchestrator", "--", configuration.command, ...configuration.args]);
  } else {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(configuration));
  }
  const listed = await succeed(program, ["mcp", "list"]);
  if (!/[✓✔].*\bconnected\b/i.test(listed)) throw new Error(`The server is not connected: ${listed}`);
  return { call: () => Promise.reject(new Error("Without a model, no tool is called")), close: () => {} };
}

async function succeed(program, args) {
  const { code, output, log } = await run(program, args);
  if (code !== 0) throw new Error(`${program} ${args.slice(0, 2).join(" ")} ended with ${code}: ${output}${log}`);
  return stripVTControlCharacters(output + log);
}
