/** Shows that calls need no `instance_id`: the instance of the session stands for it, and answers tell it. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { connect } from "../support/connected.ts";
import { type Json, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

Deno.test("a worker that gives no instance_id is the same instance in every call, and is told which", async () => {
  await using server = await connect();
  const ask = async (tool: string, args: Json = {}) => (await server.call(tool, args)).structuredContent as Json;
  const { you } = await ask("get_next_task");
  assertMatch(String(you), /^test-[a-z]+-[a-z]+$/);
  await ask("create_tasks", { tasks: ["a", "b", "c"].map((id) => ({ id, description: id })) });
  assertEquals((await ask("register_instance", { max_concurrent: 5 }))["you"], you);
  const claimed = await ask("get_next_task");
  assertEquals([claimed["id"], claimed["assignedTo"], claimed["you"]], ["a", you, you]);
  assertEquals((await ask("report_progress", { task_id: "a", percent: 1 }))["assignedTo"], you);
  const heartbeat = await ask("heartbeat");
  assertEquals([heartbeat["instance_id"], heartbeat["you"], heartbeat["holding"]], [
    you,
    you,
    [{ id: "a", attempt: 1, progress: (heartbeat["holding"] as [{ progress: Json }])[0].progress }],
  ]);
  assertEquals(
    ((await ask("complete_task", { task_id: "a", result: "" }))["completed_task"] as Json)["assignedTo"],
    you,
  );
  await ask("get_next_task", { task_id: "b" });
  assertEquals((await ask("fail_task", { task_id: "b", error: "no" }))["status"], "failed");
  await ask("get_next_task", { task_id: "c" });
  assertEquals((await ask("release_task", { task_id: "c" }))["status"], "pending");
  assertEquals((await ask("leave"))["id"], you);
  assertEquals((await ask("get_next_task", { instance_id: "ann" }))["you"], "ann");
});

Deno.test("tools that list no instance_id take it without a note, as agents give it in every call", async () => {
  await using server = await connect();
  const created = await server.call("create_task", { id: "a", description: "", instance_id: "ann" });
  const listed = await server.call("get_task_status", { instance_id: "ann" });
  assertEquals([created, listed].map(({ structuredContent = {} }) => structuredContent["note"]), [
    undefined,
    undefined,
  ]);
});

Deno.test("release_task and leave still act in the name of another instance", async () => {
  await using server = await connect();
  await server.call("create_task", { id: "a", description: "" });
  await server.call("register_instance", { instance_id: "ann" });
  await server.call("get_next_task", { instance_id: "ann" });
  const released = await server.call("release_task", { task_id: "a", instance_id: "ann" });
  assertEquals(released.structuredContent?.["status"], "pending");
  assertEquals((await server.call("leave", { instance_id: "ann" })).structuredContent?.["status"], "left");
});

Deno.test("two sessions have different instances, and --instance names that of its own", async () => {
  await using directory = await temporaryDirectory();
  await using first = await startServer(directory.path, { args: ["--instance", "worker-1"] });
  await using second = await startServer(directory.path, { name: "Some Client" });
  assertEquals((await first.ask("get_next_task"))["you"], "worker-1");
  assertEquals((await first.ask("get_next_task", { instance_id: "own" }))["you"], "own");
  const { you } = await second.ask("get_next_task");
  assertMatch(String(you), /^some-client-[a-z]+-[a-z]+$/);
});

Deno.test("get_next_task claims of one group, and waits for one", async () => {
  await using server = await connect();
  const ask = async (tool: string, args: Json = {}) => (await server.call(tool, args)).structuredContent as Json;
  await ask("create_group", { group_id: "g" });
  await ask("create_task", { id: "elsewhere", description: "" });
  const none = await ask("get_next_task", { group: "g" });
  assertEquals(
    [none["reason"], none["message"]],
    [
      "no_tasks_exist",
      "There are no tasks in group g yet; what would help: create_task in group g; or wait for the planner: get_next_task with wait_ms",
    ],
  );
  const waiting = ask("get_next_task", { group: "g", wait_ms: 40_000 });
  await ask("create_task", { id: "other", description: "" });
  await ask("create_task", { id: "inside", description: "", group: "g" });
  assertEquals((await waiting)["id"], "inside");
  const { error } = await ask("get_next_task", { group: "gone" });
  assertEquals((error as Json)["code"], "not_found");
});

Deno.test("assign_to with not_by keeps a review from the author", async () => {
  await using server = await connect();
  const ask = async (tool: string, args: Json = {}) => (await server.call(tool, args)).structuredContent as Json;
  await ask("create_tasks", {
    tasks: [
      { id: "implement", description: "" },
      { id: "review", description: "", dependencies: ["implement"], assign_to: { not_by: ["implement", "implement"] } },
    ],
  });
  await ask("get_next_task", { instance_id: "ann" });
  await ask("complete_task", { task_id: "implement", instance_id: "ann", result: "done" });
  const none = await ask("get_next_task", { instance_id: "ann" });
  assertEquals(none["reason"], "no_match");
  assert(String(none["message"]).includes("review needs an id that is not the author of implement"));
  const { error } = await ask("get_next_task", { instance_id: "ann", task_id: "review" });
  assertEquals((error as Json)["code"], "not_eligible");
  assert(String((await ask("explain_task", { task_id: "review" }))["why"]).includes("another id than ann"));
  const { id, assignTo } = await ask("get_next_task", { instance_id: "bob" });
  assertEquals([id, assignTo], ["review", { notBy: ["implement"] }]);
});
