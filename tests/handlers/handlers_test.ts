/** Shows how handlers are run: in order, at least once, with bounded tries, by one process at a time. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Engine } from "../../src/app/engine.ts";
import { Feed } from "../../src/app/feed.ts";
import { Unavailable } from "../../src/app/ports.ts";
import { callerOfSecret } from "../../src/app/tokens.ts";
import type { HandlerFailure } from "../../src/core/messages/events.ts";
import { type KnownCaller, localOperator } from "../../src/core/model/access.ts";
import { Handlers } from "../../src/handlers/handlers.ts";
import { parseHandlers } from "../../src/handlers/handlers_file.ts";
import { parsePlaces } from "../../src/handlers/places.ts";
import { MemoryDeliveries } from "../../src/store/memory/memory_deliveries.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { RecordingLog } from "../support/log.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { until } from "../support/until.ts";

const ADMIN: KnownCaller = localOperator("operator");
const PATH = Deno.env.get("PATH") ?? "";

class Plan implements AsyncDisposable {
  readonly log = new RecordingLog();
  readonly deliveries = new MemoryDeliveries();
  readonly engine: Engine;
  readonly feed: Feed;

  constructor(engine: Engine, readonly directory: string) {
    this.engine = engine;
    this.feed = new Feed(engine, this.log);
  }

  async [Symbol.asyncDispose]() {
    this.feed.close();
    await this.engine.close();
  }

  /** Starts handlers, and waits until they run. */
  async start(handlers: readonly object[], retryDelaysMs = [0, 0]): Promise<Handlers> {
    const running = this.compete(handlers, retryDelaysMs);
    const starts = this.log.infos.length;
    await until("the lead", () => this.log.infos.length > starts);
    return running;
  }

  /** Starts handlers that may have to wait for the lead. */
  compete(handlers: readonly object[], retryDelaysMs = [0, 0]): Handlers {
    const { engine, feed, deliveries, log, directory } = this;
    return new Handlers({
      ...{ engine, feed, deliveries, log, directory, retryDelaysMs, id: "f", env: { PATH } },
      caller: localOperator("orchestrator", { transport: "stdio", process: "1" }),
      handlers: parseHandlers(JSON.stringify(handlers), "handlers.json"),
    });
  }

  async create(id: string, group?: string): Promise<void> {
    const tasks = [{ id, description: "", dependencies: [], ...(group !== undefined && { group }) }];
    await this.engine.execute({ type: "create_tasks", tasks }, ADMIN);
  }

  /** The lines of a file that handlers write to. */
  async lines(file = "out"): Promise<readonly string[]> {
    const text = await Deno.readTextFile(`${this.directory}/${file}`).catch(() => "");
    return text.split("\n").filter((line) => line !== "");
  }

  async untilLines(count: number, file = "out"): Promise<readonly string[]> {
    await until(`${count} lines of ${file}`, async () => (await this.lines(file)).length >= count);
    return await this.lines(file);
  }

  /** The failures that were recorded. */
  async failures(): Promise<readonly HandlerFailure[]> {
    const found: HandlerFailure[] = [];
    for await (const records of this.engine.search({ after: 0, before: Infinity, keys: [], isNewestFirst: false })) {
      for (const event of records.flatMap(({ events }) => events)) {
        if (event.type === "handler.failed") found.push(event);
      }
    }
    return found;
  }

  async tokens(): Promise<readonly string[]> {
    const tokens = await this.engine.query({ type: "list_tokens" }, ADMIN);
    return tokens.map(({ name, role, audiences }) => `${name} ${role} ${audiences ?? ""}`.trim());
  }
}

function test(name: string, act: (plan: Plan) => Promise<void>): void {
  Deno.test(name, async () => {
    if (Deno.build.os === "windows") return console.log("Skipped on Windows: there is no POSIX shell");
    await using directory = await temporaryDirectory();
    const log = new RecordingLog();
    const engine = await Engine.start({ journal: new MemoryJournal(Date.now), checkpoints: noCheckpoints, log });
    await using plan = new Plan(engine, directory.path);
    await act(plan);
  });
}

/** A handler that runs a shell script; by default, it writes the subject of what it got to `out`. */
function script(text = WRITE, options: object = {}): object {
  return { on: ["task.created"], run: ["sh", "-c", text], name: "h", ...options };
}

const WRITE = `sed -n 's/.*"subject":"\\([^"]*\\)".*/\\1/p' >> out`;

test("each notification comes once, in order, as a CloudEvent; none from before the handler was there", async (plan) => {
  await plan.create("before");
  await using _handlers = await plan.start([script(), script("cat >> events", { name: "all" })]);
  for (let index = 0; index < 12; index++) await plan.create(`t${index}`);
  const ids = Array.from({ length: 12 }, (_, index) => `t${index}`);
  assertEquals(await plan.untilLines(12), ids);
  const events = (await plan.untilLines(12, "events")).map((line) => JSON.parse(line));
  assertEquals(events.map(({ subject }) => subject), ids);
  assertEquals([events[0].specversion, events[0].type, events[0].id], ["1.0", "orchestrator.task.created", "2.0"]);
});

