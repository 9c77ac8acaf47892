/** Shows what the metrics of a service say of its calls, transactions, deliveries and plan, in the format of Prometheus. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Engine } from "../../src/app/engine.ts";
import { type Caller, localOperator } from "../../src/core/model/access.ts";
import { Refusal } from "../../src/core/model/refusal.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { claim, complete, create, newTask, taskWith } from "../core/given.ts";
import { readExposition, sampleOf } from "../support/exposition.ts";
import { RecordingLog } from "../support/log.ts";

const OPERATOR = localOperator("test");

const PRESENT = {
  requests: 1,
  sessions: 2,
  waitingForTasks: 3,
  waitingForEvents: 4,
  eventStreams: 5,
  journalBytes: 6,
};

/** An engine with metrics, and a clock that stands still until it is moved. */
async function start() {
  const clock = { now: 1_000_000 };
  const metrics = new Metrics("1.2.3");
  const journal = new MemoryJournal(() => clock.now);
  const { onCommit } = metrics.observer;
  const engine = await Engine.start({ journal, checkpoints: noCheckpoints, log: new RecordingLog(), onCommit });
  return {
    clock,
    metrics,
    engine,
    async scrape(caller: Caller = OPERATOR) {
      return readExposition(await metrics.exposition(engine, caller, () => PRESENT));
    },
    [Symbol.asyncDispose]: () => engine.close(),
  };
}

Deno.test("the exposition has what is there, what was done since the start, and what it took", async () => {
  await using service = await start();
  const { engine, clock, metrics } = service;
  await engine.execute(create(newTask("old")), OPERATOR);
  await engine.execute(claim("x", "old"), OPERATOR);
  await metrics.begin(engine);
  await engine.execute(create(newTask("a"), newTask("b"), newTask("c", "a")), OPERATOR);
  clock.now += 20_000;
  await engine.execute(claim("x", "a"), OPERATOR);
  clock.now += 2_000;
  await engine.execute(complete("x", "a"), OPERATOR);
  const read = await service.scrape();
  const value = (key: string) => sampleOf(read, key);
  assertEquals(value('orchestrator_tasks{status="pending"}'), 2);
  assertEquals(value('orchestrator_tasks{status="in_progress"}'), 1);
  assertEquals(value('orchestrator_pending_tasks{readiness="ready"}'), 2);
  assertEquals(value('orchestrator_queue_oldest_age_seconds{readiness="ready"}'), 22);
  // The claim of `old` was before the start.
  assertEquals(value("orchestrator_claims_total"), 1);
  assertEquals(value('orchestrator_attempts_total{outcome="completed"}'), 1);
  assertEquals(value('orchestrator_task_queue_seconds_bucket{le="15"}'), 0);
  assertEquals(value('orchestrator_task_queue_seconds_bucket{le="60"}'), 1);
  const sum = value("orchestrator_task_queue_seconds_sum");
  assert(sum > 19 && sum < 21, `${sum}`);
  assertEquals(value("orchestrator_attempt_duration_seconds_count"), 1);
  assertEquals(value("orchestrator_commit_records_sum"), 5);
  assertEquals(value('orchestrator_build_info{version="1.2.3"}'), 1);
  assertEquals(value("orchestrator_mcp_sessions"), 2);
  assertEquals(value('orchestrator_waiting_calls{for="task"}'), 3);
  assertEquals(value("orchestrator_journal_bytes"), 6);
  assert(value("process_resident_memory_bytes") > 1_000_000);
});

