/** Shows that admins issue, list and revoke tokens and read the audit over REST, as they do on the command line. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { callerOfSecret } from "../../src/app/tokens.ts";
import { printAudit } from "../../src/cli/audit.ts";
import { times } from "../core/given.ts";
import { type Rest, startRest } from "../support/rest.ts";
import type { Json } from "../support/server.ts";
import { recordsOf } from "../support/store.ts";

Deno.test("an issued token works until it is revoked, and its secret is shown once", async () => {
  await using rest = await startRest();
  const response = await rest.request("POST", "/tokens", {
    body: {
      name: "ci/nightly",
      role: "worker",
      instance_id: "w1",
      audiences: ["team"],
      expires: "2100-01-01T00:00:00Z",
    },
  });
  const { secret, createdAt, expiresAt, ...token } = await response.json();
  assertEquals([response.status, response.headers.get("cache-control")], [201, "no-store"]);
  assertEquals(response.headers.get("location"), "/api/v1/tokens/ci%2Fnightly");
  assertEquals(token, { name: "ci/nightly", role: "worker", instance: "w1", audiences: ["team"], isExpired: false });
  assertEquals(expiresAt, "2100-01-01T00:00:00.000Z");
  assertEquals(await rest.ask("GET", "/tokens"), { tokens: [{ ...token, createdAt, expiresAt }] });

  const holder = await callerOfSecret(secret, { name: "http" });
  assertEquals(rest.engine.knownCaller(holder)?.instance, "w1");
  assertEquals(await rest.ask("DELETE", "/tokens/ci%2Fnightly"), { revoked: "ci/nightly" });
  assertEquals(rest.engine.knownCaller(holder), undefined);
  assertEquals(await rest.ask("GET", "/tokens"), { tokens: [] });
  assert(!JSON.stringify(await recordsOf(rest.engine)).includes(secret));
});

Deno.test("a repeated request issues no second token, and does not show the secret again", async () => {
  await using rest = await startRest();
  const request = { body: { name: "ci", role: "observer" }, headers: { "idempotency-key": "k" } };
  assertEquals((await rest.request("POST", "/tokens", request)).status, 201);
  const repeat = await rest.request("POST", "/tokens", request);
  const answer = await repeat.json();
  assertEquals([repeat.status, answer.repeated, "secret" in answer], [200, true, false]);
  assertEquals(((await rest.ask("GET", "/tokens"))["tokens"] as Json[]).length, 1);
});

Deno.test("what cannot be issued, revoked or selected is told with what would work", async () => {
  await using rest = await startRest();
  await rest.ask("POST", "/tokens", { name: "ci", role: "observer" });
  const refused = [
    ["POST", "/tokens", 409, /Token ci already exists/, { name: "ci", role: "worker" }],
    ["POST", "/tokens", 400, /role: .*admin.*observer/, { name: "x", role: "king" }],
    ["POST", "/tokens", 400, /expires "?soon"? is not a time/, { name: "x", role: "worker", expires: "soon" }],
    ["POST", "/tokens", 400, /that is past/, { name: "x", role: "worker", expires: "2020-01-01" }],
    ["DELETE", "/tokens/none", 404, /there is none of that name/, undefined],
    ["GET", "/tokens/ci", 405, /only DELETE/, undefined],
    ["GET", "/audit?type=nope", 400, /There is no event type/, undefined],
    ["GET", "/audit?denied=true&type=task.created", 400, /give type or denied/, undefined],
    ["GET", "/audit?since=x", 400, /^since/, undefined],
  ] as const;
  for (const [method, path, status, detail, body] of refused) {
    const response = await rest.request(method, path, body === undefined ? {} : { body });
    const problem = await response.json();
    assertEquals(response.status, status, `${method} ${path}`);
    assertMatch(problem.detail, detail);
  }
});

Deno.test("the audit shows what the command shows, with the same filters, and in pages from either end", async () => {
  await using rest = await startRest();
  await rest.ask("POST", "/tokens", { name: "ci", role: "worker" });
  for (const id of ["a", "b"]) await rest.ask("POST", "/tasks", { id, description: id });
  await rest.ask("POST", "/claims", { instance_id: "ann" });
  const denial = { caller: "eve", call: "delete_task", reason: "role" as const, verb: "plan" as const, tasks: ["a"] };
  await rest.engine.execute({ type: "record_denials", denials: [denial] }, { name: "orchestrator", role: "admin" });

  const cases = [
    ["", {}],
    ["&caller=eve", { actor: "eve" }],
    ["&token=ci", { token: "ci" }],
    ["&task_id=a", { task: "a" }],
    ["&instance_id=ann", { instance: "ann" }],
    ["&type=task.created&type=token.issued", { types: ["task.created", "token.issued"] }],
    ["&denied=true", { types: ["access.denied"] }],
    ["&until=3", { until: { seq: 3 } }],
  ] as const;
  for (const [query, filter] of cases) {
    const { events } = await rest.ask("GET", `/audit?since=0${query}`);
    const lines: string[] = [];
    const terminal = { print: (line: string) => void lines.push(line), columns: 80, hasColors: false };
    await printAudit(rest.engine, filter, terminal);
    assertEquals(events, lines.map((line) => JSON.parse(line)), query);
  }
  const [last] = (await rest.ask("GET", "/audit?limit=1"))["events"] as Json[];
  assertEquals([last?.["type"], (last?.["data"] as Json)["command"]], ["orchestrator.access.denied", "record_denials"]);
  assertEquals(await pagesOf(rest), (await rest.ask("GET", "/audit?since=0"))["events"]);
});

Deno.test("a page of the audit is bounded by its length, too", async () => {
  await using rest = await startRest();
  for (const id of times(20, (index) => `t${index}`)) {
    await rest.ask("POST", "/tasks", { id, description: "x".repeat(60_000) });
  }
  const { events, has_more } = await rest.ask("GET", "/audit?since=0");
  const characters = JSON.stringify(events).length;
  assert(has_more === true && characters > 900_000 && characters < 1_010_000, `${characters}`);
  assertEquals((await pagesOf(rest)).length, 40);
});

/** The whole audit, in small pages. */
async function pagesOf({ ask }: Rest): Promise<readonly Json[]> {
  const events: Json[] = [];
  let since: unknown = 0;
  while (since !== undefined) {
    const page = await ask("GET", `/audit?since=${since}&limit=2`);
    for (const event of page["events"] as Json[]) events.push(event);
    since = page["next_since"];
  }
  return events;
}
