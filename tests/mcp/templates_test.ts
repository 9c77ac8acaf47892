/** Shows the tools of templates: those that ship, own ones in versions, and the groups that they become. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { BUILTIN_TEMPLATES } from "../../src/core/templates/builtin_templates.ts";
import { type Json, startServer } from "../support/server.ts";
import { initialize, RawServer, toolCall } from "../support/raw_server.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { until } from "../support/until.ts";

/** Longest answer with a list, in characters. */
const MAX_ANSWER_CHARACTERS = 70_000;

interface Templates {
  readonly templates: readonly (Json & { readonly name: string })[];
}

Deno.test("built-in templates can be listed, read and applied", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  const { templates } = await server.ask<Templates>("list_templates");
  assertEquals(templates.map(({ name }) => name).sort(), ["bugfix", "feature", "migration", "release", "review_panel"]);
  for (const { name, version, description, parameters, tasks, builtin, archived } of templates) {
    assertEquals([version, builtin, archived], [0, true, undefined]);
    assert(String(description).length > 20 && Number(tasks) > 2);
    const required = (parameters as Json[]).filter((parameter) => parameter["required"] === true);
    const values = Object.fromEntries(required.map((parameter) => [String(parameter["name"]), "{{x}} this"]));
    const applied = await server.ask("apply_template", { name, group_id: name, parameters: values, title: "It" });
    assertEquals([applied["created"], (applied["task_ids"] as string[]).length], [tasks, tasks]);
    assert(Number(applied["ready_count"]) > 0);
    for (const id of applied["task_ids"] as string[]) assert(id.startsWith(`${name}/`), id);
    const group = applied["group"] as Json;
    assertEquals([group["id"], group["title"], group["total"]], [name, "It", tasks]);
    assertEquals(group["template"], { name, version: 0, builtinVersion: 1 });
  }
});

Deno.test("built-in templates can be saved with save_template, unchanged", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  for (const { version: _, ...template } of BUILTIN_TEMPLATES) {
    const { name } = template;
    // No field of it is one that the tool does not know: that would be named in a note.
    const tasks = template.tasks.map(({ maxAttempts, ...task }) => ({ ...task, max_attempts: maxAttempts }));
    assertEquals(await server.ask("save_template", { ...template, tasks }), { name, version: 1 });
    const [built, saved] = [
      await server.ask("get_template", { name, version: 0 }),
      await server.ask("get_template", { name }),
    ];
    const { builtinVersion, ...others } = built;
    assertEquals([{ ...saved, version: 0, createdAt: undefined }, builtinVersion], [
      { ...others, createdAt: undefined },
      1,
    ]);
  }
});

