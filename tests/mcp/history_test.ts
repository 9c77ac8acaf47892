/** Shows what get_history tells: who did what and when, of all tasks or one, from either end, in bounded answers. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { claim, create, fail, finish } from "../support/calls.ts";
import { rounds } from "../support/rounds.ts";
import { type Json, type Server, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

interface History {
  readonly records: readonly {
    readonly seq: number;
    readonly at: string;
    readonly actor: string;
    readonly command: string;
    readonly events: readonly Json[];
  }[];
  readonly has_more: boolean;
}

Deno.test("history of a short life", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path, { name: "Claude Code (beta)\n" });

  await t.step("is empty at first", async () => {
    assertEquals(await server.ask("get_history"), { records: [], has_more: false });
  });

  await create(server, "a", { id: "b", dependencies: ["a"] });
  await finish(server, "a", "made");
  await server.ask("update_task", { task_id: "b", description: "new" });
  await fail(server, "b", "no");
  await server.ask("retry_task", { task_id: "b" });
  await server.ask("cancel_task", { task_id: "b", reason: "why not" });
  await server.ask("delete_task", { task_id: "b" });

  await t.step("has a record of every change, with its actor", async () => {
    const { records, has_more } = await history({});
    const client = "Claude Code ?beta??";
    assertEquals(records.map(({ at: _, events, ...record }) => ({ ...record, events: events.map(withoutSession) })), [
      {
        seq: 1,
        actor: client,
        command: "create_tasks",
        events: [{
          type: "tasks.created",
          tasks: [
            { id: "a", description: "do a", dependencies: [], maxAttempts: 5 },
            { id: "b", description: "do b", dependencies: ["a"], maxAttempts: 5 },
          ],
        }, { type: "tasks.ready", tasks: ["a"] }],
      },
      claimed(2, "a", { actor: client, attempt: 1 }),
      {
        seq: 3,
        actor: client,
        command: "complete_task",
        events: [
          { type: "task.completed", id: "a", instance: "ann", attempt: 1, result: "made" },
          { type: "tasks.ready", tasks: ["b"] },
        ],
      },
      {
        seq: 4,
        actor: client,
        command: "update_task",
        events: [{ type: "task.updated", id: "b", description: "new" }],
      },
      claimed(5, "b", { actor: client, attempt: 1 }),
      {
        seq: 6,
        actor: client,
        command: "fail_task",
        events: [{ type: "task.failed", id: "b", instance: "ann", attempt: 1, error: "no" }],
      },
      {
        seq: 7,
        actor: client,
        command: "retry_task",
        events: [{ type: "task.retried", id: "b" }, { type: "tasks.ready", tasks: ["b"] }],
      },
      {
        seq: 8,
        actor: client,
        command: "cancel_task",
        events: [{ type: "task.cancelled", id: "b", reason: "why not" }],
      },
      { seq: 9, actor: client, command: "delete_task", events: [{ type: "task.deleted", id: "b" }] },
    ]);
    for (const { at } of records) assertMatch(at, ISO_TIME);
    assertEquals(has_more, false);
  });

  await t.step("filters by task, even a deleted one", async () => {
    assertEquals(await seqs({ task_id: "a" }), [1, 2, 3]);
    assertEquals(await seqs({ task_id: "b" }), [1, 3, 4, 5, 6, 7, 8, 9]);
    assertEquals(await seqs({ task_id: "never" }), []);
  });

  await t.step("gives the newest records up to a limit", async () => {
    assertEquals(await seqs({ limit: 2 }), [8, 9]);
    assertEquals((await history({ limit: 2 })).has_more, true);
    assertEquals((await history({ limit: 9 })).has_more, false);
    assertEquals(await seqs({ task_id: "b", limit: 2 }), [8, 9]);
    assertEquals((await history({ task_id: "b", limit: 8 })).has_more, false);
  });

  await t.step("gives the records after a seq, oldest first", async () => {
    assertEquals(await seqs({ since: 0 }), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assertEquals(await seqs({ since: 7 }), [8, 9]);
    assertEquals(await seqs({ since: 9 }), []);
    assertEquals(await seqs({ since: 1_000 }), []);
    assertEquals(await seqs({ since: 2, limit: 3 }), [3, 4, 5]);
    assertEquals((await history({ since: 2, limit: 3 })).has_more, true);
    assertEquals((await history({ since: 2, limit: 7 })).has_more, false);
    assertEquals(await seqs({ since: 4, task_id: "b", limit: 2 }), [5, 6]);
    assertEquals(await seqs({ since: 3, task_id: "a" }), []);
  });

  async function history(args: Json): Promise<History> {
    return await server.ask<History>("get_history", args);
  }

  async function seqs(args: Json): Promise<number[]> {
    return (await history(args)).records.map(({ seq }) => seq);
  }
});

Deno.test("a long history is read in bounded answers", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);

  await t.step("with long texts and lists cut", async () => {
    const ids = Array.from({ length: 25 }, (_, n) => `l${n}`);
    await create(server, ...ids);
    await claim(server, "l0");
    await server.ask("complete_task", { task_id: "l0", instance_id: "ann", result: "x".repeat(10_000) });
    const { records } = await server.ask<History>("get_history");
    const tasks = records[0]?.events[0]?.["tasks"];
    assert(Array.isArray(tasks));
    assertEquals(tasks.slice(0, 20).map(({ id }) => id), ids.slice(0, 20));
    assertEquals(tasks.slice(20), ["… and 5 more"]);
    const result = `${"x".repeat(200)}… (10000 characters, the journal has all)`;
    assertEquals(records[2]?.events, [{ type: "task.completed", id: "l0", instance: "ann", attempt: 1, result }]);
  });

  await t.step("in pages, of fifty by default, without gaps or repetitions", async () => {
    await Promise.all(
      Array.from({ length: 700 }, (_, n) => server.ask("create_task", { id: `t${n}`, description: "" })),
    );
    const newest = await server.ask<History>("get_history");
    assertEquals(newest.records.map(({ seq }) => seq), sequence(654, 703));
    assertEquals(newest.has_more, true);
    for (const limit of [7, 50, 500]) assertEquals(await readAll(server, limit), sequence(1, 703));
  });

  await t.step("of bounded size, with the newest records or those after a seq", async () => {
    const description = "x".repeat(200);
    for (let n = 0; n < 40; n++) {
      const tasks = Array.from({ length: 20 }, (_, m) => ({ id: `w${n}.${m}`, description }));
      await server.ask("create_tasks", { tasks });
    }
    const { content } = await server.call("get_history", { limit: 40 });
    const text = content[0]?.type === "text" ? content[0].text : "";
    assert(text.length <= 65 * 1024, `${text.length} characters`);
    const { records, has_more } = JSON.parse(text);
    assertEquals(records.at(-1).seq, 743);
    assertEquals(has_more, true);
    assertEquals(await readAll(server, 500), sequence(1, 743));
  });
});

/** All seqs, read page by page from the start. */
async function readAll(server: Server, limit: number): Promise<number[]> {
  const seqs: number[] = [];
  for (const _ of rounds("the history", 1_000)) {
    const { records, has_more } = await server.ask<History>("get_history", { since: seqs.at(-1) ?? 0, limit });
    seqs.push(...records.map(({ seq }) => seq));
    if (!has_more) break;
  }
  return seqs;
}

/** An event without the id of a connection. */
function withoutSession({ session: _, ...event }: Json): Json {
  return event;
}

function claimed(seq: number, id: string, by: { readonly actor: string; readonly attempt: number }): Json {
  return {
    seq,
    actor: by.actor,
    command: "claim_task",
    events: [{ type: "task.claimed", id, instance: "ann", attempt: by.attempt }],
  };
}

function sequence(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, n) => first + n);
}