Deno.test("calls, failures and deliveries are counted by names of the program only", async () => {
  await using service = await start();
  const { onCall, onCommit, onDelivery } = service.metrics.observer;
  const call = { id: "r", caller: OPERATOR, task: "secret-task", instance: "secret-instance" };
  onCall?.({ ...call, method: "tools/call", tool: "get_next_task" })({ outcome: "ok" });
  onCall?.({ ...call, method: "resources/read" })({ outcome: "refused", code: "-32002" });
  onCall?.({ ...call, method: "unknown" })({ outcome: "refused", code: "-32601" });
  const cost = { lockWaitMs: 5_000, lockedMs: 0, syncMs: 0, sizeBytes: 0 };
  onCommit?.({ written: [], durationMs: 5_000, cost, failure: "busy" });
  const attempt = { id: "1.0", type: "task.failed", at: 1, attempt: 1, ms: 30 };
  onDelivery?.({ ...attempt, status: 200 });
  onDelivery?.({ ...attempt, error: "secret.example refused" });
  const text = await service.metrics.exposition(service.engine, OPERATOR, () => PRESENT);
  assert(!text.includes("secret"), text);
  const read = readExposition(text);
  const value = (key: string) => sampleOf(read, key);
  assertEquals(value('orchestrator_calls_total{call="get_next_task",outcome="ok"}'), 1);
  assertEquals(value('orchestrator_calls_total{call="resources/read",outcome="refused"}'), 1);
  assertEquals(value('orchestrator_calls_total{call="unknown",outcome="refused"}'), 1);
  assertEquals(value('orchestrator_commit_failures_total{code="busy"}'), 1);
  assertEquals(value('orchestrator_commit_failures_total{code="storage_failed"}'), 0);
  assertEquals(value("orchestrator_lock_wait_seconds_sum"), 5);
  assertEquals(value("orchestrator_commit_duration_seconds_count"), 0);
  assertEquals(value('orchestrator_webhook_deliveries_total{outcome="delivered"}'), 1);
  assertEquals(value('orchestrator_webhook_deliveries_total{outcome="failed"}'), 1);
});

Deno.test("counters never fall and never jump, also when a group is deleted with what was done in it", async () => {
  await using service = await start();
  const { engine, metrics } = service;
  await metrics.begin(engine);
  const work = async (id: string, group?: string) => {
    await engine.execute(create(taskWith(group === undefined ? {} : { group }, id)), OPERATOR);
    await engine.execute(claim("x", id), OPERATOR);
    await engine.execute(complete("x", id), OPERATOR);
  };
  await engine.execute({ type: "create_group", id: "g", settings: {} }, OPERATOR);
  await work("a", "g");
  await work("b", "g");
  await work("c");
  const claims = async () => sampleOf(await service.scrape(), "orchestrator_claims_total");
  assertEquals(await claims(), 3);
  for (const id of ["a", "b"]) await engine.execute({ type: "delete_task", id }, OPERATOR);
  await engine.execute({ type: "delete_group", id: "g" }, OPERATOR);
  assertEquals(await claims(), 3);
  await work("d");
  assertEquals(await claims(), 4);
  // Scrapes at the same time count nothing twice.
  await work("e");
  assertEquals(await Promise.all([claims(), claims(), claims()]), [5, 5, 5]);
});

Deno.test("who has audiences gets nothing, and the next scrape is not harmed", async () => {
  await using service = await start();
  const digest = "0".repeat(64);
  const token = { name: "t", role: "observer", digest, audiences: ["a"] } as const;
  await service.engine.execute({ type: "issue_token", token }, OPERATOR);
  const refusal = await assertRejects(() => service.scrape({ name: "c", token: digest }), Refusal);
  assertEquals(refusal.code, "forbidden");
  assertEquals(sampleOf(await service.scrape(), "orchestrator_claims_total"), 0);
});

Deno.test("docs/telemetry.md lists every metric with its type and labels, and no other", async () => {
  await using service = await start();
  service.metrics.observer.onCall?.({ id: "r", caller: OPERATOR, tool: "t" })({ outcome: "ok" });
  const page = await Deno.readTextFile(new URL("../../docs/telemetry.md", import.meta.url));
  const rows = page.matchAll(/^\| `(\w+)` +\| (\w+) +\| (.*?) +\|/gm);
  const printed = Array.from(rows, ([, name, type, labels = ""]) => `${name} ${type} ${labels.replaceAll("`", "")}`);
  const real = Array.from((await service.scrape()).values(), ({ name, type, samples }) => {
    const labels = Array.from(samples.keys()).flatMap((key) =>
      Array.from(key.matchAll(/(\w+)="/g), ([, label]) => label)
    );
    return `${name} ${type} ${[...new Set(labels)].filter((label) => label !== "le").join(", ")}`;
  });
  assertEquals(printed.map((row) => row.trim()).toSorted(), real.map((row) => row.trim()).toSorted());
});

Deno.test("a store without a size has no metric of it", async () => {
  const metrics = new Metrics("1");
  await using service = await start();
  const present = () => ({ ...PRESENT, journalBytes: undefined });
  const text = await metrics.exposition(service.engine, OPERATOR, present);
  assert(!readExposition(text).has("orchestrator_journal_bytes"));
});