Deno.test("a saved template", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  const template = {
    name: "check",
    description: "Check it",
    parameters: [{ name: "what", required: true }, { name: "how", default: "by hand" }],
    tasks: [
      { id: "look", description: "Look at {{what}} {{how}}", priority: "high", estimate_ms: 60_000 },
      { id: "say", description: "Say how {{what}} is", dependencies: ["look", { task: "look", on: "finished" }] },
    ],
  };

  await t.step("is saved as version 1, and again as version 2", async () => {
    assertEquals(await server.ask("save_template", template), { name: "check", version: 1 });
    const tasks = [...template.tasks, { id: "more", description: "" }];
    assertEquals(await server.ask("save_template", { ...template, tasks }), { name: "check", version: 2 });
  });

  await t.step("is listed once, and read in each version", async () => {
    const { templates } = await server.ask<Templates>("list_templates");
    const [listed, ...others] = templates.filter(({ name }) => name === "check");
    assertEquals([listed?.["version"], listed?.["tasks"], listed?.["builtin"]], [2, 3, false]);
    assertEquals(others, []);
    for (const [version, count] of [[1, 2], [2, 3], [undefined, 3]] as const) {
      const whole = await server.ask("get_template", { name: "check", version });
      assertEquals([whole["version"], (whole["tasks"] as Json[]).length], [version ?? 2, count]);
      assertMatch(String(whole["createdAt"]), /Z$/);
      assertEquals(whole["parameters"], template.parameters);
    }
  });

  await t.step("becomes a group of tasks, with the parameters filled in", async () => {
    const { group, ...created } = await server.ask("apply_template", {
      name: "check",
      version: 1,
      group_id: "c1",
      parameters: { what: "the {{how}}" },
      max_parallel: 1,
    });
    assertEquals(created, { created: 2, ready: ["c1/look"], ready_count: 1, task_ids: ["c1/look", "c1/say"] });
    assertEquals((group as Json)["maxParallel"], 1);
    const look = await server.ask("get_task_details", { task_id: "c1/look" });
    assertEquals(
      [look["description"], look["priority"], look["estimateMs"], look["group"]],
      ["Look at the {{how}} by hand", "high", 60_000, "c1"],
    );
    const say = await server.ask("get_task_details", { task_id: "c1/say" });
    assertEquals(say["dependencies"], ["c1/look", { task: "c1/look", on: "finished" }]);
  });

  await t.step("creates nothing if the call is invalid", async () => {
    for (
      const [wrong, code, says] of [
        [{ name: "none" }, "not_found", "none"],
        [{ version: 3 }, "not_found", "3"],
        [{ group_id: "c1" }, "already_exists", "Group c1 already exists"],
        [{ group_id: "" }, "invalid_value", "Group id is empty"],
        [{ parameters: {} }, "invalid_value", "what"],
        [{ parameters: { what: "x", extra: "y" } }, "invalid_value", "extra"],
        [{ max_parallel: 0 }, "invalid_value", "max_parallel"],
      ] as const
    ) {
      const args = { name: "check", group_id: "c2", parameters: { what: "x" }, ...wrong };
      const refused = await server.refused("apply_template", args);
      assertEquals(refused.code, code, refused.message);
      assertStringIncludes(refused.message, says);
    }
    assertEquals((await server.ask("get_groups"))["total"], 1);
    const { message } = await server.refused("apply_template", {
      name: "check",
      group_id: "c2",
      parameters: { what: 5 },
    });
    assertStringIncludes(message, "parameters.what");
  });

  await t.step("is not saved if it is invalid", async () => {
    for (
      const [wrong, code] of [
        [{ name: "" }, "invalid_value"],
        [{ tasks: [] }, "invalid_value"],
        [{ tasks: [{ id: "a", description: "{{unknown}}" }] }, "invalid_value"],
        [{ tasks: [{ id: "a", description: "" }, { id: "a", description: "" }] }, "already_exists"],
        [{ parameters: [{ name: "a b" }] }, "invalid_value"],
        [{ tasks: [{ id: "a", description: "", group: "g" }] }, "invalid_value"],
      ] as const
    ) {
      const refused = await server.refused("save_template", { ...template, ...wrong });
      assertEquals(refused.code, code, refused.message);
    }
  });

  await t.step("is archived and restored", async () => {
    assertEquals(await server.ask("archive_template", { name: "check" }), { name: "check", archived: true });
    const args = { name: "check", group_id: "c2", parameters: { what: "x" } };
    const { code, message } = await server.refused("apply_template", args);
    assertEquals(code, "wrong_state");
    assertStringIncludes(message, "Cannot apply template check as it is archived");
    assertEquals((await server.ask("get_template", { name: "check" }))["archived"], true);
    const { templates } = await server.ask<Templates>("list_templates");
    assertEquals(templates.find(({ name }) => name === "check")?.["archived"], true);
    const back = { name: "check", archived: false };
    assertEquals(await server.ask("archive_template", back), back);
    await server.ask("apply_template", args);
    assertEquals((await server.refused("archive_template", { name: "none" })).code, "not_found");
  });

  await t.step("is known to other processes, and after a restart", async () => {
    await using other = await startServer(directory.path);
    const whole = await server.ask("get_template", { name: "check" });
    assertEquals(await other.ask("get_template", { name: "check" }), whole);
  });
});

