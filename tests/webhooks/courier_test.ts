/** Shows what a courier delivers, in which order, how often it tries, and what it keeps for whoever follows it. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Engine } from "../../src/app/engine.ts";
import type { Feed } from "../../src/app/feed.ts";
import { type Deliveries, Unavailable } from "../../src/app/ports.ts";
import type { Command } from "../../src/core/messages/commands.ts";
import { localOperator } from "../../src/core/model/access.ts";
import type { NewWebhook, Webhook } from "../../src/core/model/webhook.ts";
import { MemoryDeliveries } from "../../src/store/memory/memory_deliveries.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { Courier, type CourierOptions } from "../../src/webhooks/courier.ts";
import { SCHEDULE_MS } from "../../src/webhooks/schedule.ts";
import { makeSecret } from "../../src/webhooks/secrets.ts";
import type { Answer, NoAnswer, Request } from "../../src/webhooks/sender.ts";
import {
  formatStanding,
  MAX_DEAD_LETTERS,
  MAX_LOG,
  nameOfStanding,
  newStanding,
  parseStanding,
  withDeadLetter,
} from "../../src/webhooks/standing.ts";
import { newTask, times } from "../core/given.ts";
import { FakeTime } from "../support/fake_time.ts";
import { RecordingLog } from "../support/log.ts";
import { overriding } from "../support/overriding.ts";

const ADMIN = localOperator("admin");

const OK = { status: 200, retryAfterMs: 0 };
/** A change of the standing is kept by then. */
const SAVED_MS = 1_001;

const BUSY = { status: 503, retryAfterMs: 0 };

/** Most turns of the event loop until a message is sent, and turns in which a further one would show. */
const MAX_TURNS = 5_000;
const QUIET_TURNS = 10;

/** What a receiver answers to the nth request, from 0. */
type Answers = (count: number, subject: string) => Answer | NoAnswer;

interface World {
  readonly time: FakeTime;
  readonly engine: Engine;
  readonly log: RecordingLog;
  readonly deliveries: MemoryDeliveries;
  execute(command: Command): Promise<unknown>;
  create(...ids: readonly string[]): Promise<void>;
  webhook(): Promise<Webhook>;
  /** Lets time pass, then waits until a courier has sent these messages, and sends no more. */
  sent(courier: Running, subjects: readonly string[], ms?: number): Promise<void>;
  /** Starts a courier, as a process that leads does. */
  start(
    answers: Answers,
    options?: Partial<Pick<CourierOptions, "deliveries" | "disable" | "engine" | "sender">>,
  ): Promise<Running>;
}

interface Running {
  /** The subjects of the requests, in order. */
  readonly got: string[];
  readonly requests: Request[];
  readonly courier: Courier;
  stop(): Promise<void>;
}

function test(name: string, act: (world: World) => Promise<void>, settings: Partial<NewWebhook> = {}): void {
  Deno.test({
    name,
    permissions: "none",
    async fn() {
      using time = new FakeTime();
      const log = new RecordingLog();
      const deliveries = new MemoryDeliveries();
      const journal = new MemoryJournal(() => 1e12 + performance.now());
      const engine = await Engine.start({ journal, checkpoints: noCheckpoints, log });
      // All records are of this engine: nothing is to be polled, for days of fake time.
      const feed: Pick<Feed, "subscribe"> = { subscribe: (listener) => engine.subscribe(listener) };
      const execute = (command: Command) => engine.execute(command, ADMIN);
      const { id: secret } = await makeSecret(deliveries, engine.now());
      const types = ["task.created"];
      await execute({
        type: "add_webhook",
        webhook: { name: "w", id: "w1", url: "https://example.com/", secret, types, ...settings },
      });
      const webhook = async () => {
        const [found] = await engine.query({ type: "list_webhooks" }, ADMIN);
        assert(found !== undefined);
        return found;
      };
      const running: Running[] = [];
      await act({
        time,
        engine,
        log,
        deliveries,
        execute,
        create: async (...ids) => {
          for (const id of ids) await execute({ type: "create_tasks", tasks: [newTask(id)] });
        },
        webhook,
        async sent({ got }, subjects, ms = 0) {
          await time.pass(ms);
          // Signing takes real time, which the test does not advance.
          for (let turns = 0; turns < MAX_TURNS && got.length < subjects.length; turns++) await time.pass(0);
          for (let turns = 0; turns < QUIET_TURNS; turns++) await time.pass(0);
          assertEquals(got, subjects);
        },
        async start(answers, options = {}) {
          let now = await webhook();
          const [got, requests]: [string[], Request[]] = [[], []];
          const courier = new Courier({
            engine,
            feed,
            deliveries,
            log,
            version: "1.0.0",
            pace: { turn: () => Promise.resolve() },
            random: () => 0,
            webhook: () => now,
            disable: async (why) => {
              await execute({ type: "disable_webhook", name: "w", id: "w1", why });
              now = await webhook();
            },
            sender: {
              post: (request) => {
                const subject = String(JSON.parse(new TextDecoder().decode(request.body)).subject);
                requests.push(request);
                return Promise.resolve(answers(got.push(subject) - 1, subject));
              },
            },
            ...options,
          });
          feed.subscribe(async (records) => {
            if (!records.some(({ events }) => events.some(({ type }) => type.startsWith("webhook.")))) return;
            now = await webhook();
            courier.wake();
          });
          const ending = new AbortController();
          const run = courier.run(ending.signal);
          const each = {
            got,
            requests,
            courier,
            async stop() {
              ending.abort();
              await run;
            },
          };
          running.push(each);
          await time.pass(0);
          return each;
        },
      });
      for (const each of running) await each.stop();
      await engine.close();
    },
  });
}

