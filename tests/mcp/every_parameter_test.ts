/**
 * Shows that no parameter of any tool is dropped silently: leaving it out changes the answer or what is stored, or the
 * answer names it. Every parameter that is listed must be in a case here.
 */

import { localOperator } from "../../src/core/model/access.ts";
import { assert, assertEquals } from "@std/assert";
import { MemoryJournal } from "../../src/store/memory/memory_journal.ts";
import { connect } from "../support/connected.ts";
import { recordsOf } from "../support/store.ts";

type Args = Readonly<Record<string, unknown>>;

/** A call in which each parameter that can be left out has an effect, or is named as having none. */
interface Case {
  readonly tool: string;
  readonly args: Args;
  /** Parameters that the call cannot be made without. */
  readonly needs?: readonly string[];
}

/** 26 November 2026. */
const NOW = Date.UTC(2026, 10, 26, 12);

const SETTINGS: Args = {
  dependencies: ["done"],
  priority: "high",
  group: "g",
  role: "dev",
  capabilities: ["deno"],
  assign_to: { instance: "ann" },
  locks: ["db"],
  timeout_ms: 60_000,
  max_attempts: 2,
  backoff: { initial_interval_ms: 5 },
  estimate_ms: 5,
  not_before: "PT1H",
  deadline: "2026-12-01",
  fail_on_deadline: true,
  if_unreachable: "skip",
  refs: { issue: "7" },
};

const FILTER: Args = { status: ["in_progress"], assigned_to: "ann", group: "g", priority: "high", overdue: true };
const HELD = { task_id: "held", instance_id: "ann" };

