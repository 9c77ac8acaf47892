/** What a page without tasks offers to paste. */

import { assert, assertEquals } from "@std/assert";
import { setupsOf } from "../../../src/dashboard/views/start/client_setup.ts";

Deno.test("the configuration names the address of this very page, and a token only where one is needed", () => {
  const service = { address: "https://tasks.example.com", isOpen: false, version: "1.2.3" };
  const [command, http, npm] = setupsOf(service).map(({ text }) => text);
  assert(command?.includes("https://tasks.example.com/mcp --header"), command);
  assertEquals(JSON.parse(http ?? "").mcpServers.orchestrator, {
    type: "http",
    url: "https://tasks.example.com/mcp",
    headers: { Authorization: "Bearer ${ORCHESTRATOR_TOKEN}" },
  });
  assertEquals(JSON.parse(npm ?? "").mcpServers.orchestrator, {
    command: "npx",
    args: ["--yes", "@mcp-orchestrator/server@1.2.3", "--data", "/path/to/data"],
  });
  const open = setupsOf({ ...service, isOpen: true });
  assertEquals(open.slice(0, 2).filter(({ text }) => /authorization/i.test(text)), []);
});

Deno.test("the configurations are those of the documentation", async () => {
  const read = (name: string) => Deno.readTextFile(new URL(`../../../${name}`, import.meta.url));
  const [service, clients, install] = await Promise.all(
    ["service", "clients", "install"].map((name) => read(`docs/${name}.md`)),
  );
  const { version } = JSON.parse(await read("deno.json"));
  const setups = setupsOf({ address: "http://127.0.0.1:8787", isOpen: false, version });
  const [command, http, npm, clone] = setups.map(({ text }) => text);
  assert(service?.includes(command?.replace(/\s+/g, " ") ?? ""), command);
  const dense = (text: string) => text.replace(/\s+/g, "");
  assert(dense(service ?? "").includes(dense(http ?? "")), http);
  assert(dense(clients ?? "").includes(dense(clone ?? "")), clone);
  const { command: starter, args } = JSON.parse(npm ?? "").mcpServers.orchestrator;
  assert(install?.includes([starter, ...args.slice(0, 2)].join(" ")), npm);
});
