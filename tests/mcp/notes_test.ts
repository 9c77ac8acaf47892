/** Shows notes, preambles and cancellations to agents: exact calls, and what of their answers each agent reads. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { connect, type Connected } from "../support/connected.ts";
import { startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

type Json = Readonly<Record<string, unknown>>;

const NOW = Date.UTC(2026, 10, 26, 12);
const AT = "2026-11-26T12:00:00.000Z";

/** Asks a tool that must not refuse. */
function asking(server: Connected) {
  return async (tool: string, args: Json): Promise<Json> => {
    const { isError, structuredContent, content } = await server.call(tool, args);
    assert(isError !== true, JSON.stringify(content));
    return structuredContent ?? {};
  };
}

async function refusal(server: Connected, tool: string, args: Json): Promise<string> {
  const { isError, structuredContent } = await server.call(tool, args);
  assertEquals(isError, true);
  return String((structuredContent?.["error"] as Json)["message"]);
}

Deno.test("a note reaches the holder once, with whichever answer comes next, and the next claimer", async () => {
  await using server = await connect({ now: () => NOW });
  const ask = asking(server);
  const shown = { author: "lead", at: AT };
  const add = (text: string) => ask("add_note", { task_id: "a", text, instance_id: "lead" });
  await ask("create_task", { id: "a", description: "build" });
  await ask("get_next_task", { instance_id: "ann" });
  const added = { id: "a", status: "in_progress", assignedTo: "ann", note_count: 1 };
  assertEquals(await add("use v2"), added);

  const held = { task_id: "a", instance_id: "ann" };
  assertEquals((await ask("report_progress", held))["notes"], [{ ...shown, text: "use v2" }]);
  assertEquals((await ask("report_progress", held))["notes"], undefined);

  await add("not v3");
  assertEquals((await ask("heartbeat", { instance_id: "ann" }))["notes"], [{ task: "a", ...shown, text: "not v3" }]);
  assertEquals((await ask("heartbeat", { instance_id: "ann" }))["notes"], undefined);

  await add("for no_tasks");
  const none = await ask("get_next_task", { instance_id: "ann" });
  assertEquals([none["status"], none["notes"]], ["no_tasks", [{ task: "a", ...shown, text: "for no_tasks" }]]);

  await add("while you stop");
  const released = await ask("release_task", held);
  assertEquals([released["status"], released["notes"]], ["pending", [{ ...shown, text: "while you stop" }]]);

  const texts = ["use v2", "not v3", "for no_tasks", "while you stop"];
  const claimed = await ask("get_next_task", { instance_id: "bob" });
  assertEquals(claimed["notes"], texts.map((text) => ({ ...shown, text })));

  const { you } = await ask("heartbeat", {});
  await ask("add_note", { task_id: "a", text: "by the instance of the connection" });
  const { notes, completed_task } = await ask("complete_task", { task_id: "a", instance_id: "bob", result: "x" });
  assertEquals(notes, [{ author: you, at: AT, text: "by the instance of the connection" }]);
  assert(!Object.hasOwn(completed_task as Json, "notes"));

  const details = await ask("get_task_details", { task_id: "a" });
  assertEquals((details["notes"] as readonly Json[]).map(({ text }) => text), [
    ...texts,
    "by the instance of the connection",
  ]);
  const { events } = await ask("get_history", { task_id: "a", type: ["task.noted"], limit: 1 });
  const [{ type, data } = {}] = events as readonly Json[];
  const noted = { author: you, instance: you, text: "by the instance of the connection", actor: "test" };
  assertEquals([type, data], ["task.noted", noted]);
});

Deno.test("an answer with more notes than it shows says where the others are", async () => {
  await using server = await connect();
  const ask = asking(server);
  await ask("create_task", { id: "a", description: "build" });
  for (let index = 0; index < 21; index++) await ask("add_note", { task_id: "a", text: `${index}` });
  const { notes, more_notes, note } = await ask("get_next_task", { instance_id: "ann" });
  assertEquals([(notes as unknown[]).length, more_notes], [20, 1]);
  assertEquals(note, 'get_task_details with part: "notes" has the other notes.');
});

