/**
 * Shows that clients which send calls in other forms get the same: one whose converter fills in null for whatever is not
 * given, one that sends everything but texts as JSON text, one that adds parameters of its own. The same plan is carried
 * out in each style, through the listed schemas, and ends in the same state.
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { lazy } from "../../src/core/model/lazy.ts";
import { type Json, type Server, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";
import type { Schema } from "./arbitrary_calls.ts";

/** Turns arguments that fit a schema into the form in which a client sends them. */
type Style = (args: Json, schema: Schema) => Json;

const STYLES: Readonly<Record<string, Style>> = {
  "nulls filled in by a strict converter": (args, schema) => filled(args, schema) as Json,
  "all but texts as JSON text": (args) => asTexts(args),
  "parameters of the client added": (args) => ({
    wait_for_previous: false,
    task_progress: "- [x] plan",
    toolCallId: "call_1",
    sessionId: "s",
    _meta: {},
    ...args,
  }),
};

/** Calls in an order in which each makes sense, with every kind of parameter. */
const PLAN: readonly (readonly [tool: string, args: Json])[] = [
  ["register_instance", { instance_id: "ann", roles: ["dev"], max_concurrent: 3, metadata: { host: "one" } }],
  ["create_group", { group_id: "g", title: "All of it", max_parallel: 2 }],
  ["create_tasks", {
    tasks: [
      { id: "a", description: "first", group: "g", locks: ["db"], backoff: { initial_interval_ms: 5 } },
      { id: "b", description: "second", dependencies: ["a"], assign_to: { role: "dev", fallback_ms: 1_000 } },
    ],
  }],
  ["create_task", {
    id: "c",
    description: "third",
    dependencies: [{ task: "a", when: { pointer: "/verdict", equals: "ok" } }, { any: ["a", { task: "b" }] }],
    fail_on_deadline: false,
    max_attempts: 4,
  }],
  ["create_task", { id: "d", description: "last", dependencies: [{ at_least: 2, of: ["a", "b", "c"] }] }],
  ["update_group", { group_id: "g", paused: true }],
  ["update_group", { group_id: "g", paused: false, clear: ["max_parallel"] }],
  ["update_task", { task_id: "d", description: "the last", clear: ["priority"] }],
  ["get_next_task", { instance_id: "ann", wait_ms: 1_000, capabilities: ["deno"] }],
  ["report_progress", { task_id: "a", instance_id: "ann", percent: 50, attempt: 1 }],
  ["complete_task", { task_id: "a", instance_id: "ann", result: '{"verdict":"ok"}' }],
  ["update_tasks", { action: "prioritize", ids: ["c"], to_priority: "high", atomic: true }],
  ["update_tasks", { action: "assign", ids: ["d"], to_assign: { instance: "ann" } }],
  ["update_tasks", { action: "assign", ids: ["b"], clear: ["to_assign"] }],
  ["save_template", {
    name: "own",
    parameters: [{ name: "what", required: true }],
    tasks: [{ id: "x", description: "{{what}}", timeout_ms: 60_000 }],
  }],
  ["apply_template", { name: "own", group_id: "h", parameters: { what: "say it" } }],
  ["get_task_status", { status: ["ready"], summary: false, fields: ["assigned_to", "id"], limit: 10 }],
  ["leave", { instance_id: "ann", drain: true }],
];

/** Not at the import: tests of other files may run meanwhile, without the permissions that this needs. */
const expected = lazy(() => outcome((args) => args));

for (const [name, style] of Object.entries(STYLES)) {
  Deno.test(`a plan is carried out the same with ${name}`, async () => {
    assertEquals(await outcome(style), await expected());
  });
}

