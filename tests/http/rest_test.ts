/** Shows REST: each route does what its tool does, with the statuses, headers and errors of HTTP. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { MAX_WAITERS } from "../../src/app/waiting.ts";
import { times } from "../core/given.ts";
import type { Json } from "../support/server.ts";
import { type RequestOptions, type Rest, startRest } from "../support/rest.ts";
import { until } from "../support/until.ts";

Deno.test("a plan can be made, worked on and looked at", async () => {
  await using rest = await startRest();
  const { ask } = rest;
  await ask("POST", "/groups", { group_id: "site", title: "The site" });
  await ask("POST", "/tasks", {
    tasks: [
      { id: "design", description: "Design it", group: "site" },
      { id: "build", description: "Build it", group: "site", dependencies: ["design"], priority: "high" },
    ],
  });
  assertEquals(
    (await ask("GET", "/tasks?status=pending&status=ready"))["tasks"],
    (await ask("GET", "/tasks"))["tasks"],
  );
  const { tasks } = await ask("GET", "/tasks?status=ready&fields=id&limit=1");
  assertEquals(tasks, [{ id: "design" }]);
  assertEquals((await ask("GET", "/tasks?summary=true"))["total"], 2);
  const claim = await ask("POST", "/claims", { instance_id: "ann" });
  assertEquals([claim["id"], claim["attempt"], claim["you"]], ["design", 1, "ann"]);
  await ask("POST", "/tasks/design/progress", { instance_id: "ann", percent: 50, message: "half" });
  const done = await ask("POST", "/tasks/design/complete", { instance_id: "ann", result: { colour: "red" } });
  assertEquals((done["unlocked_tasks"] as Json[]).map(({ id }) => id), ["build"]);
  const next = await ask("POST", "/tasks/build/claim", { instance_id: "bob" });
  assertEquals((next["inputs"] as Json[])[0]?.["result"], '{"colour":"red"}');
  await ask("POST", "/tasks/build/release", { instance_id: "bob", reason: "later" });
  await ask("POST", "/tasks/build/notes", { text: "mind the colour" });
  assertEquals((await ask("GET", "/tasks/build/explain"))["claimable"] ?? true, true);
  await ask("POST", "/tasks/build/claim", { instance_id: "bob" });
  await ask("POST", "/tasks/build/fail", { instance_id: "bob", error: "no paint" });
  await ask("POST", "/tasks/build/retry");
  await ask("POST", "/tasks/build/cancel", { reason: "not needed" });
  const changed = await ask("PATCH", "/tasks", { action: "retry", ids: ["build"] });
  assertEquals(changed["changed"], 1);
  assertEquals((await ask("GET", "/groups/site"))["total"], 2);
  assertEquals((await ask("GET", "/groups"))["total"], 1);
  await ask("PATCH", "/groups/site", { paused: true });
  await ask("PUT", "/instances/ann", { roles: ["painter"] });
  assertEquals((await ask("POST", "/instances/ann/heartbeat"))["instance_id"], "ann");
  assertEquals((await ask("GET", "/instances"))["total"], 1);
  assertEquals((await ask("POST", "/instances/ann/leave"))["status"], "left");
  const { events } = await ask("GET", "/history?task_id=build&type=task.failed");
  assertEquals((events as Json[]).map(({ type }) => type), ["task.failed"]);
  const graph = await rest.request("GET", "/graph");
  assertEquals(graph.headers.get("content-type"), "text/vnd.mermaid; charset=utf-8");
  assertStringIncludes(await graph.text(), "build");
  assertEquals(await ask("DELETE", "/tasks/build"), { deleted: "build" });
});

Deno.test("templates are saved, applied, shown and archived", async () => {
  await using rest = await startRest();
  const saved = await rest.request("POST", "/templates", {
    body: { name: "my plan", tasks: [{ id: "one", description: "do {{what}}" }], parameters: [{ name: "what" }] },
  });
  assertEquals([saved.status, saved.headers.get("location")], [201, "/api/v1/templates/my%20plan"]);
  const applied = await rest.request("POST", "/templates/my%20plan/apply", {
    body: { group_id: "g/1", parameters: { what: "it" } },
  });
  assertEquals([applied.status, applied.headers.get("location")], [201, "/api/v1/groups/g%2F1"]);
  assertEquals((await rest.ask("GET", "/templates/my%20plan?version=1"))["version"], 1);
  assertEquals(await rest.ask("POST", "/templates/my%20plan/archive"), { name: "my plan", archived: true });
  assert((await rest.ask("GET", "/templates"))["templates"] !== undefined);
});

Deno.test("what is created has a place, at which it is found whatever its id", async () => {
  await using rest = await startRest();
  for (const id of ["a", "a/b", "ü & ?#", "100%", "100%25", "a b+c", "%2F", ":id", "*"]) {
    const created = await rest.request("POST", "/tasks", { body: { id, description: "d" } });
    assertEquals([created.status, created.headers.get("etag")], [201, '"1"'], id);
    assertEquals((await created.json())["id"], id);
    const place = created.headers.get("location") ?? "";
    assertMatch(place, /^\/api\/v1\/tasks\/[^/]+$/);
    const found = await rest.ask("GET", place.slice("/api/v1".length));
    assertEquals(found["id"], id);
    assertEquals((await rest.ask("GET", `${place.slice("/api/v1".length)}/explain`))["id"], id);
  }
  const many = await rest.request("POST", "/tasks", { body: { tasks: [{ id: "m", description: "d" }] } });
  assertEquals([many.status, many.headers.get("location")], [201, null]);
  assertEquals((await many.json())["created"], 1);
});

interface Refused extends RequestOptions {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly code: string | undefined;
  /** A part of the detail. */
  readonly says: string;
}