Deno.test("fifty notes of 4 KiB fill no answer, and come in pieces", async () => {
  await using server = await connect();
  const ask = asking(server);
  const bytesOf = (shown: Json) => new TextEncoder().encode(JSON.stringify(shown)).length;
  await ask("create_task", { id: "a", description: "build" });
  for (let index = 10; index < 60; index++) {
    await ask("add_note", { task_id: "a", text: `${index}${"深".repeat(1_364)}` });
  }
  const details = await ask("get_task_details", { task_id: "a" });
  const { structuredContent } = await server.call("get_task_status", { fields: ["notes"] });
  const [listed] = structuredContent?.["tasks"] as readonly Json[];
  for (const shown of [details, listed ?? {}]) {
    assert(bytesOf(shown) < 17 * 1024, `${bytesOf(shown)} bytes`);
    assertEquals((shown["notes"] as readonly Json[]).map(({ text }) => String(text).slice(0, 2)), ["57", "58", "59"]);
    assertEquals(shown["olderNotes"], '47 more: get_task_details with part: "notes" returns all');
  }
  const claimed = await ask("get_next_task", { instance_id: "ann" });
  assert(bytesOf(claimed) < 9 * 1024, `${bytesOf(claimed)} bytes`);
  assertEquals([(claimed["notes"] as unknown[]).length, claimed["more_notes"]], [2, 48]);
  const piece = await ask("get_task_details", { task_id: "a", part: "notes", limit: 50_000 });
  const all = await ask("get_task_details", { task_id: "a", part: "notes", offset: 50_000, limit: 50_000 });
  assertEquals((String(piece["text"]) + String(all["text"])).match(/\d\d深/g)?.length, 50);
});

Deno.test("fail_task tells new notes, too", async () => {
  await using server = await connect({ now: () => NOW });
  const ask = asking(server);
  await ask("create_task", { id: "a", description: "build" });
  await ask("get_next_task", { instance_id: "ann" });
  await ask("add_note", { task_id: "a", text: "use v2", instance_id: "lead" });
  const { status, notes } = await ask("fail_task", { task_id: "a", instance_id: "ann", error: "no v1" });
  assertEquals([status, notes], ["failed", [{ author: "lead", at: AT, text: "use v2" }]]);
});

Deno.test("the preamble of a group comes with the first claim of each instance", async () => {
  await using server = await connect();
  const ask = asking(server);
  const preamble = "Deno only. " + "x".repeat(500);
  await ask("create_group", { group_id: "g", preamble });
  await ask("create_tasks", { tasks: ["a", "b", "c", "d"].map((id) => ({ id, description: "", group: "g" })) });
  const claims = [];
  for (const instance_id of ["ann", "ann", "bob"]) claims.push(await ask("get_next_task", { instance_id }));
  assertEquals(claims.map((claim) => claim["preamble"]), [preamble, undefined, preamble]);
  // A context that is lost is given again.
  assertEquals((await ask("get_next_task", { instance_id: "ann", task_id: "a" }))["preamble"], preamble);
  assertEquals((await ask("get_groups", { group_id: "g" }))["preamble"], preamble);
  const [{ preamble: cut } = {}] = (await ask("get_groups", {}))["groups"] as readonly Json[];
  assert(String(cut).length < 300 && String(cut).includes("get_groups with group_id has all"), String(cut));
  assertEquals((await ask("update_group", { group_id: "g", clear: ["preamble"] }))["preamble"], undefined);
  assertEquals((await ask("get_next_task", { instance_id: "carl" }))["preamble"], undefined);
});

Deno.test("apply_template gives its group a preamble", async () => {
  await using server = await connect();
  const ask = asking(server);
  await ask("apply_template", { name: "bugfix", group_id: "bug", parameters: { bug: "b" }, preamble: "Deno only" });
  assertEquals((await ask("get_next_task", { instance_id: "ann" }))["preamble"], "Deno only");
});

Deno.test("news end a wait, and each report of a worker tells them", async () => {
  await using server = await connect({ now: () => NOW });
  const ask = asking(server);
  const held = ["a", "b", "c", "d"];
  await ask("create_tasks", { tasks: held.map((id) => ({ id, description: "" })) });
  for (const task_id of held) await ask("get_next_task", { instance_id: "ann", task_id });
  const shown = { author: "lead", at: AT, text: "stop" };
  const tell = () => ask("add_note", { task_id: "d", text: "stop", instance_id: "lead" });

  await tell();
  const { status, notes, note } = await ask("get_next_task", { instance_id: "ann", wait_ms: 50_000 });
  assertEquals([status, notes, note], [
    "no_tasks",
    [{ task: "d", ...shown }],
    "News ended the wait: call again to wait on.",
  ]);
  for (
    const [tool, rest] of [
      ["report_progress", { task_id: "a", percent: 1 }],
      ["complete_task", { task_id: "a", result: "x" }],
      ["fail_task", { task_id: "b", error: "no" }],
    ] as const
  ) {
    await tell();
    assertEquals((await ask(tool, { instance_id: "ann", ...rest }))["notes"], [{ task: "d", ...shown }], tool);
  }
  await tell();
  assertEquals((await ask("release_task", { instance_id: "ann", task_id: "c" }))["notes"], undefined);
  await ask("cancel_task", { task_id: "d", instance_id: "ann" });
  assertEquals((await ask("complete_task", { task_id: "a", instance_id: "ann", result: "x" }))["cancelled_tasks"], [
    { id: "d", attempt: 1, by: "ann (test)" },
  ]);
});

