/** What init takes for granted: where clients keep their files, what the program may read, and which tools there are. */

import { assertEquals } from "@std/assert";
import denoJson from "../../deno.json" with { type: "json" };
import { CLIENTS, clientVariables, startOn } from "../../src/init/clients.ts";
import { paragraphOf } from "../../src/init/paragraph.ts";
import { TOOLSETS } from "../../src/mcp/tool.ts";
import { toolsOf } from "../../src/mcp/tools/mod.ts";

Deno.test("Windows starts npx through its shell, and keeps files where Windows does", () => {
  const start = { command: "npx", args: ["--yes", "deno@2.9.6"] };
  assertEquals(startOn("windows", start), { command: "cmd", args: ["/c", "npx", "--yes", "deno@2.9.6"] });
  assertEquals(startOn("linux", start), start);
  const variables: Readonly<Record<string, string>> = { APPDATA: "C:\\Users\\u\\AppData\\Roaming" };
  const filesOn = (os: string, home: string) => {
    const places = { os, home, variable: (name: string) => os === "windows" ? variables[name] : undefined };
    return Object.fromEntries(CLIENTS.map(({ name, user }) => [name, user(places)[0]]));
  };
  const windows = filesOn("windows", "C:\\Users\\u");
  assertEquals(windows["vscode"], "C:\\Users\\u\\AppData\\Roaming/Code/User/mcp.json");
  assertEquals(windows["zed"], "C:\\Users\\u\\AppData\\Roaming/Zed/settings.json");
  assertEquals(windows["cursor"], "C:\\Users\\u/.cursor/mcp.json");
  const mac = filesOn("darwin", "/Users/u");
  assertEquals(mac["claude-desktop"], "/Users/u/Library/Application Support/Claude/claude_desktop_config.json");
  assertEquals(mac["zed"], "/Users/u/.config/zed/settings.json");
});

Deno.test("a standalone program, whose permissions are fixed, may read the variables that init reads", () => {
  const [, permitted = ""] = /--allow-env=(\S+)/.exec(denoJson.tasks.compile.command) ?? [];
  const needed = ["linux", "windows"].flatMap(clientVariables);
  assertEquals(needed.filter((name) => !permitted.split(",").includes(name)), []);
});

Deno.test("the paragraph names tools that there are", () => {
  const tools = toolsOf([...TOOLSETS]).map(({ name }) => name);
  const named = Array.from(paragraphOf("orchestrator").matchAll(/`([a-z_]+_[a-z]+)`/g), ([, name = ""]) => name);
  assertEquals(named.filter((name) => !tools.includes(name)), ["wait_ms"]);
});