Deno.test("times of a template", async (t) => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  const moment = "2090-01-02T03:04:05.000Z";

  await t.step("that are durations count from its application, other times stay", async () => {
    const tasks = [
      { id: "soon", description: "", not_before: "PT1H", deadline: "P1D" },
      { id: "fixed", description: "", not_before: moment, deadline: moment },
    ];
    await server.ask("save_template", { name: "timed", tasks });
    const saved = Date.now();
    await until("the clock to go on", () => Date.now() > saved);
    const before = Date.now();
    await server.ask("apply_template", { name: "timed", group_id: "g" });
    const after = Date.now();
    const soon = await server.ask("get_task_details", { task_id: "g/soon" });
    for (const [field, durationMs] of [["notBefore", 3_600_000], ["deadline", 86_400_000]] as const) {
      const from = Date.parse(String(soon[field])) - durationMs;
      assert(from >= before && from <= after, `${field} counts from ${from}, not from ${before} to ${after}`);
    }
    const fixed = await server.ask("get_task_details", { task_id: "g/fixed" });
    assertEquals([fixed["notBefore"], fixed["deadline"]], [moment, moment]);
  });

  await t.step("and other values are refused if no parameter can make them valid", async () => {
    for (
      const [wrong, says] of [
        [{ not_before: "soon" }, "not_before soon is not a time"],
        [{ deadline: "P999999D" }, "deadline of task a must be"],
        [{ max_attempts: -5 }, "max_attempts of task a must be"],
        [{ dependencies: [{ at_least: 0, of: ["b"] }] }, "at_least 0 is not valid"],
      ] as const
    ) {
      const tasks = [{ id: "a", description: "", ...wrong }, { id: "b", description: "" }];
      const { code, message } = await server.refused("save_template", { name: "wrong", tasks });
      assertEquals(code, "invalid_value", message);
      assertStringIncludes(message, says);
    }
  });
});

Deno.test("a condition that is nested too deep is refused, and the server continues", async () => {
  await using directory = await temporaryDirectory();
  await using server = new RawServer(directory.path);
  const depth = 100_000;
  const when = `{"equals":${"[".repeat(depth)}1${"]".repeat(depth)}}`;
  const tasks =
    `[{"id":"a","description":""},{"id":"b","description":"","dependencies":[{"task":"a","when":${when}}]}]`;
  const params = `{"name":"save_template","arguments":{"name":"deep","tasks":${tasks}}}`;
  await server.write(initialize(1));
  await server.write(`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":${params}}\n`);
  await server.write(toolCall(3, "list_templates"));
  const [, refused, listed] = await server.take(3);
  const text = JSON.stringify(refused?.result);
  assertStringIncludes(text, '"code":"limit_exceeded"');
  assertStringIncludes(text, "The arguments are nested more than 100 deep");
  assert(!JSON.stringify(listed?.result).includes('"deep"'));
  await server.endInput();
});

Deno.test("a list of many templates with long texts is bounded", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  const long = "long ".repeat(1_000);
  const parameters = Array.from({ length: 5 }, (_, index) => ({ name: `p${index}`, description: long, default: long }));
  const tasks = [{ id: "a", description: "" }];
  for (let index = 0; index < 100; index++) {
    await server.ask("save_template", { name: `t${index}`, description: long, parameters, tasks });
  }
  const answer = await server.ask<Templates & { readonly total: number }>("list_templates");
  const { length } = JSON.stringify(answer);
  assert(length < MAX_ANSWER_CHARACTERS, `${length} characters`);
  assert(answer.templates.length > 20, `${answer.templates.length} templates`);
  assertEquals(answer.total, 105);
});

Deno.test("toolsets select the tools", async (t) => {
  await using directory = await temporaryDirectory();
  const namesWith = async (...args: readonly string[]) => {
    await using server = await startServer(directory.path, { args });
    return (await server.client.listTools()).tools.map(({ name }) => name);
  };
  const all = await namesWith();

  await t.step("each tool in one of them", async () => {
    const sets = ["core", "instances", "groups", "templates", "events"];
    const names = await Promise.all(sets.map((set) => namesWith("--toolsets", set)));
    assertEquals(names.flat(), all);
    for (const [index, example] of ["create_task", "heartbeat", "update_tasks", "apply_template"].entries()) {
      assert(names[index]?.includes(example), example);
    }
    assertEquals(names[4], ["get_history", "wait_for_event"]);
  });

  await t.step("several, in the order in which all are listed", async () => {
    const some = await namesWith("--toolsets", "events, core");
    assertEquals(some, all.filter((name) => some.includes(name)));
    assert(some.includes("get_next_task") && some.includes("get_history") && !some.includes("heartbeat"));
  });

  await t.step("so that the others cannot be called", async () => {
    await using server = await startServer(directory.path, { args: ["--toolsets=core"] });
    const { message } = await server.malformed("create_group", { group_id: "g" });
    assertStringIncludes(message, "Unknown tool create_group: the tools are create_task, ");
  });
});
