/** Shows that clients are told of changes to what they follow, whichever process made them, and of nothing else. */

import { localOperator } from "../../src/core/model/access.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Engine } from "../../src/app/engine.ts";
import { Feed } from "../../src/app/feed.ts";
import { Subscriptions } from "../../src/mcp/subscriptions.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { claim, create, finish } from "../support/calls.ts";
import { newTask } from "../core/given.ts";
import { FakeTime } from "../support/fake_time.ts";
import { RecordingLog } from "../support/log.ts";
import { McpError, ResourceUpdatedNotificationSchema } from "../support/sdk_client.ts";
import { startServer } from "../support/server.ts";
import { createTask } from "../support/store.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { until } from "../support/until.ts";

const TASKS = "orchestrator://tasks";

Deno.test("subscriptions", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await using other = await startServer(directory.path);
  const told: string[] = [];
  server.client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void told.push(params.uri));
  const servers = [["the same", server], ["another", other]] as const;

  for (const [which, changing] of servers) {
    await t.step(`to a list notify of changes by ${which} process`, async () => {
      for (const uri of [TASKS, "orchestrator://graph", "orchestrator://history"]) {
        await server.client.subscribeResource({ uri });
        told.length = 0;
        await create(changing, `${uri} by ${which}`);
        await until(`a notification of ${uri}`, () => told.includes(uri));
        await server.client.unsubscribeResource({ uri });
      }
    });
  }

  await create(server, "marker", "a", "unrelated", { id: "b", dependencies: ["a"] });
  await server.client.subscribeResource({ uri: uriOf("b") });
  await server.client.subscribeResource({ uri: uriOf("marker") });

  for (const [which, changing] of servers) {
    await t.step(`to a task notify of changes by ${which} process`, async () => {
      await tellsOf("b", () => changing.ask("update_task", { task_id: "b", description: `by ${which}` }));
      await tellsOf("b", () => changing.ask("cancel_task", { task_id: "b" }));
      await tellsOf("b", () => changing.ask("retry_task", { task_id: "b" }));
    });

    await t.step(`to a task do not notify while it stays the same, whatever ${which} process does`, async () => {
      await tellsNothing(() => changing.ask("update_task", { task_id: "unrelated", description: `by ${which}` }));
      await tellsNothing(() => create(changing, { id: `after b by ${which}`, dependencies: ["b"] }));
      await tellsNothing(() => claim(changing, "a"));
      await tellsNothing(() => changing.ask("release_task", { task_id: "a", instance_id: "ann" }));
    });
  }

  await t.step("to a task notify when a dependency changes its readiness", async () => {
    await tellsOf("b", () => other.ask("cancel_task", { task_id: "a" }));
    await tellsOf("b", () => other.ask("retry_task", { task_id: "a" }));
    await tellsOf("b", () => finish(other, "a"));
  });

  await t.step("to a task notify of a change back to an earlier content", async () => {
    await tellsOf("b", () => claim(other, "b"));
    await tellsOf("b", () => other.ask("release_task", { task_id: "b", instance_id: "ann" }));
  });

  for (const [which, changing] of servers) {
    await t.step(
      `to a group notify of every change of a member by ${which} process, and of no other change`,
      async () => {
        const [group, other] = [`group by ${which}`, `other group by ${which}`];
        const [first, second] = [`first by ${which}`, `second by ${which}`];
        for (const group_id of [group, other]) await changing.ask("create_group", { group_id });
        const tells = async (change: () => Promise<unknown>) => assertEquals(await toldBy(change), [groupUriOf(group)]);
        await server.client.subscribeResource({ uri: groupUriOf(group) });
        await tells(() =>
          changing.ask("create_task", { id: first, description: "", group, locks: [`lock by ${which}`] })
        );
        await tells(() => changing.ask("update_task", { task_id: first, description: "another text" }));
        await tells(() => claim(changing, first));
        await tells(() => changing.ask("report_progress", { task_id: first, instance_id: "ann", percent: 50 }));
        await tells(() => changing.ask("release_task", { task_id: first, instance_id: "ann" }));
        const locking = { id: second, description: "", group: other, locks: [`lock by ${which}`] };
        await tellsNothing(() => changing.ask("create_task", locking));
        await tells(() => claim(changing, second));
        await tellsNothing(() => changing.ask("report_progress", { task_id: second, instance_id: "ann", percent: 50 }));
        await tells(() => changing.ask("release_task", { task_id: second, instance_id: "ann" }));
        await tells(() => changing.ask("update_task", { task_id: first, group: other }));
        await tellsNothing(() => changing.ask("update_task", { task_id: first, description: "elsewhere" }));
        await tells(() => changing.ask("update_group", { group_id: group, title: "Another title" }));
        await tells(() => changing.ask("delete_group", { group_id: group }));
        await server.client.unsubscribeResource({ uri: groupUriOf(group) });
      },
    );
  }

  await t.step("to a task that does not exist notify of its creation and its deletion", async () => {
    await server.client.subscribeResource({ uri: uriOf("later 🦕") });
    await tellsOf("later 🦕", () => create(other, "later 🦕"));
    await tellsOf("later 🦕", () => other.ask("delete_task", { task_id: "later 🦕" }));
  });

  await t.step("do not notify after they ended", async () => {
    await server.client.unsubscribeResource({ uri: uriOf("b") });
    await tellsNothing(() => other.ask("update_task", { task_id: "b", description: "unseen" }));
    await server.client.unsubscribeResource({ uri: "orchestrator://never" });
  });

  await t.step("begin and end in any order", async () => {
    for (const id of ["later 🦕", "marker"]) await server.client.unsubscribeResource({ uri: uriOf(id) });
    // The last one ends while the next one begins.
    await server.client.subscribeResource({ uri: uriOf("a") });
    await Promise.all([
      server.client.subscribeResource({ uri: uriOf("marker") }),
      server.client.unsubscribeResource({ uri: uriOf("a") }),
    ]);
    await tellsNothing(() => create(other, "untold"));
  });

  await t.step("need a well-formed URI", async () => {
    for (
      const uri of ["orchestrator://nothing", "orchestrator://tasks/%", "http://example.com", uriOf("x".repeat(3_000))]
    ) {
      const error = await server.client.subscribeResource({ uri }).catch((error) => error);
      assert(error instanceof McpError, uri);
      assertEquals(error.code, -32602);
    }
  });

  await t.step("are bounded in number", async () => {
    const uris = Array.from({ length: 1_000 }, (_, n) => uriOf(`many ${n}`));
    const added = await Promise.allSettled(uris.map((uri) => server.client.subscribeResource({ uri })));
    const refused = added.filter((outcome) => outcome.status === "rejected");
    assertEquals(refused.length, 1, "one was there before");
    assertStringIncludes(String(refused[0]?.reason), "At most 1000 subscriptions are allowed");
    await server.client.subscribeResource({ uri: uriOf("many 5") });
  });

  async function tellsOf(id: string, change: () => Promise<unknown>): Promise<void> {
    assertEquals(await toldBy(change), [uriOf(id)]);
  }

  async function tellsNothing(change: () => Promise<unknown>): Promise<void> {
    assertEquals(await toldBy(change), []);
  }

  /** What a change makes the server tell. */
  async function toldBy(change: () => Promise<unknown>): Promise<string[]> {
    told.length = 0;
    await change();
    // Changes are told in their order: with this one, all before it have been.
    await other.ask("update_task", { task_id: "marker", description: crypto.randomUUID() });
    await until("the marker's notification", () => told.includes(uriOf("marker")));
    await server.client.ping();
    return told.filter((uri) => uri !== uriOf("marker"));
  }
});

