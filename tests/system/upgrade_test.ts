/** Shows that a server goes on with the version that it was started with when its files are replaced. */

import { assert } from "@std/assert";
import { dirname } from "node:path";
import { MAIN, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

/** What of the program a start needs. */
const PARTS = ["main.ts", "deno.json", "deno.lock", "src", "links"];

/** How long clients are idle before the files are replaced, in milliseconds: the tools are loaded by the longest at the latest. */
const IDLE_MS = [200, 1_000, 5_000];

Deno.test("a server whose files are replaced while its client is idle has the tools of its own version", async () => {
  await using program = await temporaryDirectory();
  await using data = await temporaryDirectory();
  const from = PARTS.map((part) => `${dirname(MAIN)}/${part}`);
  const { success } = await new Deno.Command("cp", { args: ["-r", ...from, program.path] }).output();
  assert(success);
  const tools = `${program.path}/src/mcp/tools/mod.ts`;
  const text = await Deno.readTextFile(tools);
  const hasTools = async (idleMs: number) => {
    await Deno.writeTextFile(tools, text);
    await using server = await startServer(data.path, { main: `${program.path}/main.ts` });
    await new Promise((resolve) => setTimeout(resolve, idleMs));
    await Deno.writeTextFile(tools, "export const toolsOf = undefined;");
    return await server.client.listTools().then(() => true, () => false);
  };
  for (const idleMs of IDLE_MS) if (await hasTools(idleMs)) return;
  assert(false, "the tools are loaded with the first call");
});
