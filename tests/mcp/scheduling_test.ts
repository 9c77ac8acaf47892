/** Shows through the tools who gets which task when: priorities, roles, locks, times, leases, and instances that go. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { claim, create, fail, finish } from "../support/calls.ts";
import { type Json, type Server, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { until } from "../support/until.ts";

/** Lets an instance be taken for lost, or a lease expire, soon. */
const SHORT_MS = 100;

const WAIT_MS = 20_000;

Deno.test("a task is created with all settings, and shown with them", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await server.ask("create_group", { group_id: "g" });
  const settings = {
    priority: "high",
    group: "g",
    role: "dev",
    capabilities: ["deno"],
    assign_to: { role: "lead", fallback_ms: 60_000 },
    locks: ["db", "db"],
    timeout_ms: 30_000,
    max_attempts: 3,
    backoff: { initial_interval_ms: 100, backoff_coefficient: 1.5, max_interval_ms: 1_000 },
    estimate_ms: 60_000,
    not_before: "2999-01-01T00:00:00+01:00",
    deadline: "2999-01-02",
    fail_on_deadline: true,
    if_unreachable: "skip",
  };
  const shown = {
    priority: "high",
    group: "g",
    role: "dev",
    capabilities: ["deno"],
    assignTo: { role: "lead", fallbackMs: 60_000 },
    locks: ["db"],
    timeoutMs: 30_000,
    maxAttempts: 3,
    backoff: { initialIntervalMs: 100, coefficient: 1.5, maxIntervalMs: 1_000 },
    estimateMs: 60_000,
    notBefore: "2998-12-31T23:00:00.000Z",
    deadline: new Date(new Date(2999, 0, 3).getTime() - 1).toISOString(),
    failOnDeadline: true,
    ifUnreachable: "skip",
  };

  await t.step("by create_task", async () => {
    const task = await server.ask("create_task", { id: "a", description: "", ...settings });
    assertEquals([task["readiness"], task["delayedUntil"]], ["delayed", shown.notBefore]);
    assertEquals(await settingsOf(server, "a"), { ...shown, version: 1 });
  });

  await t.step("by create_tasks", async () => {
    await server.ask("create_tasks", { tasks: [{ id: "b", description: "", ...settings }] });
    assertEquals(await settingsOf(server, "b"), { ...shown, version: 1 });
  });

  await t.step("by update_task, which removes cleared settings and default values", async () => {
    await create(server, "c");
    const { id, readiness } = await server.ask("update_task", { task_id: "c", ...settings });
    assertEquals([id, readiness], ["c", "delayed"]);
    assertEquals(await settingsOf(server, "c"), { ...shown, version: 2 });
    await server.ask("update_task", { task_id: "c", clear: Object.keys(settings) });
    assertEquals(await settingsOf(server, "c"), { version: 3 });
    await server.ask("update_task", { task_id: "b", priority: "normal", locks: [], if_unreachable: "block" });
    const { priority: _, locks: __, ifUnreachable: ___, ...rest } = shown;
    assertEquals(await settingsOf(server, "b"), { ...rest, version: 2 });
  });

  await t.step("unless one is invalid", async () => {
    for (
      const [wrong, code, start] of [
        [{ timeout_ms: 0 }, "invalid_value", "timeout_ms of task x must be a whole number from 1 to "],
        [{ max_attempts: 0 }, "invalid_value", "max_attempts of task x must be"],
        [{ estimate_ms: 0 }, "invalid_value", "estimate_ms of task x must be a whole number from 1 to "],
        [{ backoff: { backoff_coefficient: 0.5 } }, "invalid_value", "backoff_coefficient of task x must be"],
        [{ not_before: "soon" }, "invalid_value", "not_before soon is not a time: give ISO 8601"],
        [{ deadline: "2024-01-01T10:00" }, "invalid_value", "deadline 2024-01-01T10:00 is not a time"],
        [{ assign_to: {} }, "invalid_value", "assign_to of task x must name either an instance or a role"],
        [{ group: "none" }, "not_found", "Group none not found: task x names it"],
        [{ role: "" }, "invalid_value", "Role is empty"],
        [{ capabilities: Array(33).fill("c") }, "limit_exceeded", "List of names (capability) of task x is too long"],
        [{ dependencies: [{ task: "a", on: "never" }] }, "invalid_value", ""],
        [{ dependencies: [{ at_least: "200%", of: { group: "g" } }] }, "invalid_value", ""],
        [{ dependencies: [{ group: "none" }] }, "dependency_not_found", ""],
      ] as const
    ) {
      const error = await server.refused("create_task", { id: "x", description: "", ...wrong });
      assertEquals(error.code, code, error.message);
      assert(error.message.startsWith(start), error.message);
    }
  });
});

