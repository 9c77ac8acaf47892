/** Shows that a client with audiences meets nothing that is hidden from it: over REST, in events, and in a claim that waits. */

import { assertEquals } from "@std/assert";
import { callerOfSecret, issueToken } from "../../src/app/tokens.ts";
import { localOperator } from "../../src/core/model/access.ts";
import { EventReader } from "../support/event_source.ts";
import type { Json } from "../support/server.ts";
import { type Rest, startRest } from "../support/rest.ts";

const OPERATOR = localOperator("test");

/** A service with an open task, and one that only team-a sees, whose client is of team-b. */
async function startForTeamB(): Promise<Rest> {
  const rest = await startRest();
  await rest.ask("POST", "/groups", { group_id: "payroll", visible_to: ["team-a"] });
  await rest.ask("POST", "/tasks", {
    tasks: [
      { id: "open", description: "Open" },
      { id: "secret", description: "Secret", group: "payroll", priority: "urgent", dependencies: ["open"] },
    ],
  });
  const { secret } = await issueToken((command) => rest.engine.execute(command, OPERATOR), {
    name: "b",
    role: "planner",
    audiences: ["team-b"],
  });
  rest.setCaller(await callerOfSecret(secret, { name: "b" }));
  return rest;
}

Deno.test("what is hidden is in no answer of REST", async (t) => {
  await using rest = await startForTeamB();
  const paths = [
    ...["/tasks", "/tasks?summary=true", "/tasks?search=secret", "/tasks/open", "/tasks/open/explain"],
    ...["/groups", "/instances", "/graph", "/history", "/history?group=payroll", "/history?task_id=secret"],
  ];
  for (const path of paths) {
    await t.step(path, async () => {
      const response = await rest.request("GET", path);
      const text = await response.text();
      assertEquals([response.status, /payroll|Secret|"secret"/.test(text)], [200, false], text);
    });
  }
  assertEquals((await rest.ask("GET", "/tasks?summary=true"))["total"], 1);
  for (const path of ["/tasks/secret", "/tasks/secret/explain", "/groups/payroll", "/tasks?group=payroll"]) {
    assertEquals((await rest.request("GET", path)).status, 404, path);
  }
  const created = await rest.request("POST", "/tasks", { body: { id: "x", description: "X" } });
  assertEquals([created.status, (await created.json()).code], [422, "not_visible"]);
});

Deno.test("events leave out what is hidden", async () => {
  await using rest = await startForTeamB();
  const response = await rest.request("GET", "/events?after=0");
  await using events = new EventReader(response);
  await rest.engine.execute({ type: "add_note", id: "secret", text: "hush" }, OPERATOR);
  await rest.engine.execute({ type: "add_note", id: "open", text: "hello" }, OPERATOR);
  const told = (await events.take(3)).map(({ type, data }) => [type, JSON.parse(data).subject]);
  assertEquals(told, [
    ["orchestrator.task.created", "open"],
    ["orchestrator.task.ready", "open"],
    ["orchestrator.task.noted", "open"],
  ]);
});

Deno.test("a claim that waits gets nothing that is hidden", async () => {
  await using rest = await startForTeamB();
  await rest.ask("POST", "/tasks/open/claim", { instance_id: "bob" });
  const waiting = rest.ask("POST", "/claims", { instance_id: "bea", wait_ms: 10_000 });
  const done = await rest.ask("POST", "/tasks/open/complete", { instance_id: "bob", result: "done" });
  assertEquals(done["unlocked_tasks"], []);
  await rest.engine.execute({ type: "create_group", id: "team", settings: { visibleTo: ["team-b"] } }, OPERATOR);
  const next = { id: "next", description: "Next", dependencies: [], group: "team" };
  await rest.engine.execute({ type: "create_tasks", tasks: [next] }, OPERATOR);
  assertEquals((await waiting as Json)["id"], "next");
});
