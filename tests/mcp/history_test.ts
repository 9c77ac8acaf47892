/** Shows what get_history tells: who did what and when, of all tasks or one, from either end, in bounded answers. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { claim, create, fail, finish } from "../support/calls.ts";
import { rounds } from "../support/rounds.ts";
import { type Json, type Server, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

interface HistoryEvent {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly data: Json;
}

interface History {
  readonly events: readonly HistoryEvent[];
  readonly last_seq: number;
  readonly has_more: boolean;
  readonly next_since?: string;
  readonly next_until?: string;
}

Deno.test("history of a short life", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path, { name: "Claude Code (beta)\n" });

  await t.step("is empty at first", async () => {
    assertEquals(await server.ask("get_history"), { events: [], last_seq: 0, has_more: false });
  });

  await create(server, "a", { id: "b", dependencies: ["a"] });
  await finish(server, "a", "made");
  await server.ask("update_task", { task_id: "b", description: "new" });
  await fail(server, "b", "no");
  await server.ask("retry_task", { task_id: "b" });
  await server.ask("cancel_task", { task_id: "b", reason: "why not", instance_id: "lead" });
  await server.ask("delete_task", { task_id: "b" });

  await t.step("has every change, with its actor", async () => {
    const { events, last_seq, has_more } = await history({});
    const actor = "Claude Code ?beta??";
    const held = { instance: "ann", attempt: 1 };
    const shown = (id: string, type: string, subject: string, data: Json = {}) => {
      return { id, type, subject, data: { ...data, actor } };
    };
    const told = events.filter(({ type }) => type !== "task.ready").map(({ time: _, data, ...event }) => {
      const { session: _s, maxAttempts: _m, ...rest } = data;
      return { ...event, data: rest };
    });
    assertEquals<unknown>(told, [
      shown("1.0", "task.created", "a", { description: "do a", dependencies: [] }),
      shown("1.1", "task.created", "b", { description: "do b", dependencies: ["a"] }),
      shown("2.0", "task.claimed", "a", held),
      shown("3.0", "task.completed", "a", { ...held, result: "made" }),
      shown("4.0", "task.updated", "b", { description: "new" }),
      shown("5.0", "task.claimed", "b", held),
      shown("6.0", "task.failed", "b", { cause: "reported", ...held, error: "no" }),
      shown("7.0", "task.retried", "b"),
      shown("8.0", "task.cancelled", "b", { reason: "why not", by: { caller: actor, instance: "lead" } }),
      shown("9.0", "task.deleted", "b"),
    ]);
    for (const { time } of events) assertMatch(time, ISO_TIME);
    assertEquals([last_seq, has_more], [9, false]);
  });

  await t.step("filters by task, even a deleted one", async () => {
    assertEquals(await ids({ task_id: "a" }), ["1.0", "1.2", "2.0", "3.0"]);
    assertEquals(await ids({ task_id: "b" }), ["1.1", "3.1", "4.0", "5.0", "6.0", "7.0", "7.1", "8.0", "9.0"]);
    assertEquals(await ids({ task_id: "never" }), []);
  });

  await t.step("filters by instance and type", async () => {
    assertEquals(await ids({ instance_id: "ann" }), ["2.0", "3.0", "5.0", "6.0"]);
    assertEquals(await ids({ type: "task.claimed" }), ["2.0", "5.0"]);
    assertEquals(await ids({ type: ["orchestrator.task.claimed"], instance_id: "ann", task_id: "b" }), ["5.0"]);
    assertEquals(await ids({ instance_id: "lead" }), ["8.0"]);
    assertEquals(await ids({ instance_id: "bob" }), []);
  });

  await t.step("gives the newest events up to a limit, and those before them", async () => {
    assertEquals(await ids({ limit: 2 }), ["8.0", "9.0"]);
    const { has_more, next_until, last_seq } = await history({ limit: 2 });
    assertEquals([has_more, next_until, last_seq], [true, "8.0", 9]);
    assertEquals(await ids({ limit: 2, until: "8.0" }), ["7.0", "7.1"]);
    assertEquals(await ids({ limit: 2, until: "2" }), ["1.1", "1.2"]);
    assertEquals((await history({ limit: 13 })).has_more, false);
    assertEquals(await ids({ task_id: "b", limit: 2 }), ["8.0", "9.0"]);
    assertEquals((await history({ task_id: "b", limit: 9 })).has_more, false);
  });

  await t.step("gives the events after a seq or an event, oldest first", async () => {
    assertEquals((await ids({ since: 0 })).slice(0, 3), ["1.0", "1.1", "1.2"]);
    assertEquals(await ids({ since: 7 }), ["8.0", "9.0"]);
    assertEquals(await ids({ since: "7" }), ["8.0", "9.0"]);
    assertEquals(await ids({ since: "1.0", limit: 2 }), ["1.1", "1.2"]);
    assertEquals(await ids({ since: 9 }), []);
    assertEquals(await ids({ since: 1_000 }), []);
    assertEquals(await ids({ since: 2, limit: 3 }), ["3.0", "3.1", "4.0"]);
    const { has_more, next_since, last_seq } = await history({ since: 2, limit: 3 });
    assertEquals([has_more, next_since, last_seq], [true, "4.0", 4]);
    assertEquals((await history({ since: 2, limit: 9 })).has_more, false);
    assertEquals(await ids({ since: 4, task_id: "b", limit: 2 }), ["5.0", "6.0"]);
    assertEquals(await ids({ since: 3, task_id: "a" }), []);
    assertEquals(await ids({ since: 2, until: 5 }), ["3.0", "3.1", "4.0"]);
  });

  await t.step("tells up to which record a page is whole, whatever the filter", async () => {
    const lastSeq = async (args: Json) => (await history(args)).last_seq;
    assertEquals(await lastSeq({ since: 0, task_id: "never" }), 9);
    assertEquals(await lastSeq({ since: 0, limit: 1 }), 0);
    assertEquals(await lastSeq({ since: 0, limit: 3 }), 1);
    assertEquals(await lastSeq({ since: 0, until: 6 }), 5);
    assertEquals(await lastSeq({ since: 0, until: "1.1" }), 0);
    assertEquals(await lastSeq({ task_id: "a", limit: 1 }), 9);
  });

  await t.step("gives the events of a span of time", async () => {
    const { events } = await history({});
    const at = (id: string) => events.find((event) => event.id === id)?.time ?? "";
    const between = (from: string, to: string) =>
      events.filter(({ time }) => time >= from && time < to).map(({ id }) => id);
    assertEquals(await ids({ since: at("3.0") }), between(at("3.0"), "3"));
    assertEquals(await ids({ until: at("3.0") }), between("", at("3.0")));
    assertEquals(await ids({ since: at("2.0"), until: at("7.0") }), between(at("2.0"), at("7.0")));
    assertEquals(await ids({ since: "PT1H" }), between("", "3"));
    assertEquals(await ids({ until: "PT1H" }), []);
  });

  await t.step("filters by group, also where a task has moved or is gone", async () => {
    await server.ask("create_group", { group_id: "g" });
    await server.ask("create_group", { group_id: "h" });
    const tasks = [{ id: "c", description: "", group: "g" }, { id: "d", description: "" }];
    await server.ask("create_tasks", { tasks });
    await server.ask("update_task", { task_id: "c", group: "h" });
    await server.ask("delete_task", { task_id: "c" });
    assertEquals(await ids({ group: "g" }), ["10.0", "12.0", "12.2", "13.0"]);
    assertEquals(await ids({ group: "h" }), ["11.0", "13.0", "14.0"]);
    const { events } = await history({ task_id: "c" });
    assertEquals(events.map(({ data: { group, previousGroup } }) => [group, previousGroup]), [
      ["g", undefined],
      ["g", undefined],
      ["h", "g"],
      ["h", undefined],
    ]);
  });

  async function history(args: Json): Promise<History> {
    return await server.ask<History>("get_history", args);
  }

  async function ids(args: Json): Promise<string[]> {
    return (await history(args)).events.map(({ id }) => id);
  }
});

Deno.test("a long history is read in bounded answers", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);

  await t.step("with long texts and lists cut, and of a bulk record only what was asked for", async () => {
    const ids = Array.from({ length: 25 }, (_, n) => `l${n}`);
    await server.ask("create_task", { id: "last", description: "", dependencies: [] });
    await create(server, ...ids);
    await server.ask("update_task", { task_id: "last", dependencies: ids });
    await claim(server, "l0");
    await server.ask("complete_task", { task_id: "l0", instance_id: "ann", result: "x".repeat(10_000) });
    const updated = await server.ask<History>("get_history", { type: "task.updated" });
    assertEquals(updated.events[0]?.data["dependencies"], [...ids.slice(0, 20), "… and 5 more"]);
    const { events } = await server.ask<History>("get_history", { task_id: "l0" });
    assertEquals(events.map(({ id, type }) => [id, type]), [
      ["2.0", "task.created"],
      ["2.25", "task.ready"],
      ["4.0", "task.claimed"],
      ["5.0", "task.completed"],
    ]);
    assertEquals(events[3]?.data["result"], `${"x".repeat(200)}… (10000 characters, the journal has all)`);
  });

  await t.step("in pages, of fifty by default, without gaps or repetitions from either end", async () => {
    await Promise.all(
      Array.from({ length: 700 }, (_, n) => server.ask("create_task", { id: `t${n}`, description: "" })),
    );
    const all = [
      ...["1.0", "1.1", ...sequence(0, 49).map((n) => `2.${n}`), "3.0", "4.0", "5.0"],
      ...sequence(6, 705).flatMap((seq) => [`${seq}.0`, `${seq}.1`]),
    ];
    const newest = await server.ask<History>("get_history");
    assertEquals(newest.events.map(({ id }) => id), all.slice(-50));
    assertEquals(newest.has_more, true);
    for (const limit of [7, 50, 500]) {
      assertEquals(await readAll(server, limit), all);
      assertEquals(await readBack(server, limit), all);
    }
  });

  await t.step("of bounded size, with the newest events or those after a seq", async () => {
    const description = "x".repeat(200);
    for (let n = 0; n < 40; n++) {
      const tasks = Array.from({ length: 20 }, (_, m) => ({ id: `w${n}.${m}`, description }));
      await server.ask("create_tasks", { tasks });
    }
    const { content } = await server.call("get_history", { limit: 500 });
    const text = content[0]?.type === "text" ? content[0].text : "";
    assert(text.length > 32 * 1024 && text.length <= 65 * 1024, `${text.length} characters`);
    const { events, has_more } = JSON.parse(text);
    assertEquals(events.at(-1).id, "745.39");
    assertEquals(has_more, true);
    const all = await readAll(server, 500);
    assertEquals(all.slice(-1601), [
      "705.1",
      ...sequence(706, 745).flatMap((seq) => sequence(0, 39).map((n) => `${seq}.${n}`)),
    ]);
    assertEquals(await readBack(server, 500), all);
  });
});

/** The ids of all events, read page by page from the start. */
async function readAll(server: Server, limit: number): Promise<string[]> {
  const ids: string[] = [];
  let since: string | undefined = "0";
  for (const _ of rounds("the history", 1_000)) {
    const page: History = await server.ask<History>("get_history", { since, limit });
    ids.push(...page.events.map(({ id }) => id));
    since = page.next_since;
    assertEquals(page.has_more, since !== undefined);
    if (since === undefined) break;
  }
  return ids;
}

/** The ids of all events, read page by page from the end. */
async function readBack(server: Server, limit: number): Promise<string[]> {
  let ids: readonly string[] = [];
  let until: string | undefined;
  for (const _ of rounds("the history", 1_000)) {
    const page: History = await server.ask<History>("get_history", { limit, ...(until !== undefined && { until }) });
    ids = [...page.events.map(({ id }) => id), ...ids];
    until = page.next_until;
    if (until === undefined) break;
  }
  return [...ids];
}

function sequence(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, n) => first + n);
}