Deno.test("tasks are handed out", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  const next = async (args: Json = {}) => (await server.ask("get_next_task", { instance_id: "ann", ...args }))["id"];

  await t.step("by priority", async () => {
    const priorities = ["low", "normal", "urgent", "high"];
    const tasks = priorities.map((priority) => ({ id: priority, description: "", priority }));
    await server.ask("create_tasks", { tasks });
    assertEquals([await next(), await next(), await next(), await next()], ["urgent", "high", "normal", "low"]);
  });

  await t.step("to instances with the role and capabilities, registered or in the call", async () => {
    await server.ask("create_task", { id: "q1", description: "", role: "qa", capabilities: ["gpu"] });
    const none = await server.ask("get_next_task", { instance_id: "ann", roles: ["qa"] });
    assertEquals(none["reason"], "no_match");
    assertEquals(none["unmatched"], [{
      count: 1,
      example: "q1",
      roles: ["qa"],
      capabilities: ["gpu"],
      missing: ["capability gpu"],
      isClaimable: false,
    }]);
    assertEquals(await next({ roles: ["qa"], capabilities: ["gpu", "tpu"] }), "q1");
    await server.ask("create_task", { id: "q2", description: "", role: "qa" });
    await server.ask("register_instance", { instance_id: "tess", roles: ["qa"] });
    assertEquals(await next({ instance_id: "tess" }), "q2");
  });

  await t.step("to the instance that they are reserved for", async () => {
    await server.ask("create_task", { id: "r", description: "", assign_to: { instance: "bob" } });
    assertEquals((await server.ask("get_next_task", { instance_id: "ann" }))["reason"], "no_match");
    assertEquals(await next({ instance_id: "bob" }), "r");
  });

  await t.step("one at a time if they have the same lock", async () => {
    await server.ask("create_tasks", {
      tasks: ["l1", "l2"].map((id) => ({ id, description: "", locks: ["db"] })),
    });
    assertEquals(await next(), "l1");
    const { reason, message } = await server.ask("get_next_task", { instance_id: "ann" });
    assertEquals(reason, "limited");
    assertStringIncludes(String(message), "lock db is held by l1");
    await server.ask("complete_task", { task_id: "l1", instance_id: "ann", result: "" });
    assertEquals(await next(), "l2");
  });

  await t.step("after their not_before", async () => {
    await server.ask("create_task", { id: "later", description: "", not_before: "PT1H" });
    const { reason, next_at } = await server.ask("get_next_task", { instance_id: "ann" });
    assertEquals(reason, "waiting");
    assertMatch(String(next_at), /Z$/);
    await server.ask("update_task", { task_id: "later", not_before: "PT0.2S" });
    assertEquals(await next({ wait_ms: WAIT_MS }), "later");
  });

  await t.step("again after a pause if a failure is retryable, with the holder's error", async () => {
    await server.ask("create_task", {
      id: "flaky",
      description: "",
      max_attempts: 2,
      backoff: { initial_interval_ms: SHORT_MS },
    });
    await claim(server, "flaky");
    const error = { task_id: "flaky", instance_id: "ann", error: "no network", retryable: true };
    assertEquals((await server.ask("fail_task", error))["readiness"], "delayed");
    const { id, attempt, previous } = await server.ask("get_next_task", { instance_id: "bob", wait_ms: WAIT_MS });
    assertEquals([id, attempt], ["flaky", 2]);
    const { startedAt: _, durationMs: __, ...rest } = previous as Json;
    assertEquals(rest, { attempt: 1, instance: "ann", outcome: "failed", message: "no network" });
    const failed = await server.ask("fail_task", { ...error, instance_id: "bob" });
    assertEquals([failed["status"], failed["error"]], ["failed", "no network"]);
  });

  await t.step("again once other tasks are completed, if their holder adds these as dependencies", async () => {
    await create(server, "big", "small");
    await claim(server, "big");
    const released = await server.ask("release_task", {
      task_id: "big",
      instance_id: "ann",
      reason: "small must come first",
      dependencies: ["small"],
    });
    assertEquals([released["readiness"], released["waitingFor"]], ["waiting", ["small"]]);
    const error = await server.refused("update_task", { task_id: "small", dependencies: ["big"] });
    assertEquals(error.code, "cycle");
    await finish(server, "small");
    assertEquals(await next(), "big");
  });
});