async function standingIn(deliveries: Deliveries) {
  const standing = parseStanding(await deliveries.load(nameOfStanding("w1")) ?? "");
  assert(standing !== undefined);
  return standing;
}

/** Creates tasks of which the webhook has given up to tell, with their first events. */
async function giveUp({ create, deliveries, webhook }: World, ids: readonly string[]): Promise<void> {
  await create(...ids);
  const letter = { type: "task.created", at: 0, attempts: 10, error: "the receiver answered 500" };
  // The first record is of the webhook.
  const deadLetters = ids.map((_, index) => ({ ...letter, id: `${index + 2}.0` }));
  const standing = { ...newStanding(await webhook()), place: { seq: ids.length + 1 }, deadLetters };
  await deliveries.save(nameOfStanding("w1"), formatStanding(standing));
}

test("events go out in order, each once, also to the courier that follows", async (world) => {
  await world.create("a", "b");
  const first = await world.start(() => OK);
  await world.sent(first, ["a", "b"]);
  await world.create("c");
  await world.sent(first, ["a", "b", "c"]);
  await first.stop();
  await world.create("d");
  await world.sent(await world.start(() => OK), ["d"]);
});

test("a courier whose end was not kept delivers again what it delivered last, in order", async (world) => {
  await world.create("a", "b", "c");
  const lost = overriding<Deliveries>(world.deliveries, {
    save: () => Promise.reject(new Unavailable("storage_failed", "the disk is full")),
  });
  const first = await world.start(() => OK, { deliveries: lost });
  await world.sent(first, ["a", "b", "c"]);
  await first.stop();
  assertEquals(world.log.warnings.length, 1);
  assertStringIncludes(world.log.warnings[0] ?? "", "may get it twice");
  await world.sent(await world.start(() => OK), ["a", "b", "c"]);
});

test("an answer that comes while the courier ends is kept: the next one does not deliver that event again", async (world) => {
  await world.create("a", "b");
  const [sent, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<Answer>()];
  const post = () => {
    sent.resolve();
    return answered.promise;
  };
  const first = await world.start(() => OK, { sender: { post } });
  await sent.promise;
  const stopped = first.stop();
  answered.resolve(OK);
  await stopped;
  await world.sent(await world.start(() => OK), ["b"]);
});

test("what could not be kept is kept once there is room, also if nothing else happens", async (world) => {
  await world.create("a");
  let isFull = true;
  const deliveries = overriding<Deliveries>(world.deliveries, {
    save(name, text) {
      if (isFull) return Promise.reject(new Unavailable("storage_failed", "the disk is full"));
      return world.deliveries.save(name, text);
    },
  });
  await world.sent(await world.start(() => OK, { deliveries }), ["a"], SAVED_MS);
  await world.time.pass(SAVED_MS);
  isFull = false;
  await world.time.pass(SAVED_MS);
  assertEquals((await standingIn(world.deliveries)).place, { seq: 2 });
  assertEquals(world.log.warnings.length, 1);
});

test("a failed delivery is tried by the schedule, nothing overtakes it, and a death changes nothing", async (world) => {
  await world.create("a", "b");
  for (const [index, pauseMs] of SCHEDULE_MS.entries()) {
    // Each try by a courier of its own.
    const courier = await world.start(() => index === 9 ? OK : BUSY);
    if (pauseMs > 0) await world.sent(courier, [], pauseMs - 1);
    await world.sent(courier, index === 9 ? ["a", "b"] : ["a"], Math.min(pauseMs, 1));
    await courier.stop();
  }
  const { deadLetters, log } = await standingIn(world.deliveries);
  assertEquals(deadLetters, []);
  assertEquals(log.map(({ attempt }) => attempt), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1]);
});