test("what is redacted while the command before runs does not reach the next one", async (plan) => {
  const text = `sed -n 's/.*"description":"\\([^"]*\\)".*/\\1/p' >> out; until [ -e go ]; do sleep 0.01; done`;
  await using _handlers = await plan.start([script(text)]);
  const tasks = ["a", "b"].map((id) => ({ id, description: `hunter2 of ${id}`, dependencies: [] }));
  await plan.engine.execute({ type: "create_tasks", tasks }, ADMIN);
  await plan.untilLines(1);
  const records = [[1, "0".repeat(64)] as const];
  const redaction = { id: "b", fields: ["description" as const], reason: "leak", records };
  await plan.engine.execute({ type: "redact_task", ...redaction }, ADMIN);
  await Deno.writeTextFile(`${plan.directory}/go`, "");
  assertEquals(await plan.untilLines(2), ["hunter2 of a", "[redacted]"]);
});

test("a notification that fails is tried again, then passed over, and the next one comes after it", async (plan) => {
  await using _handlers = await plan.start([
    script(`echo run >> runs; echo broken >&2; exit 3`),
    script(WRITE, { name: "other" }),
  ]);
  await plan.create("a");
  await plan.create("b");
  await plan.untilLines(6, "runs");
  await until("six failures", async () => (await plan.failures()).length === 6);
  const failures = await plan.failures();
  assertEquals(
    failures.map(({ handler, task, error }) => `${handler}: ${task}: ${error}`),
    ["a", "b"].flatMap((id) => Array(3).fill(`h: ${id}: It ended with exit code 3: broken`)),
  );
  assertEquals(failures.map(({ tries, isPassedOver = false }) => [tries, isPassedOver]), [
    ...[[1, false], [2, false], [3, true]],
    ...[[1, false], [2, false], [3, true]],
  ]);
  assertEquals(new Set(failures.map(({ notification }) => notification)).size, 2);
  assertEquals(await plan.untilLines(2), ["a", "b"]);
  assertStringIncludes(plan.log.warnings.at(-1) ?? "", "it is passed over\nbroken");
  await until("a place that names what was passed over last", async () => {
    const places = parsePlaces("handlers-f", await plan.deliveries.load("handlers-f") ?? "");
    return places.get("h")?.passedOver?.id === failures.at(-1)?.notification;
  });
});

test("a command that prints its token when it fails brings it neither into the log nor into the history", async (plan) => {
  await using _handlers = await plan.start([script(`env; echo "as $ORCHESTRATOR_TOKEN" >&2; exit 1`)], [600_000]);
  await plan.create("a");
  await until("a failure", async () => (await plan.failures()).length === 1);
  assertEquals((await plan.failures()).map(({ error }) => error), ["It ended with exit code 1: as [token]"]);
  assertStringIncludes(plan.log.warnings[0] ?? "", "as [token]");
});

test("a handler that is slow or broken holds up no other one", async (plan) => {
  await using _handlers = await plan.start([
    ...[script("sleep 1000", { name: "slow" }), script("exit 1", { name: "broken" }), script()],
  ], [60_000]);
  for (const id of ["a", "b", "c"]) await plan.create(id);
  assertEquals(await plan.untilLines(3), ["a", "b", "c"]);
});

test("what fails is not tried sooner while the disk is full", async (plan) => {
  await using _handlers = await plan.start([script("echo run >> runs; exit 1", { name: "broken" }), script()], [
    600_000,
  ]);
  plan.deliveries.save = () => Promise.reject(new Unavailable("storage_failed", "the disk is full"));
  for (const id of ["a", "b", "c"]) await plan.create(id);
  // The other handler goes on after each event, although its place cannot be kept.
  assertEquals(await plan.untilLines(3), ["a", "b", "c"]);
  assertEquals(await plan.lines("runs"), ["run"]);
});

test("another process goes on at the place of the one before, also with what was under way or had failed", async (plan) => {
  const blocking = script(`${WRITE}; test -e go || sleep 1000`);
  {
    await using _first = await plan.start([blocking, script("exit 1", { name: "fails" })], [60_000, 60_000]);
    await plan.create("a");
    await plan.create("b");
    await plan.untilLines(1);
    await until("a failure", async () => (await plan.failures()).length === 1);
  }
  await Deno.writeTextFile(`${plan.directory}/go`, "");
  await plan.create("c");
  await using _second = await plan.start([blocking, script("exit 1", { name: "fails" })], [60_000, 60_000]);
  assertEquals(await plan.untilLines(4), ["a", "a", "b", "c"]);
  await until("another failure", async () => (await plan.failures()).length === 2);
  assertEquals((await plan.failures()).map(({ tries }) => tries), [1, 2]);
});