Deno.test("dependencies can be other statuses, some of many, a group, or a result", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await server.ask("create_group", { group_id: "g" });
  await create(server, "a", "b", "c");
  await server.ask("create_tasks", {
    tasks: [
      { id: "member", description: "", group: "g" },
      { id: "on failed", description: "", dependencies: [{ task: "a", on: "failed" }] },
      { id: "any", description: "", dependencies: [{ any: ["a", "b"] }] },
      { id: "two", description: "", dependencies: [{ at_least: 2, of: ["a", "b", "c"] }] },
      { id: "share", description: "", dependencies: [{ at_least: "60%", of: ["a", "b", "c"] }] },
      { id: "group", description: "", dependencies: [{ group: "g" }] },
      {
        id: "if ok",
        description: "",
        dependencies: [{ task: "c", when: { pointer: "/verdict", equals: "ok" } }],
      },
      {
        id: "if not",
        description: "",
        dependencies: [{ task: "c", when: { pointer: "/verdict", not_equals: "ok" } }],
      },
    ],
  });
  await fail(server, "a");
  await finish(server, "b");
  await finish(server, "c", '{"verdict":"ok"}');
  const states = Object.fromEntries(
    (await server.ask<Json[]>("get_task_status", { fields: ["id", "status", "readiness"] })).map((task) => [
      task["id"],
      task["readiness"] ?? task["status"],
    ]),
  );
  assertEquals(states, {
    a: "failed",
    b: "completed",
    c: "completed",
    member: "ready",
    "on failed": "ready",
    any: "ready",
    two: "ready",
    share: "ready",
    group: "waiting",
    "if ok": "ready",
    "if not": "skipped",
  });
  const { unlocked_tasks } = await finishAnswer(server, "member");
  assertEquals((unlocked_tasks as Json[]).map(({ id }) => id), ["group"]);
});

Deno.test("a lease", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  const task = { description: "", timeout_ms: SHORT_MS, backoff: { initial_interval_ms: 0 } };

  await t.step("that expires hands the task to the next instance, and the late answer is refused", async () => {
    await server.ask("create_task", { id: "a", ...task });
    const { leaseUntil, note } = await claim(server, "a");
    assertEquals(
      note,
      "leaseUntil: unless you call before, another gets the task; each call with your instance_id moves it on.",
    );
    const { id, attempt, previous } = await server.ask<{ id: string; attempt: number; previous: Json }>(
      "get_next_task",
      { instance_id: "bob", wait_ms: WAIT_MS },
    );
    assertEquals([id, attempt, previous["outcome"]], ["a", 2, "expired"]);
    assertEquals(Date.parse(String(leaseUntil)) - Date.parse(String(previous["startedAt"])), SHORT_MS);
    const late = { task_id: "a", instance_id: "ann", result: "late", attempt: 1 };
    assertEquals((await server.refused("complete_task", late)).code, "stale_attempt");
  });

  await t.step("that expired lets its holder complete the task while nobody else holds it", async () => {
    await server.ask("create_task", { id: "b", ...task, backoff: { initial_interval_ms: 60_000 } });
    await claim(server, "b");
    await until("the end of the lease", async () => (await details(server, "b"))["readiness"] === "delayed");
    const { completed_task } = await server.ask("complete_task", {
      task_id: "b",
      instance_id: "ann",
      result: "late",
      attempt: 1,
    });
    assertEquals((completed_task as Json)["status"], "completed");
  });

  await t.step("is extended by report_progress, and others see the progress", async () => {
    await server.ask("create_task", { id: "c", description: "", timeout_ms: 60_000 });
    const { leaseUntil } = await claim(server, "c");
    const { kept } = await details(server, "c");
    assertEquals(kept, `until ${leaseUntil}, or longer if it calls before`);
    const progress = { task_id: "c", instance_id: "ann", percent: 40, message: "half-way" };
    await until("a later end", async () => {
      const reported = await server.ask("report_progress", progress);
      return String(reported["leaseUntil"]) > String(leaseUntil);
    });
    const shown = (await details(server, "c"))["progress"] as Json;
    assertEquals([shown["percent"], shown["message"]], [40, "half-way"]);
    const listed = await server.ask<Json[]>("get_task_status", {
      status: "in_progress",
      fields: ["id", "progress"],
    });
    assertEquals(listed.find(({ id }) => id === "c")?.["progress"], shown);
    for (
      const [wrong, code] of [
        [{ instance_id: "bob" }, "not_holder"],
        [{ attempt: 7 }, "stale_attempt"],
        [{ percent: 101 }, "invalid_value"],
        [{ message: "x".repeat(4 * 1024 + 1) }, "limit_exceeded"],
      ] as const
    ) {
      assertEquals((await server.refused("report_progress", { ...progress, ...wrong })).code, code);
    }
  });
});

