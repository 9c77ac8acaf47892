/** Shows that a service keeps the promises of the whole: one holder for each task, and nothing acknowledged is lost. */

import { assert, assertEquals } from "@std/assert";
import { times } from "../core/given.ts";
import { connectHttp, type HttpClient } from "../support/http_client.ts";
import { connectModern } from "../support/modern_client.ts";
import { type Json, startServer, startServers } from "../support/server.ts";
import { startService } from "../support/service.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { until } from "../support/until.ts";

/** As many clients as wait at once: more than one process of a single client lets wait. */
const CLIENTS = 200;

Deno.test("200 clients that wait all wait, and each gets a task of its own", async () => {
  await using data = await temporaryDirectory();
  await using service = await startService(data.path);
  await using planner = await startServer(data.path);
  await using stack = new AsyncDisposableStack();
  const url = service.url("/mcp");
  let waiting = 0;
  const onprogress = () => waiting++;
  const request = (index: number) => ({
    name: "get_next_task",
    arguments: { instance_id: `worker-${index}`, wait_ms: 50_000 },
  });
  const claims = times(CLIENTS, async (index) => {
    // Each reports once that it waits, and then every 5 s.
    let isCounted = false;
    const once = () => {
      if (!isCounted) onprogress();
      isCounted = true;
    };
    if (index % 2 === 0) {
      const { client } = stack.use(await connectHttp(url, `client-${index}`));
      return await client.callTool(request(index), undefined, { onprogress: once });
    }
    const { client } = stack.use(await connectModern(url, `client-${index}`));
    return await client.callTool(request(index), { onprogress: once });
  });
  await until("all claims to wait", () => waiting === CLIENTS);
  for (const part of [0, 1, 2, 3]) {
    const tasks = times(CLIENTS / 4, (index) => ({ id: `t${part}-${index}`, description: "" }));
    await planner.ask("create_tasks", { tasks });
  }
  const claimed = (await Promise.all(claims)).map(({ structuredContent }) => structuredContent as Json);
  assertEquals(new Set(claimed.map((task) => task["id"])).size, CLIENTS);
  assertEquals(claimed.filter((task, index) => task["assignedTo"] !== `worker-${index}`), []);
  assertEquals(claimed.filter((task) => task["attempt"] !== 1), []);
});

Deno.test("a service that is killed under load loses nothing that it acknowledged", async () => {
  await using data = await temporaryDirectory();
  const created: string[] = [];
  const claimed = new Map<string, string>();
  for (const round of [0, 1, 2]) {
    await using service = await startService(data.path);
    const clients = await Promise.all(times(10, (index) => connectHttp(service.url("/mcp"), `client-${index}`)));
    const work = clients.map((client, index) => workUntilCut(client, `${round}-${index}`, { created, claimed }));
    const before = created.length;
    await until("some load", () => created.length > before + 50);
    Deno.kill(service.pid, "SIGKILL");
    // Ends their calls, which would otherwise wait for the service to come back.
    await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
    await Promise.all(work);
  }
  await using check = await startServer(data.path);
  const tasks = new Map<unknown, Json>();
  let cursor: unknown;
  do {
    const args = { view: "full", limit: 500, ...(cursor === undefined ? {} : { cursor }) };
    const { structuredContent } = await check.call("get_task_status", args);
    for (const task of structuredContent?.["tasks"] as readonly Json[]) tasks.set(task["id"], task);
    cursor = structuredContent?.["next_cursor"];
  } while (cursor !== undefined);
  assertEquals(created.filter((id) => !tasks.has(id)), []);
  const lost = Array.from(claimed).filter(([id, instance]) => tasks.get(id)?.["assignedTo"] !== instance);
  assertEquals(lost, []);
  assert(claimed.size > 0);
});

/** Creates and claims tasks until the service is gone; notes what was acknowledged. */
async function workUntilCut(
  client: HttpClient,
  name: string,
  { created, claimed }: { readonly created: string[]; readonly claimed: Map<string, string> },
): Promise<void> {
  for (let number = 0;; number++) {
    try {
      const id = `${name}-${number}`;
      await client.ask("create_task", { id, description: "x".repeat(200) });
      created.push(id);
      const task = await client.ask("get_next_task", { instance_id: name });
      if (typeof task["id"] === "string") claimed.set(task["id"], name);
    } catch (error) {
      // An assertion means that the service refused, which it must not.
      if (error instanceof Error && error.name === "AssertionError") throw error;
      return;
    }
  }
}

Deno.test("processes on standard input and a service share a data directory", async () => {
  await using data = await temporaryDirectory();
  await using stack = new AsyncDisposableStack();
  await using service = await startService(data.path);
  const servers = await startServers(data.path, 2, stack);
  const clients = await Promise.all(times(3, async (index) => {
    return stack.use(await connectHttp(service.url("/mcp"), `http ${index}`));
  }));
  const workers = [...servers, ...clients];
  const [planner] = servers;
  const done: unknown[] = [];
  const ids = times(60, (index) => `t${index}`);
  const work = workers.map(async (worker, index) => {
    const instance_id = `worker-${index}`;
    while (done.length < ids.length) {
      const { id: task_id } = await worker.ask("get_next_task", { instance_id, wait_ms: 1_000 });
      if (task_id === undefined) continue;
      done.push(task_id);
      await worker.ask("complete_task", { task_id, instance_id, result: "done" });
    }
  });
  await planner?.ask("create_tasks", { tasks: ids.map((id) => ({ id, description: "" })) });
  await Promise.all(work);
  assertEquals(done.sort(), ids.sort());
});
