/** Shows the stream of events: the same as get_history, each once and in order, whatever happens between. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Notification } from "../../src/core/messages/notifications.ts";
import { callerOfSecret, issueToken } from "../../src/app/tokens.ts";
import { localOperator } from "../../src/core/model/access.ts";
import { MemoryJournal } from "../../src/store/memory/memory_journal.ts";
import { create as creating, newTask, times } from "../core/given.ts";
import { EventReader } from "../support/event_source.ts";
import type { Json } from "../support/server.ts";
import { type RequestOptions, type Rest, startRest } from "../support/rest.ts";

Deno.test("an event has the id, the type and the JSON of its notification", async () => {
  await using rest = await startRest();
  await using events = await open(rest);
  await create(rest, "a");
  const [created] = await events.take(1);
  const notification: Notification = JSON.parse(created?.data ?? "");
  assertEquals(created, {
    type: "orchestrator.task.created",
    data: JSON.stringify(notification),
    lastEventId: notification.id,
  });
  assertEquals([notification.specversion, notification.id, notification.subject], ["1.0", "1.0", "a"]);
});

Deno.test("a stream starts at any place, and goes on with what happens", async (t) => {
  await using rest = await startRest();
  await rest.ask("POST", "/tasks", { tasks: ["a", "b", "c"].map((id) => ({ id, description: id })) });
  await finish(rest, "a");
  const all = ["1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "2.0", "3.0"];
  const hour = new Date(Date.now() - 3_600_000).toISOString();
  const starts: [string, RequestOptions, string[]][] = [
    ["", {}, []],
    ["?after=0", {}, all],
    ["?after=1", {}, all.slice(6)],
    ["?after=1.2", {}, all.slice(3)],
    ["?after=PT1H", {}, all],
    [`?after=${hour}`, {}, all],
    ["", { headers: { "last-event-id": "1.4" } }, all.slice(5)],
    // A browser that connects again asks for the same address, and says what it has got.
    ["?after=0", { headers: { "last-event-id": "2.0" } }, all.slice(7)],
    ["?after=0", { headers: { "last-event-id": "" } }, all],
    ["?after=0&type=task.claimed", {}, ["2.0"]],
    ["?after=0&type=task.claimed&type=orchestrator.task.completed", {}, ["2.0", "3.0"]],
    ["?after=0&task_id=b", {}, ["1.1", "1.4"]],
    ["?after=0&instance_id=ann", {}, ["2.0", "3.0"]],
    ["?after=0&group=none", {}, []],
  ];
  for (const [query, options, expected] of starts) {
    await t.step(`${query} ${JSON.stringify(options)}`, async () => {
      const last = rest.engine.seq;
      await using events = await open(rest, query, options);
      await rest.ask("POST", "/tasks/b/notes", { text: "n" });
      const isOfOthers = /type|instance_id|group/.test(query);
      const told = await events.take(expected.length + (isOfOthers ? 0 : 1));
      // Notes of the steps before are told, too, where nothing leaves them out.
      const before = told.map(({ lastEventId }) => lastEventId).filter((id) => Number(id) < 4);
      assertEquals(before, expected);
      if (!isOfOthers && expected.length === 0) assertEquals(told[0]?.lastEventId, `${last + 1}.0`);
    });
  }
});

Deno.test("events and get_history tell the same", async () => {
  await using rest = await startRest();
  await using events = await open(rest);
  for (const id of ["a", "b"]) {
    await create(rest, id);
    await finish(rest, id);
  }
  const told = (await events.take(8)).map(({ type, lastEventId }) => [lastEventId, type.slice("orchestrator.".length)]);
  const { events: history } = await rest.ask("GET", "/history?since=0");
  assertEquals(told, (history as Json[]).map(({ id, type }) => [id, type]));
});

Deno.test("nothing is lost or doubled between what was and what happens, however often a client comes back", async () => {
  await using rest = await startRest();
  const writing = (async () => {
    for (let count = 0; count < 300; count++) await create(rest, `t${count}`);
  })();
  const told: string[] = [];
  let headers: Readonly<Record<string, string>> = {};
  while (told.length < 600) {
    await using events = await open(rest, "?after=0", { headers });
    const some = await events.take(Math.min(1 + told.length % 37, 600 - told.length));
    told.push(...some.map(({ lastEventId }) => lastEventId));
    headers = { "last-event-id": told.at(-1) ?? "" };
  }
  await writing;
  assertEquals(told, Array.from({ length: 300 }, (_, index) => [`${index + 1}.0`, `${index + 1}.1`]).flat());
});

Deno.test("a stream that falls behind what it keeps in memory reads on in the journal", async () => {
  await using rest = await startRest();
  await using events = await open(rest);
  const description = "d".repeat(2_000);
  // More bytes than wait for a client, and more records than wait in memory.
  for (let count = 0; count < 1_200; count++) {
    await rest.engine.execute(creating({ ...newTask(`t${count}`), description }), localOperator("test"));
  }
  const told = (await events.take(2_400)).map(({ lastEventId }) => lastEventId);
  assertEquals(told, Array.from({ length: 1_200 }, (_, index) => [`${index + 1}.0`, `${index + 1}.1`]).flat());
  await create(rest, "last");
  assertEquals((await events.take(1))[0]?.lastEventId, "1201.0");
});

Deno.test("many streams that begin far back read one after the other", async () => {
  await using rest = await startRest();
  await create(rest, "a");
  const turns: string[] = [];
  const { search } = rest.engine;
  rest.engine.search = async function* (wanted) {
    turns.push("begin");
    yield* search.call(rest.engine, wanted);
    turns.push("end");
  };
  const opened = await Promise.all(times(5, () => open(rest, "?after=0")));
  for (const events of opened) assertEquals((await events.take(1))[0]?.lastEventId, "1.0");
  for (const events of opened) await events[Symbol.asyncDispose]();
  assertEquals(turns, times(5, () => ["begin", "end"]).flat());
});

Deno.test("a client that saw no event yet loses none when it comes back", async () => {
  await using rest = await startRest();
  await create(rest, "before");
  let lastEventId: string;
  {
    await using events = await open(rest);
    await events.until("\n\n");
    lastEventId = events.lastEventId;
  }
  await create(rest, "between");
  await using again = await open(rest, "", { headers: { "last-event-id": lastEventId } });
  assertEquals(JSON.parse((await again.take(1))[0]?.data ?? "").subject, "between");
});

Deno.test("a place that cannot be continued from is refused, and says what would work", async () => {
  await using rest = await startRest({ maxStreams: 1 });
  await create(rest, "a");
  const cases: [string, RequestOptions, number, string][] = [
    ["?after=7", {}, 410, "no record 7"],
    ["", { headers: { "last-event-id": "2.0" } }, 410, "after=1"],
    ["", { headers: { "last-event-id": "1.0@3" } }, 410, "before the journal was repaired"],
    ["", { headers: { "last-event-id": "last" } }, 400, "like 12.0"],
    ["?after=yesterday", {}, 400, "ISO 8601"],
    ["?type=task.done", {}, 400, "there are task.created"],
    ["?task=a", {}, 400, "use task_id"],
    ["?colour=red", {}, 400, "there are type, task_id"],
    ["?group=a&group=b", {}, 400, "group"],
  ];
  for (const [query, options, status, says] of cases) {
    const response = await rest.request("GET", `/events${query}`, options);
    assertEquals([response.status, response.headers.get("content-type")], [status, "application/problem+json"], query);
    assertStringIncludes((await response.json()).detail, says);
  }
  await using _ = await open(rest);
  const further = await rest.request("GET", "/events");
  assertEquals([further.status, further.headers.get("retry-after")], [503, "1"]);
  await further.body?.cancel();
});

Deno.test("streams that are closed make room for others", async () => {
  await using rest = await startRest({ maxStreams: 1 });
  for (let count = 0; count < 3; count++) {
    await using events = await open(rest, "?after=0");
    await create(rest, `t${count}`);
    await events.take(1);
  }
});

Deno.test("one caller gets three quarters of the streams, so that it locks nobody out", async () => {
  await using rest = await startRest({ maxStreams: 4 });
  await using stack = new AsyncDisposableStack();
  for (let count = 0; count < 3; count++) stack.use(await open(rest));
  const further = await rest.request("GET", "/events");
  assertEquals(further.status, 503);
  assertStringIncludes((await further.json()).detail, "or 3 of this caller");
  rest.setCaller(localOperator("another"));
  stack.use(await open(rest));
});

Deno.test("a silent stream shows that it lives, and where it is", async () => {
  await using rest = await startRest({ keepAliveMs: 5 });
  await using events = await open(rest, "?type=task.failed");
  await create(rest, "a");
  await events.until("id: 1\n: keep-alive\n\n");
});

Deno.test("all streams end when the server does", async () => {
  await using rest = await startRest();
  await using events = await open(rest);
  await create(rest, "a");
  assertEquals((await events.take(2)).length, 2);
  rest.ending.abort();
  const [end, ...others] = await events.rest();
  assertEquals([end?.type, JSON.parse(end?.data ?? "").code, others], ["end", "closed", []]);
  // A client that connects again continues where it was.
  assertEquals(end?.lastEventId, "1.1");
  assertEquals((await rest.request("GET", "/events")).status, 503);
});

Deno.test("a stream ends when the token of its client is revoked, and says so", async () => {
  await using rest = await startRest();
  const operator = localOperator("test");
  const { secret } = await issueToken(
    (command) => rest.engine.execute(command, operator),
    { name: "ci", role: "observer" },
  );
  rest.setCaller(await callerOfSecret(secret, { name: "ci" }));
  await using events = await open(rest, "?after=0&type=task.created");
  await rest.engine.execute(creating(newTask("a")), operator);
  await events.take(1);
  await rest.engine.execute({ type: "revoke_token", name: "ci" }, operator);
  await rest.engine.execute(creating(newTask("b")), operator);
  const [end, ...others] = await events.rest();
  assertEquals([end?.type, JSON.parse(end?.data ?? "").code, others], ["end", "unauthorized", []]);
  const again = await rest.request("GET", "/events");
  assertEquals([again.status, again.headers.get("www-authenticate")], [401, 'Bearer realm="orchestrator"']);
});

Deno.test("when the journal is repaired, a stream says so and ends, and its ids are no longer taken", async () => {
  const journal = new RepairedJournal(Date.now);
  await using rest = await startRest({ journal });
  await using events = await open(rest);
  await create(rest, "a");
  const [first] = await events.take(1);
  await events.take(1);
  journal.epoch = 1;
  await create(rest, "b");
  const [reset, ...others] = await events.rest();
  assertEquals([reset?.type, reset?.lastEventId, others], ["reset", "", []]);
  assertEquals(JSON.parse(reset?.data ?? "").last_seq, 2);
  const old = await rest.request("GET", "/events", { headers: { "last-event-id": first?.lastEventId ?? "" } });
  assertEquals([old.status, (await old.json()).code], [410, "unknown_event"]);
  await using again = await open(rest, "?after=1.0");
  const told = await again.take(3);
  assertEquals(told.map(({ lastEventId }) => lastEventId), ["1.1@1", "2.0@1", "2.1@1"]);
  await using resumed = await open(rest, "", { headers: { "last-event-id": "2.0@1" } });
  assertEquals((await resumed.take(1)).map(({ lastEventId }) => lastEventId), ["2.1@1"]);
});

Deno.test("what is redacted while a client reads nothing is told without the text", async () => {
  await using rest = await startRest();
  // One page of the journal, and more bytes than a stream keeps ready.
  const ids = times(8, (index) => `t${index}`);
  const tasks = ids.map((id) => ({ id, description: `hunter2 ${"€".repeat(7_000)}` }));
  await rest.ask("POST", "/tasks", { tasks });
  const { body } = await rest.request("GET", "/events?after=0&type=task.created");
  assert(body !== null);
  await using reader = Object.assign(body.pipeThrough(new TextDecoderStream()).getReader(), {
    [Symbol.asyncDispose]: () => reader.cancel(),
  });
  let text = "";
  const readUntil = async (wanted: string) => {
    while (!text.includes(wanted)) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`The stream ended without ${wanted}`);
      text += value;
    }
  };
  await readUntil('"subject":"t0"');
  const told = Promise.withResolvers<void>();
  const unsubscribe = rest.engine.subscribe(() => told.resolve());
  const records = [[1, "0".repeat(64)] as const];
  const redaction = { id: "t7", fields: ["description" as const], reason: "leak", records };
  await rest.engine.execute({ type: "redact_task", ...redaction }, localOperator("operator"));
  await told.promise;
  unsubscribe();
  await readUntil('"subject":"t7"');
  await readUntil("[redacted]");
  assertEquals(Array.from(text.matchAll(/"subject":"(t\d)"/g), ([, id]) => id), ids);
  assertEquals(text.match(/hunter2/g)?.length, ids.length - 1);
});

async function open(rest: Rest, query = "", options: RequestOptions = {}): Promise<EventReader> {
  const response = await rest.request("GET", `/events${query}`, options);
  if (response.status !== 200) throw new Error(await response.text());
  assertEquals(response.headers.get("content-type"), "text/event-stream");
  return new EventReader(response);
}

/** A journal that can be given another epoch, as a repair does. */
class RepairedJournal extends MemoryJournal {
  epoch = 0;

  override async identity() {
    const identity = await super.identity();
    return identity && { ...identity, epoch: this.epoch };
  }
}

async function create(rest: Rest, id: string): Promise<void> {
  await rest.ask("POST", "/tasks", { id, description: `do ${id}` });
}

async function finish(rest: Rest, id: string): Promise<void> {
  await rest.ask("POST", `/tasks/${id}/claim`, { instance_id: "ann" });
  await rest.ask("POST", `/tasks/${id}/complete`, { instance_id: "ann", result: "done" });
}