Deno.test("a deadline marks a task as overdue, or fails it", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await server.ask("create_tasks", {
    tasks: [
      { id: "a", description: "", deadline: "PT0.05S" },
      { id: "b", description: "", deadline: "PT0.05S", fail_on_deadline: true },
    ],
  });
  await until("the deadlines", async () => (await details(server, "b"))["status"] === "failed");
  const [a] = await server.ask<Json[]>("get_task_status", { overdue: true });
  assertEquals([a?.["id"], a?.["status"], a?.["overdue"]], ["a", "pending", true]);
  assertMatch(String((await details(server, "b"))["error"]), /^Its deadline .* has passed/);
  assertEquals((await server.ask("get_task_status", { summary: true }))["overdue"], 1);
});

Deno.test("instances", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);

  await t.step("register, and are listed with their settings and tasks", async () => {
    await create(server, "a");
    const registered = await server.ask("register_instance", {
      instance_id: "ann",
      roles: ["dev"],
      capabilities: ["deno"],
      max_concurrent: 1,
      ttl_ms: 60_000,
      metadata: { host: "here" },
    });
    const { expires_at, ...rest } = registered;
    assertEquals(rest, { instance_id: "ann", status: "active", holding: [], you: "ann" });
    assertMatch(String(expires_at), /Z$/);
    await claim(server, "a");
    const { instances, total } = await server.ask<{ instances: Json[]; total: number }>("list_instances");
    assertEquals(total, 1);
    const { registeredAt, seenAt, expiresAt, ...listed } = instances[0] ?? {};
    for (const time of [registeredAt, seenAt, expiresAt]) assertMatch(String(time), /Z$/);
    assertEquals(listed, {
      id: "ann",
      roles: ["dev"],
      capabilities: ["deno"],
      maxConcurrent: 1,
      ttlMs: 60_000,
      metadata: { host: "here" },
      status: "active",
      holding: ["a"],
      holdingCount: 1,
      connected: true,
    });
    const beat = await server.ask("heartbeat", { instance_id: "ann" });
    assertEquals(beat["holding"], [{ id: "a", attempt: 1 }]);
  });

  await t.step("can send a heartbeat without registering", async () => {
    assertEquals(await server.ask("heartbeat", { instance_id: "zoe" }), {
      instance_id: "zoe",
      status: "unregistered",
      holding: [],
      you: "zoe",
    });
    assertEquals((await server.refused("leave", { instance_id: "zoe" })).code, "not_found");
  });

  await t.step("drain: they finish their tasks, and can come back", async () => {
    await create(server, "b");
    assertEquals((await server.ask("leave", { instance_id: "ann", drain: true }))["status"], "draining");
    const none = await server.ask("get_next_task", { instance_id: "ann", wait_ms: WAIT_MS });
    assertEquals([none["reason"], none["holding"]], ["draining", [{ id: "a", attempt: 1 }]]);
    await server.ask("complete_task", { task_id: "a", instance_id: "ann", result: "" });
    const { instances } = await server.ask<{ instances: Json[] }>("list_instances", { all: true });
    assertEquals(instances[0]?.["status"], "left");
    await server.ask("register_instance", { instance_id: "ann" });
    assertEquals((await server.ask("get_next_task", { instance_id: "ann" }))["id"], "b");
  });

  await t.step("leave, and their tasks go back", async () => {
    const left = await server.ask("leave", { instance_id: "ann" });
    assertEquals([left["status"], left["holding"]], ["left", []]);
    assertEquals((await details(server, "b"))["readiness"], "ready");
    assertEquals(await server.ask("list_instances"), { instances: [], total: 0 });
    const { instances } = await server.ask<{ instances: Json[] }>("list_instances", { all: true });
    assertEquals(instances.map(({ id, status }) => [id, status]), [["ann", "left"]]);
  });

  await t.step("are lost when they are silent; their tasks go to others, and lost_tasks lists them once", async () => {
    await server.ask("register_instance", { instance_id: "lou", ttl_ms: SHORT_MS });
    await claim(server, "b", "lou");
    const { id, previous } = await server.ask("get_next_task", { instance_id: "bob", wait_ms: WAIT_MS });
    assertEquals([id, (previous as Json)["outcome"]], ["b", "lost"]);
    const back = await server.ask("get_next_task", { instance_id: "lou" });
    assertEquals(back["lost_tasks"], ["b"]);
    assertEquals((await server.ask("get_next_task", { instance_id: "lou" }))["lost_tasks"], undefined);
  });

  await t.step("are refused with invalid settings", async () => {
    for (
      const [wrong, code] of [
        [{ ttl_ms: 0 }, "invalid_value"],
        [{ max_concurrent: -1 }, "invalid_value"],
        [{ roles: ["a\nb"] }, "invalid_value"],
        [{ metadata: { key: "x".repeat(1_025) } }, "limit_exceeded"],
      ] as const
    ) {
      const error = await server.refused("register_instance", { instance_id: "ann", ...wrong });
      assertEquals(error.code, code, error.message);
    }
  });
});

