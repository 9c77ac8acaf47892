/**
 * Shows that a GET at an earlier moment answers what it answered then, to a caller that may see it both then and now, and
 * that what makes no sense there is refused with what would work.
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { callerOfSecret, issueToken } from "../../src/app/tokens.ts";
import { localOperator } from "../../src/core/model/access.ts";
import { PAST_ROUTES } from "../../src/http/rest/past_routes.ts";
import { MemoryJournal } from "../../src/store/memory/memory_journal.ts";
import type { Json } from "../support/server.ts";
import { type Rest, startRest } from "../support/rest.ts";

const OPERATOR = localOperator("test");

/** Every path that takes a moment, and some with parameters. */
const PATHS = [
  ...["/tasks", "/tasks?summary=true", "/tasks?status=ready", "/tasks?text=do", "/tasks/a", "/tasks/b/explain"],
  ...["/groups", "/groups/g", "/instances?all=true", "/templates", "/templates/t", "/project", "/graph", "/plan"],
  ...["/metrics", "/metrics?detail=instances", "/metrics?task_id=a", "/analysis", "/analysis?detail=forecast"],
  ...["/plan", "/attempts", "/attempts?limit=1"],
];

/** What somebody does, one command a minute. */
const COURSE: readonly (readonly [method: string, path: string, body: Json])[] = [
  ["POST", "/groups", { group_id: "g", max_parallel: 1 }],
  ["POST", "/tasks", {
    tasks: [{ id: "a", description: "do a", group: "g" }, { id: "b", description: "do b", dependencies: ["a"] }],
  }],
  ["PUT", "/instances/ann", { roles: ["dev"], ttl_ms: 3_600_000 }],
  ["POST", "/claims", { instance_id: "ann" }],
  ["POST", "/tasks/a/progress", { instance_id: "ann", message: "half" }],
  ["POST", "/tasks/a/complete", { instance_id: "ann", result: "done" }],
  ["POST", "/templates", { name: "t", tasks: [{ id: "x", description: "do x" }] }],
  ["POST", "/tasks/b/claim", { instance_id: "ann" }],
  ["POST", "/tasks/b/fail", { instance_id: "ann", error: "broken", retryable: false }],
  ["DELETE", "/groups/g?force=true", {}],
  ["POST", "/project/pause", { reason: "night" }],
  ["PATCH", "/tasks/b", { description: "do b well" }],
];

Deno.test("at each record, every GET answers what it answered when that record was the last", async () => {
  let time = 1_700_000_000_000;
  const journal = new MemoryJournal(() => time);
  await using rest = await startRest({ journal });
  const seen: { readonly seq: number; readonly answers: Readonly<Record<string, string>> }[] = [];
  for (const [method, path, body] of COURSE) {
    time += 60_000;
    await rest.request(method, path, { body });
    const seq = await rest.engine.catchUp();
    if (seq !== seen.at(-1)?.seq) seen.push({ seq, answers: await answersOf(rest, "") });
  }
  assert(seen.length > 8, "too few of the commands were accepted");
  for (const { seq, answers } of [...seen.toReversed(), ...seen]) {
    assertEquals(await answersOf(rest, `/at/${seq}`), answers, `at ${seq}`);
  }
  for (const route of PAST_ROUTES) {
    const pattern = new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, "[^/?]+")}(\\?|$)`);
    assert(PATHS.some((path) => pattern.test(path)), `${route.path} is not tried`);
  }
});

/** The texts and statuses of all paths. */
async function answersOf(rest: Rest, moment: string): Promise<Readonly<Record<string, string>>> {
  const answers: Record<string, string> = {};
  for (const path of PATHS) {
    const response = await rest.request("GET", moment + path);
    // When an instance called last is kept in the journal only if it changed something.
    answers[path] = `${response.status} ${(await response.text()).replaceAll(/"seenAt":"[^"]*",?/g, "")}`;
  }
  return answers;
}

Deno.test("the headers tell which moment was meant, a time also by its record", async () => {
  let time = Date.parse("2026-01-02T03:00:00Z");
  await using rest = await startRest({ journal: new MemoryJournal(() => time) });
  await rest.ask("POST", "/tasks", { id: "a", description: "A" });
  time += 60_000;
  await rest.ask("POST", "/tasks", { id: "b", description: "B" });
  time += 60_000;
  const headersAt = async (moment: string) => {
    const { headers, status } = await rest.request("GET", `/at/${encodeURIComponent(moment)}/tasks`);
    return [status, headers.get("orchestrator-seq"), headers.get("orchestrator-time")];
  };
  assertEquals(await headersAt("1"), [200, "1", "2026-01-02T03:00:00.000Z"]);
  assertEquals(await headersAt("2026-01-02T03:00:30Z"), [200, "1", "2026-01-02T03:00:30.000Z"]);
  assertEquals(await headersAt("PT1M"), [200, "2", "2026-01-02T03:01:00.000Z"]);
});

