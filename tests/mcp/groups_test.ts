/** Shows the tools of groups, and of changing many tasks at once; and groups as resources that can be followed. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { claim, create, finish } from "../support/calls.ts";
import { rounds } from "../support/rounds.ts";
import { McpError, ResourceUpdatedNotificationSchema } from "../support/sdk_client.ts";
import { type Json, type Server, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { until } from "../support/until.ts";

const NO_COUNTS = { pending: 0, in_progress: 0, completed: 0, failed: 0, cancelled: 0, skipped: 0 };

interface GroupPage {
  readonly groups: readonly Json[];
  readonly total: number;
  readonly next_cursor?: string;
}

Deno.test("groups", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  const group = async (group_id = "g") => await server.ask("get_groups", { group_id });
  const next = async () => await server.ask("get_next_task", { instance_id: "ann" });

  await t.step("are created", async () => {
    const { createdAt, ...created } = await server.ask("create_group", { group_id: "g", title: "All of it" });
    assertMatch(String(createdAt), /Z$/);
    assertEquals(created, {
      id: "g",
      title: "All of it",
      status: "empty",
      percent: 0,
      total: 0,
      counts: NO_COUNTS,
    });
    assertEquals((await server.refused("create_group", { group_id: "g" })).code, "already_exists");
    assertEquals((await server.refused("create_group", { group_id: "" })).code, "invalid_value");
    assertEquals((await server.refused("create_group", { group_id: "h", max_parallel: 0 })).code, "invalid_value");
  });

  await t.step("show status, counts and percent", async () => {
    await createIn(server, "g", "a", "b", "c");
    await finish(server, "a");
    await claim(server, "b");
    const { status, percent, total, counts } = await group();
    assertEquals([status, percent, total], ["open", 33, 3]);
    assertEquals(counts, { ...NO_COUNTS, pending: 1, in_progress: 1, completed: 1 });
    await server.ask("create_group", { group_id: "other" });
    const all = await server.ask<{ groups: Json[]; total: number }>("get_groups");
    assertEquals(all.groups.map(({ id, status }) => [id, status]), [["g", "open"], ["other", "empty"]]);
    assertEquals(all.total, 2);
    assertEquals((await server.refused("get_groups", { group_id: "none" })).code, "not_found");
  });

  await t.step("that are full or paused give out no tasks", async () => {
    await server.ask("update_group", { group_id: "g", max_parallel: 1 });
    const full = await next();
    assertEquals(full["reason"], "limited");
    assertStringIncludes(String(full["message"]), "group g has 1 running tasks, and its max_parallel is 1");
    await server.ask("update_group", { group_id: "g", clear: ["max_parallel"], paused: true });
    assertStringIncludes(String((await next())["message"]), "group g is paused (update_group resumes it)");
    const { title, paused, maxParallel } = await group();
    assertEquals([title, paused, maxParallel], ["All of it", true, undefined]);
    const [task] = await server.ask<Json[]>("get_task_status", { status: "limited" });
    assertEquals([task?.["id"], task?.["limitedBy"]], ["c", ["group g is paused (update_group resumes it)"]]);
    assertEquals([(await group())["limited"], await server.ask("get_task_status", { status: "ready" })], [1, []]);
    const resumed = await server.ask("update_group", { group_id: "g", clear: ["title"], paused: false });
    assertEquals([resumed["title"], resumed["paused"]], [undefined, undefined]);
    assertEquals((await next())["id"], "c");
    assertEquals((await server.refused("update_group", { group_id: "none" })).code, "not_found");
  });

  await t.step("can be dependencies, whole or in part, and include later members", async () => {
    await server.ask("create_tasks", {
      tasks: [
        { id: "whole", description: "", dependencies: [{ group: "g" }] },
        { id: "share", description: "", dependencies: [{ at_least: "50%", of: { group: "g" } }] },
      ],
    });
    await server.ask("complete_task", { task_id: "b", instance_id: "ann", result: "" });
    assertEquals(await readiness(server, "share"), "ready");
    await createIn(server, "g", "d");
    await server.ask("complete_task", { task_id: "c", instance_id: "ann", result: "" });
    assertEquals(await readiness(server, "whole"), "waiting");
    await finish(server, "d");
    assertEquals(await readiness(server, "whole"), "ready");
    assertEquals((await group())["status"], "done");
    const { code, message } = await server.refused("update_task", { task_id: "whole", group: "g" });
    assertEquals(code, "cycle");
    assertStringIncludes(message, "Dependencies would create a cycle: ");
  });

  await t.step("are deleted only without tasks and dependents", async () => {
    const { code, data } = await server.refused("delete_group", { group_id: "g" });
    assertEquals([code, data["count"]], ["has_dependents", 6]);
    assertEquals(await server.ask("delete_group", { group_id: "other" }), { deleted: "other" });
    assertEquals((await server.refused("delete_group", { group_id: "other" })).code, "not_found");
  });
});

Deno.test("many groups are listed in pages, each once and in the order of creation", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  const ids = Array.from({ length: 450 }, (_, index) => `g${index}`);
  for (const group_id of ids) await server.ask("create_group", { group_id, title: "long ".repeat(100) });
  const listed: unknown[] = [];
  let pages = 0;
  let cursor = "0";
  for (const _ of rounds("the list", 100)) {
    pages++;
    const page: GroupPage = await server.ask("get_groups", { cursor });
    assert(JSON.stringify(page).length < 70_000, `${JSON.stringify(page).length} characters`);
    assertEquals(page.total, ids.length);
    listed.push(...page.groups.map(({ id }) => id));
    if (page.next_cursor === undefined) break;
    cursor = page.next_cursor;
  }
  assertEquals(listed, ids);
  assert(pages >= 3, `${pages} pages`);
  const first = await server.ask<GroupPage>("get_groups");
  assertEquals(first, await server.ask<GroupPage>("get_groups", { cursor: "0" }));
  assertEquals((await server.refused("get_groups", { cursor: "next" })).code, "invalid_value");
  assertEquals((await server.ask<GroupPage>("get_groups", { cursor: "450" })).groups, []);
});

Deno.test("update_tasks", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  const update = async (args: Json) => await server.ask("update_tasks", args);
  const changed = (changed: number, unchanged = 0) => ({ changed, unchanged, refused: [], refused_count: 0 });
  await server.ask("create_group", { group_id: "g" });
  await server.ask("create_group", { group_id: "h" });
  await createIn(server, "g", "a", "b", "c");
  await create(server, "free");

  await t.step("prioritizes, assigns and moves", async () => {
    assertEquals(await update({ action: "prioritize", group: "g", to_priority: "urgent" }), changed(3));
    assertEquals(await update({ action: "prioritize", group: "g", to_priority: "urgent" }), changed(0, 3));
    assertEquals((await server.ask("get_task_details", { task_id: "a" }))["priority"], "urgent");
    assertEquals(await update({ action: "assign", ids: ["a"], to_assign: { instance: "ann" } }), changed(1));
    assertEquals((await server.ask("get_task_details", { task_id: "a" }))["assignTo"], { instance: "ann" });
    assertEquals(await update({ action: "assign", ids: ["a"], clear: ["to_assign"] }), changed(1));
    assertEquals(await update({ action: "move", ids: ["a", "free"], to_group: "h" }), changed(2));
    assertEquals((await server.ask("get_groups", { group_id: "h" }))["total"], 2);
    assertEquals(await update({ action: "move", group: "h", status: "ready", clear: ["to_group"] }), changed(2));
    assertEquals((await server.ask("get_task_details", { task_id: "free" }))["group"], undefined);
  });

  await t.step("changes all tasks or none, or with atomic: false those that it can", async () => {
    await finish(server, "b");
    const refused = await server.refused("update_tasks", { action: "cancel", ids: ["b", "c"] });
    assertEquals(refused.code, "wrong_state");
    assertStringIncludes(refused.message, "Cannot cancel task b in completed state");
    assertEquals(await readiness(server, "c"), "ready");
    const { refused: each, ...counts } = await update({
      action: "cancel",
      ids: ["b", "c"],
      reason: "no",
      atomic: false,
    });
    assertEquals(counts, { changed: 1, unchanged: 0, refused_count: 1 });
    assertEquals((each as Json[]).map(({ id, code }) => [id, code]), [["b", "wrong_state"]]);
    assertEquals((await server.ask("get_task_details", { task_id: "c" }))["reason"], "no");
  });

  await t.step("skips tasks that the action does not apply to, unless a status or ids are given", async () => {
    assertEquals(await update({ action: "cancel", group: "g" }), changed(0));
    assertEquals(await update({ action: "retry", group: "g" }), changed(1));
    assertEquals(await update({ action: "cancel", group: "g" }), changed(1));
  });

  await t.step("retries, releases and deletes", async () => {
    assertEquals(await update({ action: "retry", status: ["cancelled", "failed"] }), changed(1));
    await claim(server, "c", "bob");
    assertEquals(await update({ action: "release", assigned_to: "bob", status: "in_progress" }), changed(1));
    assertEquals(await readiness(server, "c"), "ready");
    await create(server, { id: "after c", dependencies: ["c"] });
    assertEquals((await server.refused("update_tasks", { action: "delete", ids: ["c"] })).code, "has_dependents");
    assertEquals(await update({ action: "delete", ids: ["c", "after c"] }), changed(2));
    assertEquals((await server.refused("get_task_details", { task_id: "c" })).code, "not_found");
  });

  await t.step("refuses missing and unused parameters", async () => {
    for (
      const [args, code, start] of [
        [{ action: "cancel" }, "invalid_value", "Cannot change all tasks at once"],
        [{ action: "prioritize", group: "g" }, "invalid_value", "Cannot prioritize tasks as to_priority is missing"],
        [{ action: "assign", group: "g" }, "invalid_value", "Cannot assign tasks as to_assign is missing"],
        [{ action: "move", group: "g" }, "invalid_value", "Cannot move tasks as to_group is missing"],
        [{ action: "cancel", group: "none" }, "not_found", "Group none not found"],
        [{ action: "cancel", ids: ["none"] }, "not_found", "Task none not found"],
        [{ action: "move", ids: ["free"], to_group: "none" }, "not_found", "Group none not found"],
      ] as const
    ) {
      const refused = await server.refused("update_tasks", args);
      assertEquals(refused.code, code);
      assert(refused.message.startsWith(start), refused.message);
    }
    assertMatch((await server.refused("update_tasks", { action: "explode" })).message, /action: /);
  });

  await t.step("appends one record, however many tasks change", async () => {
    const { events, last_seq } = await server.ask<{ events: { id: string; subject: string }[]; last_seq: number }>(
      "get_history",
      { limit: 2 },
    );
    assertEquals(events.map(({ id }) => id), [`${last_seq}.0`, `${last_seq}.1`]);
    assert(events.some(({ subject }) => subject === "after c"));
  });
});

Deno.test("a group is a resource", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await using other = await startServer(directory.path);
  const ids = ["g/1", "group 🦕", "x"];
  for (const group_id of ids) await server.ask("create_group", { group_id });
  const uriOf = (id: string) => `orchestrator://groups/${encodeURIComponent(id)}`;
  const read = async (id: string) => {
    const { contents: [content] } = await server.client.readResource({ uri: uriOf(id) });
    assert(content !== undefined && "text" in content && typeof content.text === "string");
    assertEquals([content.uri, content.mimeType], [uriOf(id), "application/json"]);
    return JSON.parse(content.text);
  };

  await t.step("that has the answer of get_groups, and its tasks", async () => {
    await createIn(server, "group 🦕", "a", "b");
    await create(server, "elsewhere");
    const { tasks, ...group } = await read("group 🦕");
    assertEquals(group, await server.ask("get_groups", { group_id: "group 🦕" }));
    assertEquals(tasks, await server.ask("get_task_status", { group: "group 🦕" }));
    assertEquals(tasks.length, 2);
  });

  await t.step("that exists only after create_group", async () => {
    const error = await read("none").then(() => assert(false), (error) => error);
    assert(error instanceof McpError);
    assertEquals(error.code, -32602);
    assertStringIncludes(error.message, "Group none not found");
  });

  await t.step("whose id can be completed", async () => {
    const ref = { type: "ref/resource" as const, uri: "orchestrator://groups/{id}" };
    const { completion } = await server.client.complete({ ref, argument: { name: "id", value: "g" } });
    assertEquals(completion, { values: ["g/1", "group 🦕"], hasMore: false });
  });

  await t.step("that notifies of its changes by any process, and of nothing else", async () => {
    const told: string[] = [];
    server.client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void told.push(params.uri));
    await server.client.subscribeResource({ uri: uriOf("x") });
    for (const changing of [server, other]) {
      told.length = 0;
      await createIn(changing, "x", `x${changing === server}`);
      await until("a notification", () => told.length > 0);
      told.length = 0;
      await claim(changing, `x${changing === server}`);
      await until("a notification", () => told.length > 0);
    }
    told.length = 0;
    await create(other, "unrelated");
    await other.ask("update_group", { group_id: "x", title: "last" });
    await until("a notification", () => told.length > 0);
    assertEquals(told, [uriOf("x")]);
  });
});

async function createIn(server: Server, group: string, ...ids: readonly string[]): Promise<void> {
  await server.ask("create_tasks", { tasks: ids.map((id) => ({ id, description: "", group })) });
}

async function readiness(server: Server, task_id: string): Promise<unknown> {
  return (await server.ask("get_task_details", { task_id }))["readiness"];
}