const CASES: readonly Case[] = [
  { tool: "create_task", args: { id: "new", description: "x", ...SETTINGS } },
  { tool: "create_tasks", args: { tasks: [{ id: "new", description: "x", ...SETTINGS }] } },
  { tool: "update_task", args: { task_id: "plain", description: "x", ...SETTINGS } },
  { tool: "update_task", args: { task_id: "set", clear: ["priority"] } },
  { tool: "update_task", args: { task_id: "plain", add_dependencies: ["done"] } },
  { tool: "update_task", args: { task_id: "plain", if_version: 9 } },
  { tool: "update_task", args: { task_id: "waiting", remove_dependencies: ["plain"] } },
  { tool: "delete_task", args: { task_id: "plain" } },
  { tool: "cancel_task", args: { task_id: "plain", reason: "why" } },
  { tool: "cancel_task", args: { task_id: "cancelled", reason: "another" } },
  { tool: "cancel_task", args: { task_id: "plain", instance_id: "ann" } },
  { tool: "retry_task", args: { task_id: "cancelled" } },
  { tool: "add_note", args: { task_id: "plain", text: "note", instance_id: "ann" } },
  { tool: "get_task_status", args: { ...FILTER, fields: ["id"], limit: 1, cursor: "2" } },
  { tool: "get_task_status", args: { text: "HELD" } },
  { tool: "get_task_status", args: { ...FILTER, summary: true, text: "a", fields: ["id"], limit: 1, cursor: "1" } },
  ...Object.entries(FILTER).map(([name, value]) => ({
    tool: "get_task_status",
    args: { summary: true, [name]: value },
  })),
  { tool: "get_task_details", args: { task_id: "plain" } },
  { tool: "get_task_details", args: { task_id: "plain", offset: 0, limit: 1 } },
  { tool: "get_task_details", args: { task_id: "long", part: "description", offset: 1, limit: 1 } },
  { tool: "explain_task", args: { task_id: "plain" } },
  { tool: "get_next_task", args: { instance_id: "bob", roles: ["dev"], capabilities: ["deno"] } },
  { tool: "get_next_task", args: { instance_id: "bob", task_id: "special", roles: ["qa"], capabilities: ["go"] } },
  { tool: "get_next_task", args: { instance_id: "bob", task_id: "plain", wait_ms: 5 } },
  { tool: "get_next_task", args: { instance_id: "bob", group: "empty" } },
  { tool: "get_next_task", args: { instance_id: "bob", task_id: "plain", group: "empty" } },
  { tool: "get_next_task", args: { instance_id: "bob", task_id: "held", wait_ms: 5 }, needs: ["instance_id"] },
  { tool: "get_next_task", args: { instance_id: "gone", wait_ms: 1e9 } },
  { tool: "report_progress", args: { ...HELD, percent: 5, message: "half" } },
  { tool: "report_progress", args: { ...HELD, attempt: 1 } },
  { tool: "complete_task", args: { ...HELD, result: "x", attempt: 1 } },
  { tool: "complete_task", args: { ...HELD, result: "x", refs: { pr: "9" } } },
  { tool: "fail_task", args: { ...HELD, error: "x", retryable: true } },
  { tool: "fail_task", args: { ...HELD, error: "x", attempt: 1 } },
  { tool: "release_task", args: { ...HELD, reason: "why", dependencies: ["plain"] } },
  { tool: "release_task", args: { ...HELD, attempt: 1 } },
  {
    tool: "register_instance",
    args: {
      instance_id: "bob",
      roles: ["dev"],
      capabilities: ["deno"],
      max_concurrent: 1,
      ttl_ms: 60_000,
      metadata: { a: "b" },
    },
  },
  { tool: "heartbeat", args: { instance_id: "ann" } },
  { tool: "leave", args: { instance_id: "ann", drain: true } },
  { tool: "list_instances", args: { all: true } },
  {
    tool: "create_group",
    args: { group_id: "new", title: "x", max_parallel: 1, paused: true, preamble: "p", visible_to: ["q"] },
  },
  {
    tool: "update_group",
    args: { group_id: "g", title: "x", max_parallel: 1, paused: true, preamble: "p", visible_to: ["q"] },
  },
  { tool: "update_group", args: { group_id: "g", clear: ["title"] } },
  { tool: "delete_group", args: { group_id: "empty" } },
  { tool: "get_groups", args: { group_id: "g" } },
  { tool: "get_groups", args: { cursor: "1" } },
  { tool: "get_groups", args: { group_id: "g", cursor: "1" } },
  { tool: "update_tasks", args: { action: "cancel", group: "g", reason: "why" }, needs: ["group"] },
  { tool: "update_tasks", args: { action: "cancel", ...FILTER }, needs: ["status"] },
  { tool: "update_tasks", args: { action: "cancel", group: "g", status: ["pending"] } },
  { tool: "update_tasks", args: { action: "prioritize", ids: ["plain"], to_priority: "low" } },
  { tool: "update_tasks", args: { action: "assign", ids: ["plain"], to_assign: { instance: "ann" } } },
  { tool: "update_tasks", args: { action: "move", ids: ["plain", "done"], to_group: "g", atomic: false } },
  { tool: "update_tasks", args: { action: "move", ids: ["set"], clear: ["to_group"] } },
  { tool: "update_tasks", args: { action: "cancel", ids: ["plain"], instance_id: "ann" }, needs: ["ids"] },
  ...["cancel", "retry", "release", "delete", "prioritize", "assign", "move"].flatMap((action) =>
    Object.entries({
      to_priority: "low",
      to_assign: { instance: "ann" },
      to_group: "empty",
      clear: ["to_assign"],
      reason: "why",
    })
      .map(([name, value]) => ({ tool: "update_tasks", args: { action, group: "g", [name]: value }, needs: ["group"] }))
  ),
  { tool: "list_templates", args: {} },
  { tool: "get_template", args: { name: "saved", version: 1 } },
  {
    tool: "apply_template",
    args: {
      name: "saved",
      version: 1,
      group_id: "new",
      parameters: { what: "x" },
      title: "t",
      max_parallel: 1,
      preamble: "p",
      visible_to: ["q"],
    },
  },
  {
    tool: "save_template",
    args: {
      name: "other",
      description: "x",
      parameters: [{ name: "what" }],
      tasks: [{ id: "a", description: "{{what}}" }],
    },
  },
  { tool: "archive_template", args: { name: "saved", archived: false } },
  { tool: "get_history", args: { task_id: "held", since: 1, limit: 1 } },
  { tool: "get_history", args: { instance_id: "ann", type: ["task.claimed"], until: "18", limit: 1 } },
  { tool: "get_history", args: { group: "g", until: "5" } },
  { tool: "wait_for_event", args: { task_id: "held", since: 1, limit: 1 } },
  { tool: "wait_for_event", args: { instance_id: "ann", type: ["task.claimed"], since: 1 }, needs: ["since"] },
  { tool: "wait_for_event", args: { group: "g", since: 1 } },
  { tool: "wait_for_event", args: { wait_ms: 60_000 } },
  { tool: "get_metrics", args: { group: "g", detail: "hours" } },
  { tool: "get_metrics", args: { task_id: "held", limit: 1 } },
  { tool: "analyze_plan", args: { detail: "slack", limit: 1 } },
  { tool: "analyze_plan", args: { detail: "forecast", instances: [3], seed: 5 }, needs: ["seed"] },
  { tool: "analyze_plan", args: { seed: 5 } },
];

