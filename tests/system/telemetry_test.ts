/** Shows the telemetry of real processes: metrics for a scraper, spans at a receiver of OTLP, and a log that fits them. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { readExposition, sampleOf } from "../support/exposition.ts";
import { connectHttp } from "../support/http_client.ts";
import { type OtlpReceiver, startOtlpReceiver } from "../support/otlp_receiver.ts";
import { runProgram } from "../support/program.ts";
import { type Json, startServer } from "../support/server.ts";
import { startService } from "../support/service.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { until } from "../support/until.ts";

/** In every text of the plan: no log and no span may have it. */
const SECRET = "classified";

const DEBUG = ["--log-level", "debug", "--log-format", "json"];

/** The span of a client, as W3C Trace Context names it. */
const TRACE = "0af7651916cd43dd8448eb211c80319c";
const TRACEPARENT = `00-${TRACE}-b7ad6b7169203331-01`;

function spanOf({ spans }: OtlpReceiver, name: string) {
  const found = spans.filter((span) => span.name === name);
  assertEquals(found.length, 1, `${name}: ${spans.map(({ name }) => name).join(", ")}`);
  return found[0]!;
}

/** The lines of a log that are JSON. */
function linesOf(log: string): readonly Json[] {
  return log.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
}

Deno.test("a scraper with a token gets the metrics of the plan, whichever process works on it", async () => {
  await using directory = await temporaryDirectory();
  await using service = await startService(directory.path, { needsToken: true });
  const issued = await runProgram(directory.path, ["token", "issue", "--name", "scraper", "--role", "observer"]);
  const [secret = ""] = /orc_\S+/.exec(issued.output) ?? [];
  const url = service.url("/metrics");
  const scrape = async () => {
    const response = await fetch(url, { headers: { authorization: `Bearer ${secret}` } });
    assertEquals(response.status, 200);
    return readExposition(await response.text());
  };
  const without = await fetch(url);
  await without.body?.cancel();
  assertEquals(without.status, 401);
  await scrape();

  await using server = await startServer(directory.path);
  await server.ask("create_task", { id: "a", description: SECRET });
  await server.ask("create_task", { id: "b", description: SECRET });
  await server.ask("get_next_task", { instance_id: "w" });
  await server.ask("complete_task", { task_id: "a", instance_id: "w", result: SECRET });
  const read = await scrape();
  assertEquals(sampleOf(read, 'orchestrator_tasks{status="completed"}'), 1);
  assertEquals(sampleOf(read, 'orchestrator_tasks{status="pending"}'), 1);
  assertEquals(sampleOf(read, "orchestrator_claims_total"), 1);
  assertEquals(sampleOf(read, 'orchestrator_attempts_total{outcome="completed"}'), 1);
  assert(sampleOf(read, 'orchestrator_queue_oldest_age_seconds{readiness="ready"}') > 0);
  const journal = await Deno.stat(`${directory.path}/journal/0000000001.jsonl`);
  assertEquals(sampleOf(read, "orchestrator_journal_bytes"), journal.size);
  assertEquals(sampleOf(read, "orchestrator_http_requests_in_progress"), 1);
});

Deno.test("a service counts what it delivers, and its sessions", async () => {
  await using directory = await temporaryDirectory();
  let received = 0;
  await using receiver = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    received++;
    return new Response();
  });
  const host = `127.0.0.1:${receiver.addr.port}`;
  await using service = await startService(directory.path, { net: [host], args: ["--allow-private-webhooks"] });
  await using client = await connectHttp(service.url("/mcp"));
  const body = JSON.stringify({ name: "w", url: `http://${host}/`, type: ["task.created"] });
  const headers = { "content-type": "application/json" };
  const added = await fetch(service.url("/api/v1/webhooks"), { method: "POST", body, headers });
  assertEquals(added.status, 201, await added.text());
  await client.ask("create_task", { id: "a", description: SECRET });
  const scrape = async () => readExposition(await (await fetch(service.url("/metrics"))).text());
  await until("the delivery to be counted", async () => {
    return sampleOf(await scrape(), 'orchestrator_webhook_deliveries_total{outcome="delivered"}') === 1;
  });
  assertEquals(received, 1);
  assertEquals(sampleOf(await scrape(), "orchestrator_mcp_sessions"), 1);
});