const REFUSED: readonly Refused[] = [
  { method: "GET", path: "/nothing", status: 404, code: "no_such_route", says: "openapi.json" },
  { method: "GET", path: "/tasks/", status: 404, code: "no_such_route", says: "/api/v1/tasks/" },
  { method: "GET", path: "/tasks/none", status: 404, code: "not_found", says: "Task none not found" },
  { method: "PUT", path: "/tasks", status: 405, code: "method_not_allowed", says: "only GET, HEAD, POST, PATCH" },
  { method: "GET", path: "/claims", status: 405, code: "method_not_allowed", says: "only POST" },
  { method: "OPTIONS", path: "/events", status: 405, code: "method_not_allowed", says: "only GET, HEAD" },
  {
    method: "POST",
    path: "/tasks",
    body: "id=a",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    status: 415,
    code: "unsupported_media_type",
    says: "Content-Type: application/json",
  },
  {
    method: "POST",
    path: "/tasks",
    body: "{}",
    headers: { "content-type": "application/jsonp" },
    status: 415,
    code: "unsupported_media_type",
    says: "application/jsonp",
  },
  { method: "POST", path: "/tasks", body: "{", status: 400, code: "invalid_value", says: "not JSON" },
  {
    method: "POST",
    path: "/tasks",
    body: new Uint8Array([0x22, 0xff, 0x22]),
    status: 400,
    code: "invalid_value",
    says: "UTF-8",
  },
  { method: "POST", path: "/tasks", body: "[]", status: 400, code: "invalid_value", says: "JSON object" },
  { method: "POST", path: "/tasks", body: "null", status: 400, code: "invalid_value", says: "JSON object" },
  { method: "POST", path: "/tasks", body: {}, status: 400, code: "invalid_value", says: "id: missing" },
  { method: "POST", path: "/tasks", status: 400, code: "invalid_value", says: "id: missing" },
  {
    method: "POST",
    path: "/tasks",
    body: { id: "x", description: "d", dependency: ["a"] },
    status: 400,
    code: "invalid_value",
    says: "use dependencies",
  },
  {
    method: "POST",
    path: "/tasks",
    body: { id: "taken", description: "d" },
    status: 409,
    code: "already_exists",
    says: "Task taken already exists",
  },
  {
    method: "POST",
    path: "/tasks",
    body: { id: "x", description: "d", dependencies: ["none"] },
    status: 422,
    code: "dependency_not_found",
    says: "Dependency task none not found",
  },
  {
    method: "PATCH",
    path: "/tasks/taken",
    body: { dependencies: ["taken"] },
    status: 422,
    code: "cycle",
    says: "cycle",
  },
  {
    method: "POST",
    path: "/tasks/taken/complete",
    body: { instance_id: "ann", result: "r" },
    status: 409,
    code: "not_holder",
    says: "not assigned to instance ann",
  },
  {
    method: "POST",
    path: "/claims",
    body: {},
    status: 400,
    code: "invalid_value",
    says: "instance_id is missing: give a name of your own",
  },
  {
    method: "POST",
    path: "/tasks/taken/claim",
    body: { instance_id: "ann", task_id: "other" },
    status: 400,
    code: "invalid_value",
    says: "in the path and in the body",
  },
  {
    method: "POST",
    path: "/claims?instance_id=a",
    body: { instance_id: "b" },
    status: 400,
    code: "invalid_value",
    says: "in the query and in the body",
  },
  { method: "GET", path: "/tasks?limit=none", status: 400, code: "invalid_value", says: "limit" },
  { method: "GET", path: "/tasks?limitt=5", status: 400, code: "invalid_value", says: "use limit" },
  { method: "GET", path: "/graph?group=a", status: 400, code: "invalid_value", says: "no parameter group" },
  {
    method: "PATCH",
    path: "/tasks/taken",
    body: { description: "new" },
    headers: { "if-match": '"7"' },
    status: 412,
    code: "stale_version",
    says: "version 1",
  },
  {
    method: "PATCH",
    path: "/tasks/taken",
    body: { description: "new", if_version: 7 },
    status: 409,
    code: "stale_version",
    says: "version 1",
  },
  {
    method: "PATCH",
    path: "/tasks/taken",
    body: { description: "new" },
    headers: { "if-match": 'W/"1"' },
    status: 412,
    code: "stale_version",
    says: "a number in quotes",
  },
  {
    method: "PATCH",
    path: "/tasks/taken",
    body: { description: "new" },
    headers: { "if-match": "1" },
    status: 400,
    code: "invalid_value",
    says: "with its quotes",
  },
  {
    method: "PATCH",
    path: "/tasks/taken",
    body: { description: "new", if_version: 1 },
    headers: { "if-match": '"1"' },
    status: 400,
    code: "invalid_value",
    says: "if_version is given, too",
  },
  {
    method: "DELETE",
    path: "/tasks/taken",
    headers: { "if-match": '"1"' },
    status: 400,
    code: "invalid_value",
    says: "does not take it",
  },
];