Deno.test("every parameter has an effect or a note", async (t) => {
  const journal = await plan();
  for (const { tool, args, needs = [] } of CASES) {
    const whole = await outcomeOf(journal, tool, args);
    for (const name of Object.keys(args).filter((name) => !needs.includes(name))) {
      const { [name]: _, ...rest } = args;
      const without = await outcomeOf(journal, tool, rest);
      await t.step(`${name} of ${tool} ${JSON.stringify(rest)}`, () => assert(without !== whole, whole));
    }
  }
});

Deno.test("every parameter inside a task, a reservation or a back-off has an effect", async (t) => {
  const journal = await plan();
  const outcome = (task: Args) =>
    outcomeOf(journal, "create_tasks", { tasks: [{ id: "new", description: "x", ...task }] });
  const variants: Readonly<Record<string, readonly [Args, Args]>> = {
    ...Object.fromEntries(
      Object.keys(SETTINGS).map((name) => {
        const { [name]: _, ...rest } = SETTINGS;
        return [name, [SETTINGS, rest]];
      }),
    ),
    fallback_ms: [{ assign_to: { role: "dev", fallback_ms: 5 } }, { assign_to: { role: "dev" } }],
    not_by: [{ assign_to: { role: "dev", not_by: ["done"] } }, { assign_to: { role: "dev" } }],
    backoff_coefficient: [{ backoff: { initial_interval_ms: 5, backoff_coefficient: 3 } }, {
      backoff: { initial_interval_ms: 5 },
    }],
    max_interval_ms: [{ backoff: { initial_interval_ms: 5, max_interval_ms: 9 } }, {
      backoff: { initial_interval_ms: 5 },
    }],
  };
  for (const [name, [withIt, without]] of Object.entries(variants)) {
    const outcomes = [await outcome(withIt), await outcome(without)];
    await t.step(name, () => assert(outcomes[0] !== outcomes[1], outcomes[0]));
  }
});

Deno.test("a template whose task has a group is refused, as apply_template sets the group", async () => {
  await using server = await connect({ now: () => NOW });
  const tasks = [{ id: "a", description: "", group: "g" }];
  const { isError, structuredContent } = await server.call("save_template", { name: "t", tasks });
  assertEquals([isError, (structuredContent?.["error"] as Args)["code"]], [true, "invalid_value"]);
});