test("after ten tries an event is given up, the next ones go on, and a replay sends it again", async (world) => {
  let isDown = true;
  const courier = await world.start((_, subject) => subject === "a" && isDown ? BUSY : OK);
  await world.create("a", "b");
  for (const [index, pauseMs] of SCHEDULE_MS.entries()) {
    const expected = times(index + 1, () => "a");
    await world.sent(courier, index === 9 ? [...expected, "b"] : expected, pauseMs);
  }
  await world.time.pass(SAVED_MS);
  const { deadLetters: [letter], place } = await standingIn(world.deliveries);
  assertEquals([letter?.type, letter?.attempts, letter?.error], ["task.created", 10, "the receiver answered 503"]);
  assert("seq" in place && place.seq >= 3);

  await world.execute({ type: "replay_webhook", name: "w" });
  await world.sent(courier, [...times(10, () => "a"), "b", "a"]);
  assertEquals((await standingIn(world.deliveries)).deadLetters[0]?.attempts, 11);
  isDown = false;
  await world.execute({ type: "replay_webhook", name: "w" });
  await world.create("c");
  await world.sent(courier, [...times(10, () => "a"), "b", "a", "a", "c"]);
  assertEquals((await standingIn(world.deliveries)).deadLetters, []);
  const ids = courier.requests.map(({ headers }) => headers["webhook-id"]);
  assertEquals(new Set(ids).size, 3);
});

test("a replay tries at once what waits, and with a place sends all again from there", async (world) => {
  let isDown = true;
  const courier = await world.start(() => isDown ? BUSY : OK);
  await world.create("a", "b");
  await world.sent(courier, ["a"]);
  await world.sent(courier, ["a", "a"], 10_000);
  isDown = false;
  await world.execute({ type: "replay_webhook", name: "w" });
  await world.sent(courier, ["a", "a", "a", "b"]);
  await world.execute({ type: "replay_webhook", name: "w", from: { seq: 0 } });
  await world.sent(courier, ["a", "a", "a", "b", "a", "b"]);
});

for (const from of [{ seq: 3 }, { seq: 99 }, { at: 2e12 }]) {
  test(`a replay from ${JSON.stringify(from)}, after what waits, skips nothing`, async (world) => {
    let isDown = true;
    const courier = await world.start(() => isDown ? BUSY : OK);
    await world.create("a", "b");
    await world.sent(courier, ["a"]);
    isDown = false;
    await world.execute({ type: "replay_webhook", name: "w", from });
    await world.sent(courier, ["a", "a", "b"]);
  });
}

test("a replay from a place forgets what was given up only when it is delivered", async (world) => {
  await giveUp(world, ["a", "b"]);
  await world.create("c");
  await world.execute({ type: "replay_webhook", name: "w", from: { seq: 2 } });
  const courier = await world.start(() => OK);
  await world.sent(courier, ["b", "c"]);
  await courier.stop();
  assertEquals((await standingIn(world.deliveries)).deadLetters.map(({ id }) => id), ["2.0"]);
});

test("a receiver that asks for time gets it", async (world) => {
  const courier = await world.start((count) => count === 0 ? { status: 429, retryAfterMs: 60_000 } : OK);
  await world.create("a");
  await world.sent(courier, ["a"]);
  await world.sent(courier, ["a"], 59_999);
  await world.sent(courier, ["a", "a"], 1);
});

test("a receiver that is gone gets nothing more, until a replay enables it", async (world) => {
  const courier = await world.start(() => ({ status: 410, retryAfterMs: 0 }));
  await world.create("a", "b");
  await world.sent(courier, ["a"]);
  await world.sent(courier, ["a"], 10_000);
  assertEquals((await world.webhook()).disabled?.why, "the receiver answered 410");
  await courier.stop();
  await world.execute({ type: "replay_webhook", name: "w" });
  await world.sent(await world.start(() => OK), ["a", "b"]);
});

test("a receiver that is gone is tried by the schedule while the webhook cannot be disabled", async (world) => {
  const disable = () => Promise.reject(new Unavailable("storage_failed", "the disk is full"));
  const courier = await world.start(() => ({ status: 410, retryAfterMs: 0 }), { disable });
  await world.create("a");
  await world.sent(courier, ["a"]);
  await world.sent(courier, ["a"], 4_999);
  await world.sent(courier, ["a", "a"], 1);
  assertStringIncludes(world.log.warnings[0] ?? "", "Cannot disable webhook w");
});

