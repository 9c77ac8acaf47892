/**
 * Shows that a service looks back in a worker, in each form of the program: its sources, the bundle, and where it may not
 * read itself, in its own thread.
 */

import { assertEquals } from "@std/assert";
import denoJson from "../../deno.json" with { type: "json" };
import { type Service, spawnService } from "../support/service.ts";
import { MAIN, SOURCES } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { hasWorker } from "../support/worker_thread.ts";

const ROOT = new URL("../../", import.meta.url);

Deno.test("a service looks back in a worker where it may read itself, else in its own thread", async (t) => {
  await using directory = await temporaryDirectory();
  const bundle = `${directory.path}/orchestrator.js`;
  const made = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--eval", denoJson.tasks.bundle.command.replace("dist/orchestrator.js", bundle)],
    cwd: ROOT,
  }).output();
  assertEquals(made.code, 0, new TextDecoder().decode(made.stderr));
  const forms = [
    { name: "sources", main: MAIN, read: SOURCES, isApart: true },
    { name: "bundle", main: bundle, read: [bundle], isApart: true },
    { name: "bundle that may not read itself", main: bundle, read: [], isApart: false },
  ];
  for (const { name, main, read, isApart } of forms) {
    await t.step(name, async () => {
      const data = `${directory.path}/${name}`;
      await Deno.mkdir(data);
      await using service = await start(main, data, read);
      await post(service, { id: "a", description: "A" });
      await post(service, { id: "b", description: "B" });
      const answer = await (await fetch(service.url("/api/v1/at/1/tasks"))).json();
      assertEquals(answer.tasks.map(({ id }: { readonly id: string }) => id), ["a"]);
      const analysis = await (await fetch(service.url("/api/v1/analysis"))).json();
      assertEquals(analysis.remaining, 2);
      assertEquals([service.log.includes("error"), await hasWorker(service.pid) ?? isApart], [false, isApart]);
    });
  }
});

async function start(main: string, data: string, read: readonly string[]): Promise<Service> {
  const permissions = [`--allow-read=${[data, ...read]}`, `--allow-write=${data}`, "--allow-net=127.0.0.1:0"];
  return await spawnService({
    args: ["run", "--quiet", "--no-prompt", ...permissions, main, "--data", data, "serve", "--port", "0", "--open"],
  });
}

async function post(service: Service, body: unknown): Promise<void> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(service.url("/api/v1/tasks"), { method: "POST", headers, body: JSON.stringify(body) });
  assertEquals(response.status, 201, await response.text());
}