Deno.test("unknown parameters are ignored, and named in every part of the answer that a model may see", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  const note = (tool: string, names: string) => `Ignored parameters that ${tool} does not have: ${names}.`;

  await t.step("in an object", async () => {
    const task = await server.ask("create_task", { id: "a", description: "", colour: "red", backoff: { colour: 1 } });
    assertEquals([task["id"], task["note"]], ["a", note("create_task", "colour, backoff.colour")]);
  });

  await t.step("in a list", async () => {
    const { content, structuredContent } = await server.call("get_task_status", { colour: "red" });
    assertEquals(content[1], { type: "text", text: note("get_task_status", "colour") });
    assertEquals(structuredContent?.["note"], note("get_task_status", "colour"));
  });

  await t.step("in the entries of a list, each name once, few of many", async () => {
    const tasks = [1, 2].map((n) => ({ id: `t${n}`, description: "", p: 1, q: 2, r: 3, s: 4, t: 5, "u\n": 6 }));
    const { created, note: said } = await server.ask("create_tasks", { tasks });
    assertEquals([created, said], [2, note("create_tasks", "tasks.p, tasks.q, tasks.r, tasks.s, tasks.t and 1 more")]);
  });

  await t.step("in a refusal, as it may be the misspelt name of a missing one", async () => {
    const { code, message } = await server.refused("update_tasks", { action: "move", ids: ["a"], target: "g" });
    assertEquals(code, "invalid_value");
    assert(message.startsWith("Cannot move tasks as to_group is missing: "), message);
    assert(message.endsWith(`. ${note("update_tasks", "target")}`), message);
  });

  await t.step("but not if clients are known to add it", async () => {
    const { note } = await server.ask("get_task_details", { task_id: "a", wait_for_previous: true, _x: 1 });
    assertEquals(note, undefined);
  });
});

Deno.test("a misspelt parameter is refused with the right name, and nothing changes", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  for (
    const [tool, args, says] of [
      [
        "create_task",
        { id: "b", description: "", dependancies: ["a"] },
        "dependancies: there is no such parameter, use dependencies",
      ],
      [
        "create_task",
        { id: "b", description: "", dependency: "a" },
        "dependency: there is no such parameter, use dependencies",
      ],
      [
        "create_task",
        { id: "b", description: "", assignTo: {} },
        "assignTo: there is no such parameter, use assign_to",
      ],
      ["create_task", { id: "b", description: "", assign_to: { roles: "x" } }, "use assign_to.role"],
      [
        "create_tasks",
        { tasks: [{ id: "b", description: "", depends_on: ["a"] }] },
        "tasks.depends_on: there is no such parameter, use tasks.dependencies",
      ],
      ["create_tasks", { task: [{ id: "b", description: "" }] }, "task: there is no such parameter, use tasks"],
      ["get_next_task", { instanceId: "ann" }, "instanceId: there is no such parameter, use instance_id"],
    ] as const
  ) {
    await t.step(`${tool} ${JSON.stringify(args)}`, async () => {
      const { code, message } = await server.refused(tool, args);
      assertEquals(code, "invalid_value");
      assertStringIncludes(message, says);
    });
  }
  assertEquals((await server.ask("get_task_status", { summary: true }))["total"], 0);
});

Deno.test("a parameter that another tool has is refused with the name of that tool, which then does it", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await server.ask("create_tasks", { tasks: ["a", "b"].map((id) => ({ id, description: id })) });
  await server.ask("get_next_task", { task_id: "a" });
  for (
    const [tool, args, says] of [
      ["get_task_status", { task_id: "a" }, "task_id: there is no such parameter, use get_task_details"],
      ["get_task_status", { ids: ["a"], limit: 1 }, "ids: there is no such parameter, use get_task_details"],
      ["update_task", { task_id: "a", status: "completed" }, "status: there is no such parameter, use complete_task, "],
      ["update_task", { task_id: "a", result: "x" }, "result: there is no such parameter, use complete_task"],
      ["update_task", { id: "a", status: "x" }, "status: there is no such parameter, use complete_task, fail_task, "],
      ["update_task", { id: "a", status: "x" }, "; unknown: id; task_id: missing. It takes: "],
    ] as const
  ) {
    await t.step(`${tool} ${JSON.stringify(args)}`, async () => {
      const { code, message } = await server.refused(tool, args);
      assertEquals(code, "invalid_value");
      assertStringIncludes(message, says);
    });
  }
  assertEquals((await server.ask("get_task_details", { task_id: "a" }))["status"], "in_progress");
  assertEquals((await server.ask("update_task", { task_id: "b", status: null, priority: "high" }))["version"], 2);
  await server.ask("complete_task", { task_id: "a", result: "x" });
});