test("a replay of what was given up ends at a receiver that is gone", async (world) => {
  await giveUp(world, ["a", "b"]);
  await world.execute({ type: "replay_webhook", name: "w" });
  const courier = await world.start(() => ({ status: 410, retryAfterMs: 0 }));
  await world.sent(courier, ["a"]);
  assertEquals((await world.webhook()).disabled?.why, "the receiver answered 410");
  await courier.stop();
  await world.execute({ type: "replay_webhook", name: "w" });
  await world.sent(await world.start(() => OK), ["a", "b"]);
});

test("a replay of what was given up ends at a receiver that asks for time, which it gets", async (world) => {
  await giveUp(world, ["a", "b"]);
  await world.create("c");
  await world.execute({ type: "replay_webhook", name: "w" });
  const courier = await world.start((count) => count === 0 ? { status: 429, retryAfterMs: 60_000 } : OK);
  // The answer comes before the time passes in which it is kept to.
  await world.sent(courier, ["a"]);
  await world.sent(courier, ["a"], 59_999);
  await world.sent(courier, ["a", "c"], 1);
  assertEquals((await standingIn(world.deliveries)).deadLetters.length, 2);
});

test("a replay looks for what was given up in its record only, also if that is hidden by now", async (world) => {
  await giveUp(world, ["a", "b"]);
  // As if the webhook saw no more of these.
  await world.execute({ type: "create_group", id: "theirs", settings: { visibleTo: ["others"] } });
  for (const id of ["a", "b"]) await world.execute({ type: "update_task", id, settings: { group: "theirs" } });
  await world.execute({ type: "replay_webhook", name: "w" });
  const searched: (readonly [after: number, before: number])[] = [];
  const engine = overriding(world.engine, {
    search(search) {
      searched.push([search.after, search.before]);
      return world.engine.search(search);
    },
  });
  await world.sent(await world.start(() => OK, { engine }), []);
  assertEquals(searched.slice(0, 2), [[1, 3], [2, 4]]);
  assertEquals((await standingIn(world.deliveries)).deadLetters, []);
}, { audiences: ["team"] });

test("a time of the next try that only a wrong clock can have set is not waited for", async (world) => {
  await giveUp(world, []);
  const standing = await standingIn(world.deliveries);
  const retryAt = world.engine.now() + 365 * 24 * 60 * 60 * 1_000;
  await world.deliveries.save(nameOfStanding("w1"), formatStanding({ ...standing, attempts: 1, retryAt }));
  await world.create("a");
  await world.sent(await world.start(() => OK), ["a"]);
});

test("both secrets sign until the grace of a rotation is over; a lost one fails and says so", async (world) => {
  const { id } = await makeSecret(world.deliveries, 0);
  await world.execute({ type: "rotate_webhook", name: "w", secret: id, graceMs: 60_000 });
  const courier = await world.start(() => OK);
  const signatures = () => courier.requests.at(-1)?.headers["webhook-signature"]?.split(" ").length;
  await world.create("a");
  await world.sent(courier, ["a"]);
  assertEquals(signatures(), 2);
  await world.time.pass(60_000);
  await world.create("b");
  await world.sent(courier, ["a", "b"]);
  assertEquals(signatures(), 1);
  await world.deliveries.remove(`secret-${id}`);
  await world.create("c");
  await world.sent(courier, ["a", "b"]);
  assertStringIncludes((await standingIn(world.deliveries)).log.at(-1)?.error ?? "", "webhook rotate w makes another");
});

test("what is redacted while an answer is waited for is not sent, also before its line is rewritten", async (world) => {
  const tasks = ["a", "b"].map((id) => ({ ...newTask(id), description: "hunter2" }));
  await world.execute({ type: "create_tasks", tasks });
  const bodies: string[] = [];
  const [sent, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<Answer>()];
  const post = ({ body }: Request) => {
    bodies.push(new TextDecoder().decode(body));
    sent.resolve();
    return answered.promise;
  };
  await world.start(() => OK, { sender: { post } });
  await sent.promise;
  const records = [[2, "0".repeat(64)] as const];
  await world.execute({ type: "redact_task", id: "b", fields: ["description"], reason: "leak", records });
  answered.resolve(OK);
  for (let turns = 0; turns < MAX_TURNS && bodies.length < 2; turns++) await world.time.pass(0);
  assertEquals(bodies.map((body) => JSON.parse(body).data.description), ["hunter2", "[redacted]"]);
});