Deno.test("what has no earlier moment is refused with what would work", async (t) => {
  await using rest = await startRest();
  await rest.ask("POST", "/tasks", { id: "a", description: "A" });
  const refusals: readonly (readonly [path: string, status: number, words: string])[] = [
    ["/at/1/history", 404, "GET /history with until"],
    ["/at/1/events", 404, "GET /history with until"],
    ["/at/1/tokens", 404, "GET /audit with until"],
    ["/at/1/audit", 404, "GET /audit with until"],
    ["/at/1/webhooks", 404, "GET /audit with until"],
    ["/at/1/webhooks/x/deliveries", 404, "these paths can be read: /tasks"],
    ["/at/1", 404, "these paths can be read: /tasks"],
    ["/at/2/tasks", 404, "it has the records 1 to 1"],
    ["/at/0/tasks", 404, "it has the records 1 to 1"],
    ["/at/2000-01-01/tasks", 404, "its first record is of"],
    ["/at/2999-01-01/tasks", 404, "what will be"],
    ["/at/soon/tasks", 400, "neither the seq of a record"],
    ["/at/1.0/tasks", 400, "give the record, like 1"],
  ];
  for (const [path, status, words] of refusals) {
    await t.step(path, async () => {
      const response = await rest.request("GET", path);
      assertEquals(response.status, status);
      assertStringIncludes((await response.json()).detail, words);
    });
  }
  assertEquals((await rest.request("POST", "/at/1/tasks", { body: { id: "b", description: "B" } })).status, 405);
});

Deno.test("a caller sees only what it may see both then and now", async () => {
  await using rest = await startRest();
  const change = (method: string, path: string, body: Json) => rest.ask(method, path, body);
  await change("POST", "/groups", { group_id: "closed later" });
  await change("POST", "/groups", { group_id: "opened later", visible_to: ["team-a"] });
  await change("POST", "/tasks", {
    tasks: [
      { id: "open", description: "Open" },
      { id: "secret-1", description: "In a group that is closed later", group: "closed later" },
      { id: "secret-2", description: "In a group that is opened later", group: "opened later" },
      { id: "secret-3", description: "Moves into a hidden group later" },
      { id: "secret-4", description: "Waits for one that is hidden later", dependencies: ["secret-3"] },
    ],
  });
  const seq = await rest.engine.catchUp();
  await change("PATCH", "/tasks/secret-4", { remove_dependencies: ["secret-3"] });
  await change("PATCH", "/groups/closed%20later", { visible_to: ["team-a"] });
  await change("PATCH", "/tasks/secret-3", { group: "closed later" });
  await change("PATCH", "/groups/opened%20later", { clear: ["visible_to"] });
  const { secret } = await issueToken((command) => rest.engine.execute(command, OPERATOR), {
    name: "b",
    role: "observer",
    audiences: ["team-b"],
  });
  rest.setCaller(await callerOfSecret(secret, { name: "b" }));
  for (
    const path of [
      "/tasks",
      "/tasks?summary=true",
      "/groups",
      "/graph",
      "/plan",
      "/attempts",
      "/analysis",
      "/metrics",
      "/tasks/open",
    ]
  ) {
    const response = await rest.request("GET", `/at/${seq}${path}`);
    const text = await response.text();
    assertEquals([response.status, /secret|later/.test(text)], [200, false], `${path}: ${text}`);
  }
  assertEquals((await rest.ask("GET", `/at/${seq}/tasks?summary=true`))["total"], 1);
  for (let id = 1; id <= 4; id++) {
    assertEquals((await rest.request("GET", `/at/${seq}/tasks/secret-${id}`)).status, 404, `${id}`);
  }
  // Now, two of them are open to it.
  assertEquals((await rest.ask("GET", "/tasks?summary=true"))["total"], 3);
  rest.setCaller(OPERATOR);
  assertEquals((await rest.ask("GET", `/at/${seq}/tasks?summary=true`))["total"], 5);
});

Deno.test("a token that was revoked since sees no earlier moment either", async () => {
  await using rest = await startRest();
  const { secret } = await issueToken((command) => rest.engine.execute(command, OPERATOR), {
    name: "b",
    role: "observer",
  });
  rest.setCaller(await callerOfSecret(secret, { name: "b" }));
  assertEquals((await rest.request("GET", "/at/1/tasks")).status, 200);
  await rest.engine.execute({ type: "revoke_token", name: "b" }, OPERATOR);
  assertEquals((await rest.request("GET", "/at/1/tasks")).status, 401);
});
