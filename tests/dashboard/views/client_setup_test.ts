/** What a page without tasks offers to paste. */

import { assert, assertEquals } from "@std/assert";
import { setupsOf } from "../../../src/dashboard/views/start/client_setup.ts";

Deno.test("the configuration names the address of this very page, and a token only where one is needed", () => {
  const [command, http, stdio] = setupsOf({ address: "https://tasks.example.com", isOpen: false }).map(({ text }) =>
    text
  );
  assert(command?.includes("https://tasks.example.com/mcp --header"), command);
  assertEquals(JSON.parse(http ?? "").mcpServers.orchestrator, {
    type: "http",
    url: "https://tasks.example.com/mcp",
    headers: { Authorization: "Bearer ${ORCHESTRATOR_TOKEN}" },
  });
  assertEquals(JSON.parse(stdio ?? "").mcpServers.orchestrator.command, "deno");
  const open = setupsOf({ address: "http://127.0.0.1:8787", isOpen: true });
  assertEquals(open.slice(0, 2).filter(({ text }) => /authorization/i.test(text)), []);
});

Deno.test("the configurations are those of the documentation", async () => {
  const read = (name: string) => Deno.readTextFile(new URL(`../../../docs/${name}`, import.meta.url));
  const [service, clients] = [await read("service.md"), await read("clients.md")];
  const [command, http, stdio] = setupsOf({ address: "http://127.0.0.1:8787", isOpen: false }).map(({ text }) => text);
  assert(service.includes(command?.replace(/\s+/g, " ") ?? ""), command);
  const dense = (text: string) => text.replace(/\s+/g, "");
  assert(dense(service).includes(dense(http ?? "")), http);
  assert(dense(clients).includes(dense(stdio ?? "")), stdio);
});