Deno.test("the calls and commits of a service are spans, which its log names by the same request ids", async () => {
  await using directory = await temporaryDirectory();
  await using receiver = startOtlpReceiver();
  await using service = await startService(directory.path, { args: DEBUG, env: receiver.env });
  {
    await using client = await connectHttp(service.url("/mcp"), "agent");
    await client.ask("create_task", { id: "a", description: SECRET });
    await client.ask("get_next_task", { instance_id: "w" });
    await client.ask("complete_task", { task_id: "a", instance_id: "w", result: SECRET });
    assert((await client.call("add_note", { task_id: "none", text: SECRET })).isError);
  }
  const headers = { "content-type": "application/json", "x-request-id": "deploy/42", traceparent: TRACEPARENT };
  const body = JSON.stringify({ id: "b", description: SECRET });
  const created = await fetch(service.url("/api/v1/tasks"), { method: "POST", headers, body });
  assertEquals([created.status, created.headers.get("x-request-id")], [201, "deploy/42"]);
  await created.body?.cancel();
  // Ended in order, it sends what it has.
  assertEquals(await service.end("SIGINT"), 0);

  const claimed = spanOf(receiver, "tools/call get_next_task");
  assertEquals([claimed.kind, claimed.isError], [2, false]);
  const { "jsonrpc.request.id": _, "orchestrator.request.id": request, ...attributes } = claimed.attributes;
  assertEquals(attributes, {
    "mcp.method.name": "tools/call",
    "gen_ai.tool.name": "get_next_task",
    "gen_ai.operation.name": "execute_tool",
    "network.transport": "tcp",
    "orchestrator.client.name": "agent",
    "orchestrator.task.id": "a",
    "orchestrator.instance.id": "w",
  });
  const commit = receiver.spans.find(({ name, parentSpanId }) => name === "commit" && parentSpanId === claimed.spanId);
  assertEquals(commit?.traceId, claimed.traceId);
  assertEquals(commit?.attributes["orchestrator.task.ids"], ["a"]);
  assertEquals(commit?.attributes["orchestrator.instance.ids"], ["w"]);
  const refused = spanOf(receiver, "tools/call add_note");
  assertEquals([refused.isError, refused.attributes["error.type"]], [true, "tool_error"]);
  assertEquals(refused.attributes["orchestrator.error.code"], "not_found");
  const rest = spanOf(receiver, "execute_tool create_task");
  assertEquals([rest.traceId, rest.attributes["orchestrator.request.id"]], [TRACE, "deploy/42"]);

  const lines = linesOf(service.log);
  const line = lines.find((line) => line["request"] === request);
  assertEquals([line?.["message"], line?.["task"], line?.["instance"]], ["tools/call get_next_task: ok", "a", "w"]);
  assert(lines.some((line) => line["request"] === "deploy/42" && line["message"] === "create_task: ok"));
  assert(!receiver.text().includes(SECRET) && !service.log.includes(SECRET));
});

Deno.test("a server of one client makes spans, too: calls that share a commit are linked to it", async () => {
  await using directory = await temporaryDirectory();
  await using receiver = startOtlpReceiver();
  const server = await startServer(directory.path, { args: DEBUG, env: receiver.env });
  const ids = ["a", "b", "c"];
  await Promise.all(ids.map((id) => server.ask("create_task", { id, description: SECRET })));
  await server.close();
  const calls = receiver.spans.filter(({ name }) => name === "tools/call create_task");
  const commits = receiver.spans.filter(({ name }) => name === "commit");
  assertEquals(calls.map(({ attributes }) => attributes["orchestrator.task.id"]).toSorted(), ids);
  assertEquals(commits.flatMap(({ attributes }) => attributes["orchestrator.task.ids"]).toSorted(), ids);
  const joined = commits.flatMap(({ parentSpanId, links }) => [parentSpanId, ...links]);
  assertEquals(joined.toSorted(), calls.map(({ spanId }) => spanId).toSorted());
  for (const { attributes } of calls) assertEquals(attributes["network.transport"], "pipe");
  const requests = linesOf(server.log).filter(({ level }) => level === "debug").map(({ request }) => request);
  for (const { attributes } of calls) assert(requests.includes(attributes["orchestrator.request.id"]));
  assert(!receiver.text().includes(SECRET));
});

Deno.test("without options, the log is as ever: lines for people, none for a call", async () => {
  await using directory = await temporaryDirectory();
  await Deno.mkdir(`${directory.path}/journal`);
  await Deno.writeTextFile(
    `${directory.path}/tasks.json`,
    JSON.stringify({ a: { id: "a", description: "x", status: "pending" } }),
  );
  await using server = await startServer(directory.path);
  await server.ask("get_task_status", {});
  // It comes through another pipe than the answer.
  await until("a line", () => server.log.endsWith("\n"));
  for (const line of server.log.trim().split("\n")) assertMatch(line, /^\d{4}-\S+Z orchestrator (info|warning): [^{]/);
});