Deno.test({
  name: "the journal is watched while there are subscriptions, and no change is notified after the last one ended",
  permissions: "none",
  async fn() {
    for (const end of ["remove", "close"] as const) {
      using time = new FakeTime();
      const log = new RecordingLog();
      const engine = await Engine.start({
        journal: new MemoryJournal(() => 0),
        checkpoints: noCheckpoints,
        log,
      });
      const told: string[] = [];
      const subscriptions = new Subscriptions({
        find: (query) => engine.query(query, localOperator("client")),
        feed: new Feed(engine, log),
        notify: (uri) => told.push(uri),
        onError: (error) => told.push(String(error)),
      });
      for (const uri of [TASKS, uriOf("a")]) await subscriptions.add([uri]);
      subscriptions.remove(TASKS);
      await createTask(engine, "a");
      await time.pass(1_000);
      assertEquals(told.splice(0), [uriOf("a")]);
      assert(time.timers > 0);
      await createTask(engine, "b");
      await engine.execute({ type: "cancel_task", id: "a" }, localOperator("test"));
      if (end === "remove") subscriptions.remove(uriOf("a"));
      else subscriptions.close();
      assertEquals(time.timers, 0);
      await time.pass(1_000);
      assertEquals([told, log.warnings], [[], []]);
    }
  },
});

Deno.test({
  name: "of 300 subscriptions, one change notifies one, after one lookup that answers versions only",
  permissions: "none",
  async fn() {
    using time = new FakeTime();
    const log = new RecordingLog();
    const engine = await Engine.start({ journal: new MemoryJournal(() => 0), checkpoints: noCheckpoints, log });
    const ids = Array.from({ length: 300 }, (_, index) => `t${index}`);
    const tasks = ids.map((id) => ({ ...newTask(id), description: "x".repeat(10_000) }));
    await engine.execute({ type: "create_tasks", tasks }, localOperator("test"));
    const told: string[] = [];
    const answered: string[] = [];
    const subscriptions = new Subscriptions({
      find: async (query) => {
        const found = await engine.query(query, localOperator("client"));
        answered.push([...found.tasks.values()].join());
        return found;
      },
      feed: new Feed(engine, log),
      notify: (uri) => told.push(uri),
      onError: (error) => told.push(String(error)),
    });
    await subscriptions.add(ids.map(uriOf));
    answered.length = 0;
    await engine.execute({ type: "cancel_task", id: "t7" }, localOperator("test"));
    await time.pass(1_000);
    assertEquals([told, answered.length], [[uriOf("t7")], 1]);
    assert(answered[0] !== undefined && answered[0].length < 300 * 20, "no content of any task");
    subscriptions.close();
    await engine.close();
  },
});

function uriOf(id: string): string {
  return `${TASKS}/${encodeURIComponent(id)}`;
}

function groupUriOf(id: string): string {
  return `orchestrator://groups/${encodeURIComponent(id)}`;
}
