/** Shows who may read the metrics over HTTP, and that nobody else gets a number. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { issueToken } from "../../src/app/tokens.ts";
import { localOperator, ROLES } from "../../src/core/model/access.ts";
import { readExposition, sampleOf } from "../support/exposition.ts";
import { CLASSIFIED, type Secured, startSecured } from "../support/secured.ts";

Deno.test("every role gets the metrics, which name nothing of the plan", async () => {
  await using service = await startSecured();
  for (const role of ROLES) {
    const response = await service.request("GET", "/metrics", { authorization: service.bearers.get(role) });
    assertEquals(response.status, 200, role);
    assertEquals(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assertEquals(response.headers.get("cache-control"), "no-store");
    const text = await response.text();
    assertEquals(sampleOf(readExposition(text), 'orchestrator_tasks{status="in_progress"}'), 1);
    assert(!text.includes(CLASSIFIED));
  }
  const head = await service.request("HEAD", "/metrics", { authorization: service.bearers.get("observer") });
  assertEquals([head.status, await head.text()], [200, ""]);
});

Deno.test("calls over REST and their refusals are counted", async () => {
  await using service = await startSecured();
  const authorization = service.bearers.get("worker");
  assertEquals((await service.request("GET", "/api/v1/tasks/a", { authorization })).status, 200);
  assertEquals((await service.request("GET", "/api/v1/tasks/none", { authorization })).status, 404);
  assertEquals((await service.request("DELETE", "/api/v1/tasks/a", { authorization })).status, 403);
  const read = readExposition(await (await service.request("GET", "/metrics", { authorization })).text());
  assertEquals(sampleOf(read, 'orchestrator_calls_total{call="get_task_details",outcome="ok"}'), 1);
  assertEquals(sampleOf(read, 'orchestrator_calls_total{call="get_task_details",outcome="refused"}'), 1);
  assertEquals(sampleOf(read, 'orchestrator_calls_total{call="delete_task",outcome="refused"}'), 1);
});

Deno.test("no token, a wrong one, and one with audiences get no number, and are told what would work", async () => {
  await using service = await startSecured();
  for (const authorization of [undefined, "Bearer x", `Bearer orc_${"x".repeat(43)}`]) {
    const response = await service.request("GET", "/metrics", { authorization });
    assertEquals(response.status, 401);
    assert(!(await response.text()).includes("orchestrator_tasks"));
  }
  const restricted = await service.request("GET", "/metrics", { authorization: await restrictedTo("team", service) });
  const { code, detail } = await restricted.json();
  assertEquals([restricted.status, code], [403, "forbidden"]);
  assertStringIncludes(detail, "use a token without --audiences");
  const post = await service.request("POST", "/metrics", { authorization: service.bearers.get("admin") });
  assertEquals(post.status, 404);
});

/** The header Authorization of an observer with an audience. */
async function restrictedTo(audience: string, { engine }: Secured): Promise<string> {
  const execute = (command: Parameters<Parameters<typeof issueToken>[0]>[0]) =>
    engine.execute(command, localOperator("test"));
  const { secret } = await issueToken(execute, { name: "restricted", role: "observer", audiences: [audience] });
  return `Bearer ${secret}`;
}