Deno.test("every error is a problem that says what would work, and changes nothing", async (t) => {
  await using rest = await startRest();
  await rest.ask("POST", "/tasks", { id: "taken", description: "d" });
  for (const { method, path, status, code, says, ...request } of REFUSED) {
    await t.step(`${method} ${path}: ${status}, ${says}`, async () => {
      const response = await rest.request(method, path, request);
      assertEquals(response.headers.get("content-type"), "application/problem+json");
      const problem: Json = await response.json();
      assertEquals([response.status, problem["status"], problem["code"]], [status, status, code]);
      assertEquals(problem["type"], `orchestrator://problems/${code}`);
      assertStringIncludes(String(problem["detail"]), says);
      assert(typeof problem["title"] === "string");
      if (status === 405) assertStringIncludes(says, response.headers.get("allow") ?? "none");
      assertEquals(rest.engine.seq, 1);
    });
  }
  assertEquals([rest.log.warnings, rest.log.errors], [[], []]);
});

Deno.test("a parameter that is not known is told in the answer", async () => {
  await using rest = await startRest();
  assertStringIncludes(String((await rest.ask("GET", "/tasks?colour=red"))["note"]), "colour");
  assertStringIncludes(
    String((await rest.ask("POST", "/tasks", { id: "a", description: "d", colour: 1 }))["note"]),
    "colour",
  );
});

Deno.test("If-Match changes the version that it names only", async () => {
  await using rest = await startRest();
  await rest.ask("POST", "/tasks", { id: "a", description: "d" });
  const change = (description: string, tag: string) =>
    rest.request("PATCH", "/tasks/a", { body: { description }, headers: { "if-match": tag } });
  const read = await rest.request("GET", "/tasks/a");
  assertEquals(read.headers.get("etag"), '"1"');
  const first = await change("first", '"1"');
  assertEquals([first.status, first.headers.get("etag")], [200, '"2"']);
  assertEquals((await change("second", '"1"')).status, 412);
  assertEquals((await change("third", "*")).headers.get("etag"), '"3"');
  assertEquals((await rest.ask("GET", "/tasks/a"))["description"], "third");
});