Deno.test("answers to a worker list urgent tasks that it could claim", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await create(server, "a");
  await claim(server, "a");
  await server.ask("create_tasks", {
    tasks: [
      { id: "fire", description: "x".repeat(1_000), priority: "urgent" },
      { id: "not for ann", description: "", priority: "urgent", role: "qa" },
    ],
  });
  const urgent = [{ id: "fire", description: "x".repeat(99) + "…" }];
  const held = { task_id: "a", instance_id: "ann" };
  assertEquals((await server.ask("report_progress", { ...held, percent: 1 }))["urgent"], urgent);
  assertEquals((await server.ask("heartbeat", { instance_id: "ann" }))["urgent"], urgent);
  assertEquals((await server.ask("complete_task", { ...held, result: "" }))["urgent"], urgent);
  await claim(server, "fire", "bob");
  assertEquals((await server.ask("heartbeat", { instance_id: "ann" }))["urgent"], undefined);
});

Deno.test("explain_task says why a task is in its state, and what would change it", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await create(server, "a", { id: "b", dependencies: ["a"] }, { id: "c", dependencies: ["b"] });
  await server.ask("create_task", { id: "skilled", description: "", role: "qa" });
  const explain = async (task_id: string) => await server.ask("explain_task", { task_id });
  assertStringIncludes(String((await explain("a"))["why"]), "It is ready");
  assertStringIncludes(
    String((await explain("skilled"))["why"]),
    "It is ready for an instance with role qa, which no active",
  );
  await claim(server, "a");
  assertEquals(await explain("c"), {
    id: "c",
    status: "pending",
    readiness: "waiting",
    why: "It waits, directly or through other tasks, for a (in_progress)",
    whatWouldChange: ["complete_task a by ann"],
    dependencies: [{ dependency: "b", verdict: "not yet", state: "waiting" }],
    roots: [{ id: "a", state: "in_progress", assignedTo: "ann" }],
  });
  await server.ask("fail_task", { task_id: "a", instance_id: "ann", error: "broken" });
  for (const [id, readiness] of [["b", "blocked"], ["c", "waiting"]] as const) {
    const explanation = await explain(id);
    assertEquals(explanation["readiness"], readiness);
    assertStringIncludes(String(explanation["why"]), "a (failed)");
    assertEquals((explanation["whatWouldChange"] as string[])[0], "retry_task a");
  }
  assertEquals((await server.refused("explain_task", { task_id: "none" })).code, "not_found");
});

async function details(server: Server, task_id: string): Promise<Json> {
  return await server.ask("get_task_details", { task_id });
}

/** What was said of a task beyond what it is and its life. */
async function settingsOf(server: Server, task_id: string): Promise<Json> {
  const {
    id: _id,
    description: _description,
    status: _status,
    readiness: _readiness,
    delayedUntil: _delayedUntil,
    dependencies: _dependencies,
    attempt: _attempt,
    createdAt: _createdAt,
    ...settings
  } = await details(server, task_id);
  return settings;
}

async function finishAnswer(server: Server, task_id: string): Promise<Json> {
  await claim(server, task_id);
  return await server.ask("complete_task", { task_id, instance_id: "ann", result: "" });
}