Deno.test("every parameter of every tool has a case here", async () => {
  await using server = await connect();
  for (const { name, inputSchema } of (await server.client.listTools()).tools) {
    const cases = CASES.filter(({ tool }) => tool === name);
    assert(cases.length > 0, name);
    const covered = new Set(cases.flatMap(({ args }) => Object.keys(args)));
    for (const parameter of Object.keys(inputSchema.properties ?? {})) {
      assert(covered.has(parameter), `${name} ${parameter}`);
    }
  }
});

/** A journal with tasks in which every filter finds some and not others. */
async function plan(): Promise<MemoryJournal> {
  const journal = new MemoryJournal(() => NOW);
  await using server = await connect({ journal, now: () => NOW });
  const ask = async (tool: string, args: Args) => {
    const { isError, content } = await server.call(tool, args);
    assert(isError !== true, JSON.stringify(content));
  };
  await ask("create_group", { group_id: "g", title: "old" });
  await ask("create_group", { group_id: "empty" });
  await ask("register_instance", { instance_id: "ann" });
  await ask("register_instance", { instance_id: "gone" });
  await ask("leave", { instance_id: "gone" });
  const late = { priority: "high", group: "g", deadline: "2026-11-20T00:00:00Z" };
  await ask("create_tasks", {
    tasks: [
      { id: "done", description: "" },
      { id: "held", description: "", ...late },
      { id: "held too", description: "", ...late },
      { id: "held three", description: "", ...late },
      // Each of these is all that the filter asks for but for one.
      { id: "of bob", description: "", ...late },
      { id: "ungrouped", description: "", ...late, group: undefined },
      { id: "normal", description: "", ...late, priority: "normal" },
      { id: "in time", description: "", priority: "high", group: "g" },
      { id: "completed", description: "", ...late },
      { id: "plain", description: "" },
      { id: "set", description: "", priority: "low", group: "g" },
      { id: "long", description: "several words" },
      { id: "cancelled", description: "", group: "g" },
      { id: "special too", description: "", role: "qa", capabilities: ["go"] },
      { id: "special", description: "", role: "qa", capabilities: ["go"] },
      { id: "first", description: "", priority: "urgent", role: "dev", capabilities: ["deno"] },
      { id: "waiting", description: "", dependencies: ["plain"] },
    ],
  });
  await server.engine.execute({ type: "sweep" }, localOperator("test"));
  const claims = {
    ann: ["done", "held", "held too", "held three", "ungrouped", "normal", "in time", "completed"],
    bob: ["of bob"],
  };
  for (const [instance_id, ids] of Object.entries(claims)) {
    for (const task_id of ids) await ask("get_next_task", { instance_id, task_id });
  }
  await ask("release_task", HELD);
  await ask("get_next_task", HELD);
  for (const task_id of ["done", "completed"]) await ask("complete_task", { task_id, instance_id: "ann", result: "" });
  await ask("cancel_task", { task_id: "cancelled", reason: "first" });
  const template = (description: string) => ({
    name: "saved",
    parameters: [{ name: "what", default: "nothing" }],
    tasks: [{ id: "a", description }],
  });
  await ask("save_template", template("{{what}} 1"));
  await ask("save_template", template("{{what}} 2"));
  return journal;
}

/** What a call answers, and all that is stored after it. */
async function outcomeOf(journal: MemoryJournal, tool: string, args: Args): Promise<string> {
  await using server = await connect({ journal: await copyOf(journal), now: () => NOW, maxWaitMs: 10 });
  const answer = await server.call(tool, args);
  return JSON.stringify({ answer, records: await recordsOf(server.engine) });
}

async function copyOf(journal: MemoryJournal): Promise<MemoryJournal> {
  const copy = new MemoryJournal(() => NOW);
  const chunks = await Array.fromAsync(journal.read(journal.origin));
  await copy.transact(copy.origin, {
    follow: () => {},
    decide: (_, append) => {
      for (const { seq: _, ...draft } of chunks.flatMap(({ records }) => records)) append(draft);
    },
  });
  return copy;
}