Deno.test("null changes nothing, and an update of nothing but null names clear", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await server.ask("create_group", { group_id: "g", title: "Title", max_parallel: 3 });
  await server.ask("create_task", { id: "a", description: "", role: "dev", group: "g" });

  await t.step("pausing a group keeps its title and limit", async () => {
    const group = await server.ask("update_group", { group_id: "g", title: null, max_parallel: null, paused: true });
    assertEquals([group["title"], group["maxParallel"], group["paused"]], ["Title", 3, true]);
  });

  for (
    const [tool, args, says] of [
      ["update_group", { group_id: "g", title: null }, "title, max_parallel"],
      ["update_task", { task_id: "a", role: null, clear: null }, "priority, group, role, "],
      ["update_tasks", { action: "move", ids: null, to_group: null }, "to_assign, to_group"],
    ] as const
  ) {
    await t.step(`${tool} ${JSON.stringify(args)}`, async () => {
      const { code, message } = await server.refused(tool, args);
      assertEquals(code, "invalid_value");
      assertStringIncludes(message, `Cannot ${tool} as all other values are null`);
      assertStringIncludes(message, `name it in clear, which takes ${says}`);
    });
  }

  await t.step("the refusal of an action without its target names clear", async () => {
    const { message } = await server.refused("update_tasks", { action: "move", ids: ["a"], to_group: null });
    assertStringIncludes(message, 'to_group is missing: add it, or use clear: ["to_group"] for none');
  });

  await t.step("setting and clearing a value at once is refused", async () => {
    const { message } = await server.refused("update_task", { task_id: "a", role: "qa", clear: ["role"] });
    assertStringIncludes(message, "Cannot both set and clear role");
  });

  await t.step("values named in clear are removed", async () => {
    await server.ask("update_task", { task_id: "a", clear: "role" });
    assertEquals((await server.ask("get_task_details", { task_id: "a" }))["role"], undefined);
    const group = await server.ask("update_group", { group_id: "g", clear: ["title", "max_parallel"] });
    assertEquals([group["title"], group["maxParallel"], group["paused"]], [undefined, undefined, true]);
  });
});

Deno.test("a result that is an object or a list is kept as its JSON, and conditions read it", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  const when = { pointer: "/verdict", equals: "ok" };
  await server.ask("create_task", { id: "a", description: "" });
  await server.ask("create_task", { id: "b", description: "", dependencies: [{ task: "a", when }] });
  await server.ask("get_next_task", { instance_id: "ann" });
  await server.ask("complete_task", { task_id: "a", instance_id: "ann", result: { verdict: "ok", notes: [null] } });
  assertEquals((await server.ask("get_task_details", { task_id: "a" }))["result"], '{"verdict":"ok","notes":[null]}');
  assertEquals((await server.ask("get_next_task", { instance_id: "ann" }))["id"], "b");
  await server.ask("complete_task", { task_id: "b", instance_id: "ann", result: ["x"] });
  assertEquals((await server.ask("get_task_details", { task_id: "b" }))["result"], '["x"]');
});

/** What each call of the plan answers in a style, and how the tasks are in the end, without times. */
async function outcome(style: Style): Promise<unknown> {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  const { tools } = await server.client.listTools();
  const answers = [];
  for (const [tool, args] of PLAN) {
    const listed = tools.find(({ name }) => name === tool);
    assert(listed !== undefined, `${tool} is not listed`);
    // What the tools' schemas are made of is what tests/mcp/listed_schema_test.ts holds them to.
    answers.push(await answerOf(server, tool, style(args, listed.inputSchema as Schema)));
  }
  for (const task_id of ["a", "b", "c", "d", "h/x"]) {
    answers.push(await answerOf(server, "get_task_details", { task_id }));
  }
  return answers;
}

async function answerOf(server: Server, tool: string, args: Json): Promise<unknown> {
  return JSON.parse(JSON.stringify(await server.ask(tool, args), (key, value) => TIMES.test(key) ? undefined : value));
}

/** Fields that differ from run to run. */
const TIMES = /(At|Until)$|^at$|_at$|^(duration|worked|waited|total)Ms$/;

/** The value with null in the place of every listed property that it does not give. */
function filled(value: unknown, schema: Schema): unknown {
  const { properties, items, anyOf = [] } = schema;
  if (Array.isArray(value)) return value.map((each) => filled(each, items ?? {}));
  if (typeof value !== "object" || value === null) return value;
  const listed = properties ?? anyOf.find((each) => each.properties !== undefined)?.properties ?? {};
  return {
    ...Object.fromEntries(Object.keys(listed).map((key) => [key, null])),
    ...Object.fromEntries(Object.entries(value).map(([key, each]) => [key, filled(each, listed[key] ?? {})])),
  };
}

/** The arguments, each as JSON text if it is no text; expressions in a list of dependencies, too. */
function asTexts(args: Json): Json {
  const entries = Object.entries(args).map(([key, value]) => {
    const parts = key === "tasks" && Array.isArray(value) ? value.map(asTexts) : value;
    return [key, typeof parts === "string" ? parts : JSON.stringify(parts)];
  });
  return Object.fromEntries(entries);
}