const REPORTS: readonly [tool: string, args: Json][] = [
  ["heartbeat", {}],
  ["register_instance", {}],
  ["report_progress", { task_id: "a" }],
  ["complete_task", { task_id: "a", result: "built" }],
  ["fail_task", { task_id: "a", error: "broken" }],
];

for (const [tool, args] of REPORTS) {
  Deno.test(`news in a claim that its client gave up are in the next answer of ${tool}, once`, async () => {
    await using server = await connect();
    const ask = asking(server);
    await ask("create_tasks", { tasks: [{ id: "a", description: "build" }, { id: "b", description: "test" }] });
    for (const task_id of ["a", "b"]) await ask("get_next_task", { instance_id: "ann", task_id });
    await ask("add_note", { task_id: "a", text: "STOP", instance_id: "lead" });
    await ask("cancel_task", { task_id: "b", instance_id: "lead" });
    await giveUpClaimOfAnn(server);
    const { notes, cancelled_tasks } = await ask(tool, { ...args, instance_id: "ann" });
    const told = (notes as readonly Json[]).map(({ task, author, text }) => [task, author, text]);
    assertEquals(told, [["a", "lead", "STOP"]]);
    assertEquals(cancelled_tasks, [{ id: "b", attempt: 1, by: "lead (test)" }]);
    const after = await ask("heartbeat", { instance_id: "ann" });
    assertEquals([after["notes"], after["cancelled_tasks"]], [undefined, undefined]);
  });
}

/** Ann's client gives up a claim when it is decided and not answered yet. */
async function giveUpClaimOfAnn({ engine, client }: Connected): Promise<void> {
  const aborting = new AbortController();
  const handedBack = Promise.withResolvers<void>();
  const execute = engine.execute.bind(engine);
  engine.execute = async (command, caller) => {
    const answer = await execute(command, caller);
    aborting.abort();
    // The cancellation travels as a message.
    await new Promise((resolve) => setTimeout(resolve, 0));
    setTimeout(handedBack.resolve, 0);
    return answer;
  };
  const claim = { name: "get_next_task", arguments: { instance_id: "ann", wait_ms: 60_000 } };
  await assertRejects(() => client.callTool(claim, undefined, { signal: aborting.signal }));
  await handedBack.promise;
  engine.execute = execute;
}

Deno.test("a worker whose task was cancelled is told by whom and why", async () => {
  await using server = await connect();
  const ask = asking(server);
  await ask("create_tasks", { tasks: ["a", "b"].map((id) => ({ id, description: "" })) });
  await ask("get_next_task", { instance_id: "ann", task_id: "a" });
  await ask("cancel_task", { task_id: "a", reason: "not needed", instance_id: "lead" });
  assertEquals(
    await refusal(server, "complete_task", { task_id: "a", instance_id: "ann", result: "x" }),
    "Cannot complete task a in cancelled state: it was cancelled by lead (test): not needed; drop this work",
  );
  const cancelled_tasks = [{ id: "a", attempt: 1, by: "lead (test)", reason: "not needed" }];
  assertEquals((await ask("get_next_task", { instance_id: "ann" }))["cancelled_tasks"], cancelled_tasks);
  assertEquals((await ask("heartbeat", { instance_id: "ann" }))["cancelled_tasks"], undefined);
  assertEquals((await ask("get_task_details", { task_id: "a" }))["cancelledBy"], "lead (test)");

  await ask("update_tasks", { action: "cancel", ids: ["b"], reason: "neither", instance_id: "lead" });
  const { cancelled_tasks: told } = await ask("heartbeat", { instance_id: "ann" });
  assertEquals(told, [{ id: "b", attempt: 1, by: "lead (test)", reason: "neither" }]);
});

Deno.test("an empty plan says that waiting for the planner helps", async () => {
  await using server = await connect();
  const { reason, message } = await asking(server)("get_next_task", { instance_id: "ann" });
  assertEquals([reason, message], [
    "no_tasks_exist",
    "There are no tasks yet; what would help: create_tasks; or wait for the planner: get_next_task with wait_ms",
  ]);
});

Deno.test("a worker may add notes, an observer may not", async () => {
  await using directory = await temporaryDirectory();
  await using admin = await startServer(directory.path);
  await admin.ask("create_task", { id: "a", description: "" });
  await using worker = await startServer(directory.path, { args: ["--as", "worker"] });
  await worker.ask("add_note", { task_id: "a", text: "n" });
  await using observer = await startServer(directory.path, { args: ["--as", "observer"] });
  const { structuredContent } = await observer.client.callTool({
    name: "add_note",
    arguments: { task_id: "a", text: "n" },
  });
  assertEquals(((structuredContent as Json)["error"] as Json)["code"], "forbidden");
  assertEquals(((await admin.ask("get_task_details", { task_id: "a" }) as Json)["notes"] as unknown[]).length, 1);
});
