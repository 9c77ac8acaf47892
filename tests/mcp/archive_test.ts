/** Shows how agents archive tasks, what they are told of archived ones, and that old ones are archived by themselves. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { claim, create, fail, finish } from "../support/calls.ts";
import { McpError } from "../support/sdk_client.ts";
import { type Json, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { until } from "../support/until.ts";

Deno.test("archived tasks", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await server.ask("create_group", { group_id: "g" });
  const tasks = ["a", "b", "c"].map((id) => ({ id, description: `do ${id}`, group: "g" }));
  await server.ask("create_tasks", { tasks });
  await server.ask("create_task", { id: "sum", description: "sum up", dependencies: [{ group: "g" }] });
  for (const id of ["a", "b"]) await finish(server, id, `result of ${id}`);
  const details = (task_id: string) => server.refused("get_task_details", { task_id });

  await t.step("leave the list, and are counted in their group", async () => {
    const changed = await server.ask("update_tasks", { action: "archive", ids: ["a", "b"] });
    assertEquals(changed, { changed: 2, unchanged: 0, refused: [], refused_count: 0 });
    assertEquals((await server.ask<Json[]>("get_task_status")).map(({ id }) => id), ["c", "sum"]);
    const { total, percent, counts, archived } = await server.ask("get_groups", { group_id: "g" });
    assertEquals([total, percent, (counts as Json)["completed"], archived], [3, 66, 2, { completed: 2 }]);
  });

  await t.step("are found by id: the answer says when they were archived, and the history has them", async () => {
    const { code, message } = await details("a");
    assertEquals(code, "not_found");
    assertMatch(message, /^Task a not found, as it was archived at 20\d\d-.*Z: get_history with task_id a has all/);
    assertMatch(
      (await server.refused("explain_task", { task_id: "a" })).message,
      /^Task a not found, as it was archived/,
    );
    const error = await server.client.readResource({ uri: "orchestrator://tasks/a" }).catch((error: unknown) => error);
    assertEquals(error instanceof McpError && error.message.includes("it was archived at"), true);
    const { events } = await server.ask<{ events: readonly { type: string; data: Json }[] }>("get_history", {
      task_id: "a",
    });
    assertEquals(events.map(({ type }) => type), [
      "task.created",
      "task.ready",
      "task.claimed",
      "task.completed",
      "task.archived",
    ]);
    assertEquals([events[3]?.data["result"], events[4]?.data["group"]], ["result of a", "g"]);
    assertMatch((await details("never")).message, /^Task never not found: get_task_status lists/);
  });

  await t.step("are told as gone with the inputs of a claim", async () => {
    await finish(server, "c", "result of c");
    const { content } = await server.call("get_next_task", { instance_id: "ann", task_id: "sum" });
    const text = JSON.stringify(content);
    assertStringIncludes(text, '\\"archived_inputs\\":2');
    assertStringIncludes(text, "get_history with group and type");
    const { events } = await server.ask<{ events: readonly { subject: string }[] }>("get_history", {
      group: "g",
      type: ["task.completed"],
    });
    assertEquals(events.map(({ subject }) => subject), ["a", "b", "c"]);
  });

  await t.step("free their ids; of a deleted task that had one, nothing is said of an archive", async () => {
    await create(server, "a");
    assertEquals((await claim(server, "a"))["attempt"], 2);
    await server.ask("release_task", { task_id: "a", instance_id: "ann" });
    await server.ask("delete_task", { task_id: "a" });
    assertMatch((await details("a")).message, /^Task a not found: get_task_status lists/);
  });

  await t.step("are not those that others wait for, and parameters that do not belong to it are refused", async () => {
    await create(server, "p", { id: "q", dependencies: ["p"] });
    await fail(server, "p");
    const { code, message } = await server.refused("update_tasks", { action: "archive", ids: ["p"] });
    assertEquals(code, "has_dependents");
    assertStringIncludes(
      message,
      "Cannot archive task p as q, which names it, is pending; what would help: update_task q",
    );
    const unused = await server.refused("update_tasks", { action: "archive", ids: ["p"], reason: "old" });
    assertStringIncludes(unused.message, "Cannot archive tasks with reason, which this action does not use");
  });
});

Deno.test("with --archive-after, tasks are archived by themselves, and a restart finds the same", async () => {
  await using directory = await temporaryDirectory();
  const archived = { total: 1, archived: { completed: 1 } };
  const group = async (server: Awaited<ReturnType<typeof startServer>>) => {
    const { total, archived } = await server.ask("get_groups", { group_id: "g" });
    return { total, archived };
  };
  {
    await using server = await startServer(directory.path, { args: ["--archive-after", "PT0.1S"] });
    await server.ask("create_group", { group_id: "g" });
    await server.ask("create_tasks", {
      tasks: [{ id: "a", description: "do a", group: "g" }, { id: "b", description: "b" }],
    });
    await finish(server, "a");
    await until("the archive", async () => (await server.ask<Json[]>("get_task_status")).length === 1);
    assertEquals(await group(server), archived);
  }
  await using server = await startServer(directory.path);
  assertEquals(await group(server), archived);
  assertMatch((await server.refused("get_task_details", { task_id: "a" })).message, /it was archived at/);
});