test("what is hidden from its audiences never reaches a webhook", async (world) => {
  await world.execute({ type: "create_group", id: "theirs", settings: { visibleTo: ["others"] } });
  await world.execute({ type: "create_group", id: "ours", settings: { visibleTo: ["team"] } });
  const tasks = [{ ...newTask("secret"), group: "theirs" }, { ...newTask("shared"), group: "ours" }, newTask("open")];
  await world.execute({ type: "create_tasks", tasks });
  const courier = await world.start((count) => count === 0 ? BUSY : OK);
  await world.sent(courier, ["shared"]);
  // It is hidden by the time of the second try.
  await world.execute({ type: "update_group", id: "ours", settings: { visibleTo: ["others"] } });
  await world.sent(courier, ["shared", "open"], 5_001);
  assert(courier.requests.every(({ body }) => !new TextDecoder().decode(body).includes("secret")));
}, { audiences: ["team"] });

test("a webhook without types gets all but what only admins see", async (world) => {
  const token = { name: "t", role: "worker" as const, digest: "0".repeat(64) };
  await world.execute({ type: "issue_token", token });
  await world.create("a");
  await world.sent(await world.start(() => OK), ["a", "a"]);
}, { types: [] });

test("a webhook gets the types for admins that it names", async (world) => {
  const token = { name: "t", role: "worker" as const, digest: "0".repeat(64) };
  await world.execute({ type: "issue_token", token });
  await world.create("a");
  await world.sent(await world.start(() => OK), ["t"]);
}, { types: ["token.issued"] });

test("a standing that cannot be read counts as none, with a warning", async (world) => {
  await world.create("a");
  await world.deliveries.save(nameOfStanding("w1"), '{"version":2}');
  await world.sent(await world.start(() => OK), ["a"]);
  assertStringIncludes(world.log.warnings[0] ?? "", "all events since it was added are delivered again");
});

test("a place that the journal does not have is left with a warning", async (world) => {
  await world.create("a");
  const first = await world.start(() => OK);
  await world.sent(first, ["a"]);
  await first.stop();
  const standing = await standingIn(world.deliveries);
  await world.deliveries.save(nameOfStanding("w1"), formatStanding({ ...standing, place: { seq: 99 } }));
  const next = await world.start(() => OK);
  await world.sent(next, []);
  await world.create("b");
  await world.sent(next, ["b"]);
  assertStringIncludes(world.log.warnings[0] ?? "", "The journal was repaired or replaced");
});

test("the log and the dead letters are bounded", async (world) => {
  const ids = times(MAX_LOG + 5, (index) => `t${index}`);
  await world.create(...ids);
  const courier = await world.start(() => OK);
  await world.sent(courier, ids);
  await courier.stop();
  const standing = await standingIn(world.deliveries);
  assertEquals([standing.log.length, standing.log.at(-1)?.id], [MAX_LOG, "106.0"]);
  const letter = { type: "t", at: 0, attempts: 10, error: "e" };
  const letters = times(MAX_DEAD_LETTERS + 3, (index) => ({ ...letter, id: `${index}.0` }));
  const full = letters.reduce(withDeadLetter, standing);
  assertEquals([full.deadLetters.length, full.deadLettersDropped], [MAX_DEAD_LETTERS, 3]);
});

test("10,000 events reach three webhooks in order, none skipped, whatever fails and whoever dies", async (world) => {
  for (let start = 0; start < 10_000; start += 1_000) {
    const tasks = times(1_000, (index) => newTask(`t${start + index}`));
    await world.execute({ type: "create_tasks", tasks });
  }
  const expected = times(10_000, (index) => `t${index}`);
  for (const period of [997, 1_499, 4_000]) {
    await world.deliveries.remove(nameOfStanding("w1"));
    const firsts: string[] = [];
    const seen = new Set<string>();
    let requests = 0;
    while (firsts.length < expected.length) {
      // Every so often a try fails, and some others end with the process, before or after the answer is kept.
      let isOver = false;
      const courier = await world.start((_, subject) => {
        requests++;
        if (requests % period === 0) isOver = true;
        if (requests % (period + 13) === 0) return BUSY;
        // What came before may come again; anything else is the next one.
        if (!seen.has(subject)) firsts.push(subject);
        seen.add(subject);
        if (firsts.length === expected.length) isOver = true;
        return OK;
      });
      while (!isOver) await world.time.pass(50);
      await courier.stop();
    }
    assertEquals(firsts, expected);
  }
});