Deno.test("a request with an idempotency key is carried out once", async () => {
  await using rest = await startRest();
  const create = (key: string, id: string) =>
    rest.request("POST", "/tasks", { body: { id, description: "d" }, headers: { "idempotency-key": key } });
  assertEquals((await create('"k1"', "a")).status, 201);
  // With or without quotes, it is the same key.
  for (const key of ['"k1"', "k1"]) {
    const again = await create(key, "a");
    const answer: Json = await again.json();
    assertEquals([again.status, answer["repeated"], again.headers.get("location")], [200, true, null]);
  }
  const reused = await create("k1", "b");
  assertEquals([reused.status, (await reused.json())["code"]], [422, "request_reused"]);
  const bad = await create('""', "c");
  assertEquals([bad.status, (await bad.json())["code"]], [400, "invalid_value"]);
  assertEquals((await rest.ask("GET", "/tasks?summary=true"))["total"], 1);
});

Deno.test("a caller that stands for an instance need not name it", async () => {
  await using rest = await startRest({ instance: "ann" });
  await rest.ask("POST", "/tasks", { id: "a", description: "d" });
  assertEquals((await rest.ask("POST", "/claims"))["you"], "ann");
  await rest.ask("POST", "/tasks/a/complete", { result: "done" });
});

Deno.test("a claim waits for a task", async () => {
  await using rest = await startRest();
  const claim = rest.ask("POST", "/claims", { instance_id: "ann", wait_ms: 30_000 });
  await isWaiting(rest, "ann");
  await rest.ask("POST", "/tasks", { id: "a", description: "d" });
  assertEquals((await claim)["id"], "a");
});

Deno.test("a claim whose client is gone ends, and takes no task", async () => {
  await using rest = await startRest();
  const gone = new AbortController();
  const body = { instance_id: "ann", wait_ms: 30_000 };
  const claim = rest.request("POST", "/claims", { body, signal: gone.signal });
  await isWaiting(rest, "ann");
  gone.abort();
  assertEquals((await (await claim).json())["status"], "no_tasks");
  await rest.ask("POST", "/tasks", { id: "a", description: "d" });
  assertEquals((await rest.ask("GET", "/tasks/a"))["status"], "pending");
});

Deno.test("a request for the next event waits, tells what get_history tells, and ends with its client", async () => {
  await using rest = await startRest();
  const leaving = new AbortController();
  const left = times(
    MAX_WAITERS,
    () =>
      rest.request("GET", "/events/next?wait_ms=40000", { signal: leaving.signal }).then((response) => response.json()),
  );
  await until("all to wait", async () => "note" in await rest.ask("GET", "/events/next?wait_ms=1"));
  leaving.abort();
  await Promise.all(left);
  const next = rest.ask("GET", "/events/next?type=task.created&task_id=a&since=0&wait_ms=40000");
  await rest.ask("POST", "/tasks", { id: "b", description: "" });
  await rest.ask("POST", "/tasks", { id: "a", description: "" });
  assertEquals(await next, await rest.ask("GET", "/history?type=task.created&task_id=a&since=0"));
});

Deno.test("without a right, a request is refused with 403", async () => {
  await using rest = await startRest({ caller: { name: "eve", role: "observer" } });
  const refused = await rest.request("POST", "/tasks", { body: { id: "a", description: "d" } });
  assertEquals([refused.status, (await refused.json())["code"]], [403, "forbidden"]);
  assertEquals((await rest.request("GET", "/tasks")).status, 200);
});

Deno.test("an unavailable store is 503, with a time to repeat the request where that can help", async () => {
  await using rest = await startRest();
  await rest.engine.close();
  const closed = await rest.request("GET", "/tasks");
  assertEquals([closed.status, closed.headers.get("retry-after")], [503, "1"]);
  assertEquals((await closed.json())["code"], "closed");
});

Deno.test("HEAD answers like GET, without a body", async () => {
  await using rest = await startRest();
  for (const path of ["/tasks", "/graph", "/events", "/openapi.json"]) {
    const response = await rest.request("HEAD", path);
    assertEquals([response.status, await response.text()], [200, ""], path);
    assert(response.headers.get("content-type") !== null);
  }
});

function isWaiting({ waiting }: Rest, instance: string): Promise<void> {
  return until(`${instance} to wait`, () => waiting.instances().has(instance));
}