test("only one of several processes runs the handlers, and tokens of a dead one are revoked", async (plan) => {
  const first = await plan.start([script()]);
  await using _second = plan.compete([script()]);
  await plan.create("a");
  await plan.untilLines(1);
  // Otherwise the other one would run the command again.
  await until("the place", async () => (await plan.deliveries.load("handlers-f"))?.includes('"index":0') === true);
  assertEquals(await plan.tokens(), ["handler:worker:f-1 worker"]);
  await plan.engine.execute({
    type: "issue_token",
    token: { name: "handler:worker:f-2-1", role: "worker", digest: "0".repeat(64) },
  }, ADMIN);
  await plan.engine.execute({
    type: "issue_token",
    token: { name: "handler:worker:g-2", role: "worker", digest: "1".repeat(64) },
  }, ADMIN);
  const starts = plan.log.infos.length;
  await first[Symbol.asyncDispose]();
  await until("the lead of the other", () => plan.log.infos.length > starts);
  assertEquals(await plan.tokens(), ["handler:worker:g-2 worker"]);
  await plan.create("b");
  assertEquals(await plan.untilLines(2), ["a", "b"]);
});

test("a command gets a token of its role and audiences, which is revoked at the end", async (plan) => {
  const keep = (name: string) => `echo $ORCHESTRATOR_TOKEN > ${name}.token; echo done >> ${name}`;
  {
    await using _handlers = await plan.start([
      script(keep("o"), { name: "o", role: "observer" }),
      script(keep("w"), { name: "w" }),
      script(keep("r"), { name: "r", audiences: ["team"] }),
    ]);
    await plan.create("a");
    for (const file of ["o", "w", "r"]) await plan.untilLines(1, file);
    assertEquals((await plan.tokens()).toSorted(), [
      ...["handler:observer:f-1 observer", "handler:worker:f-2 worker", "handler:worker:f-3 worker team"],
    ]);
    const [secret = ""] = await plan.lines("o.token");
    const observer = await callerOfSecret(secret, { name: "x" });
    const creating = plan.engine.execute({ type: "create_tasks", tasks: [] }, observer);
    const refused: unknown = await creating.catch((error) => error.code);
    assertEquals(refused, "forbidden");
    const expiry = (await plan.engine.query({ type: "list_tokens" }, ADMIN)).map(({ expiresAt = Infinity }) =>
      expiresAt
    );
    assert(expiry.every((at) => at < Date.now() + 24 * 60 * 60 * 1_000));
  }
  assertEquals(await plan.tokens(), []);
});

test("what handlers cause comes to none of them, but to those that ask for it", async (plan) => {
  await using _handlers = await plan.start([
    script(`echo $ORCHESTRATOR_TOKEN > token; ${WRITE}`),
    script(WRITE.replace("out", "all"), { name: "all", from_handlers: true }),
  ]);
  await plan.create("a");
  await plan.untilLines(1);
  const [secret = ""] = await plan.lines("token");
  const handler = await callerOfSecret(secret, { name: "cli", via: { transport: "cli" } });
  const tasks = [{ id: "made", description: "", dependencies: [] }];
  await plan.engine.execute({ type: "create_tasks", tasks }, handler);
  await plan.create("b");
  assertEquals(await plan.untilLines(3, "all"), ["a", "made", "b"]);
  assertEquals(await plan.untilLines(2), ["a", "b"]);
});

test("a handler sees all groups, or those of its audiences, or one group", async (plan) => {
  for (const [id, visibleTo] of [["red", ["r"]], ["blue", ["b"]]] as const) {
    await plan.engine.execute({ type: "create_group", id, settings: { visibleTo } }, ADMIN);
  }
  await using _handlers = await plan.start([
    script(),
    script(WRITE.replace("out", "red"), { name: "red", audiences: ["r"] }),
    script(WRITE.replace("out", "blue"), { name: "blue", group: "blue" }),
    script("echo failed >> denied", { name: "tokens", on: ["token.issued"], role: "observer" }),
  ]);
  await plan.create("a", "red");
  await plan.create("b", "blue");
  await plan.create("c");
  assertEquals(await plan.untilLines(3), ["a", "b", "c"]);
  assertEquals(await plan.untilLines(2, "red"), ["a", "c"]);
  assertEquals(await plan.untilLines(1, "blue"), ["b"]);
  await plan.untilLines(1, "denied");
});

test("after the journal was replaced, a handler goes on with what comes next, and says so", async (plan) => {
  await plan.create("a");
  const place = { at: { seq: 0 }, source: "orchestrator://journals/another/0", tries: 0 };
  await plan.deliveries.save("handlers-f", JSON.stringify({ version: 1, handlers: { h: place } }));
  await using _handlers = await plan.start([script()]);
  await until("a warning", () => plan.log.warnings.length > 0);
  assertStringIncludes(plan.log.warnings[0] ?? "", "Handler h goes on after record 1");
  await plan.create("b");
  assertEquals(await plan.untilLines(1), ["b"]);
});

test("places that cannot be read stop the handlers with what would help, and are not overwritten", async (plan) => {
  await plan.deliveries.save("handlers-f", "{}");
  await using _handlers = plan.compete([script()]);
  await until("a warning", () => plan.log.warnings.length > 0);
  assertStringIncludes(plan.log.warnings[0] ?? "", "restore it from a backup, or remove it");
  assertEquals(await plan.deliveries.load("handlers-f"), "{}");
});
