/** Shows REST and its events through real sockets and processes: slow readers, other processes, and the end. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { localOperator } from "../../src/core/model/access.ts";
import { MAX_BODY_BYTES } from "../../src/http/limits.ts";
import { create as creating, newTask } from "../core/given.ts";
import { create } from "../support/calls.ts";
import { EventReader } from "../support/event_source.ts";
import { connectTo, LONG, serveHttp } from "../support/raw_http.ts";
import { type Rest, startRest } from "../support/rest.ts";
import { type Json, startServer } from "../support/server.ts";
import { startService } from "../support/service.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { until } from "../support/until.ts";

/** More bytes than the buffers of a socket take. */
const LARGE_EVENTS = 300;
const LARGE_TEXT = "x".repeat(60_000);

Deno.test("what one process commits, an event stream of another tells", async () => {
  await using data = await temporaryDirectory();
  await using service = await startService(data.path);
  await using server = await startServer(data.path);
  await using events = new EventReader(await fetch(service.url("/api/v1/events")));
  await create(server, "a");
  const [created] = await events.take(1);
  assertEquals(JSON.parse(created?.data ?? "").subject, "a");
  const claimed = await fetch(service.url("/api/v1/claims"), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ instance_id: "ann" }),
  });
  assertEquals((await claimed.json()).id, "a");
  const { events: history } = await server.ask("get_history", { type: "task.claimed" });
  assertEquals((history as Json[]).map(({ subject }) => subject), ["a"]);
  const [, claim] = await events.take(2);
  const { via } = JSON.parse(claim?.data ?? "").data;
  assertEquals([via.transport, via.address], ["http", "127.0.0.1"]);
});

Deno.test("a service ends its event streams and claims that wait, and then itself", async () => {
  await using data = await temporaryDirectory();
  await using service = await startService(data.path);
  await using events = new EventReader(await fetch(service.url("/api/v1/events")));
  const waiting = fetch(service.url("/api/v1/claims"), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ instance_id: "ann", wait_ms: 40_000 }),
  });
  const instances = async () => await (await fetch(service.url("/api/v1/instances"))).text();
  await until("the claim to wait", async () => (await instances()).includes('"waiting":true'));
  const ended = service.end();
  assertEquals((await (await waiting).json()).status, "no_tasks");
  assertEquals((await events.rest()).map(({ type }) => type), ["end"]);
  assertEquals(await ended, 0);
});

Deno.test("a body that is too large is refused", async () => {
  await using rest = await startRest();
  await using served = await serveHttp((request) => rest.app.fetch(request));
  const response = await fetch(`http://127.0.0.1:${served.port}/api/v1/tasks`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ id: "a", description: "x".repeat(MAX_BODY_BYTES) }),
  });
  assertEquals([response.status, response.headers.get("content-type")], [413, "application/problem+json"]);
  await response.body?.cancel();
});

Deno.test("a reader of events that takes none is dropped, and the others get all", async () => {
  await using rest = await startRest({ maxStreams: 2 });
  await using served = await serveHttp((request) => rest.app.fetch(request), { timeouts: { ...LONG, stallMs: 2_000 } });
  const url = `http://127.0.0.1:${served.port}/api/v1/events?type=task.created`;
  using idle = await connectTo(served.port);
  await idle.send("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  assertStringIncludes(await idle.readUntil("\n\n"), "200 OK");
  await using events = new EventReader(await fetch(url));
  const [told] = await Promise.all([events.take(LARGE_EVENTS), createLarge(rest)]);
  assertEquals(told.length, LARGE_EVENTS);
  // There is room again for a second stream once the first is dropped.
  await until("the idle reader to be dropped", async () => {
    const response = await fetch(url);
    await response.body?.cancel();
    return response.status === 200;
  });
});

Deno.test("a slow reader gets a long history whole, and only a little of it waits in memory", async () => {
  await using rest = await startRest();
  await createLarge(rest);
  await using served = await serveHttp((request) => rest.app.fetch(request));
  let pages = 0;
  const search = rest.engine.search.bind(rest.engine);
  rest.engine.search = (wanted) => {
    pages++;
    return search(wanted);
  };
  const response = await fetch(`http://127.0.0.1:${served.port}/api/v1/events?after=0&type=task.created`);
  let before = 0;
  let same = 0;
  await until("no further page to be read", () => {
    same = pages > 0 && pages === before ? same + 1 : 0;
    before = pages;
    return same === 20;
  });
  // Each event is a page of its own.
  assert(pages < LARGE_EVENTS, `${pages} pages were read for a client that takes none`);
  await using events = new EventReader(response);
  const told = (await events.take(LARGE_EVENTS)).map(({ lastEventId }) => lastEventId);
  assertEquals(told, Array.from({ length: LARGE_EVENTS }, (_, index) => `${index + 1}.0`));
});

async function createLarge(rest: Rest): Promise<void> {
  for (let count = 0; count < LARGE_EVENTS; count++) {
    const task = { ...newTask(`t${count}`), description: LARGE_TEXT };
    await rest.engine.execute(creating(task), localOperator("test"));
    // Lets readers on sockets go on: a plan in memory would be written in one go.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}
