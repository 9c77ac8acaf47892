/** Shows that a process holds nothing of calls, callers and tasks that are gone, whatever they did and in what order. */

import type { QueryOf } from "../../src/core/messages/queries.ts";
import { readState } from "../support/store.ts";
import { localOperator } from "../../src/core/model/access.ts";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Checkpointer } from "../../src/app/checkpointer.ts";
import { Engine } from "../../src/app/engine.ts";
import { Feed } from "../../src/app/feed.ts";
import { Heard } from "../../src/app/heard.ts";
import { type Chunk, type Position, type Transaction, Unavailable } from "../../src/app/ports.ts";
import { Sweeper } from "../../src/app/sweeper.ts";
import { DEFAULT_MAX_WAIT_MS, Waiting } from "../../src/app/waiting.ts";
import type { Command } from "../../src/core/messages/commands.ts";
import { Refusal } from "../../src/core/model/refusal.ts";
import { Subscriptions } from "../../src/mcp/subscriptions.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { crowds, IDS, INSTANCES, steer, type Turn, turns } from "../core/arbitraries.ts";
import { FakeTime } from "../support/fake_time.ts";
import { heldBy } from "../support/held.ts";
import { RecordingLog } from "../support/log.ts";

/** When the tests begin, in milliseconds since the Unix epoch. */
const START = 1_000_000;

/** After this time all but the longest waits, and all leases and pauses of the random settings are over, in milliseconds. */
const LATER_MS = 6_000;

/**
 * Looked at apart, or kept on purpose: parts that are looked at themselves, the state (tests/core/state/nothing_left_test.ts),
 * the records, and, all of them bounded, which instances were heard of and when, the news of claims whose callers were gone,
 * the last attempts of removed tasks, the audiences that groups had, the newest redactions, and the statistics of tasks without a group.
 */
const APART = new Set([
  "#engine",
  "#feed",
  "#checkpoints",
  "#log",
  "log",
  "#state",
  "#records",
  "#times",
  "#callers",
  "#unread",
  "removed",
  "pastAudiences",
  "redactions",
  "statistics",
]);

/** What a caller does beside commands. */
type Call =
  | { readonly type: "wait"; readonly client: string; readonly instance: string; readonly waitMs: number }
  | { readonly type: "wait for event"; readonly client: string; readonly task: string; readonly waitMs: number }
  | { readonly type: "abort"; readonly pick: number }
  | { readonly type: "follow" | "unfollow" | "disconnect"; readonly client: number; readonly uri: string }
  | { readonly type: "fail"; readonly times: number }
  | { readonly type: "pass"; readonly ms: number };

const CLIENTS = ["one", "two"];

const URIS = ["orchestrator://tasks", "orchestrator://groups/g", ...IDS.map((id) => `orchestrator://tasks/${id}`)];

function calls(): fc.Arbitrary<readonly Call[]> {
  const client = fc.nat({ max: CLIENTS.length - 1 });
  const waiting = {
    client: fc.constantFrom(...CLIENTS),
    // The long ones would end after everything is looked at: of these nothing may be left when they are aborted.
    waitMs: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.constant(DEFAULT_MAX_WAIT_MS)),
  };
  const wait = fc.record({
    type: fc.constant("wait" as const),
    instance: fc.constantFrom(...INSTANCES),
    ...waiting,
  });
  const waitForEvent = fc.record({
    type: fc.constant("wait for event" as const),
    task: fc.constantFrom(...IDS),
    ...waiting,
  });
  const follow = fc.record({
    type: fc.constantFrom("follow" as const, "follow" as const, "unfollow" as const, "disconnect" as const),
    client,
    uri: fc.constantFrom(...URIS),
  });
  return fc.array(
    fc.oneof(
      { arbitrary: wait, weight: 4 },
      { arbitrary: waitForEvent, weight: 2 },
      { arbitrary: fc.record({ type: fc.constant("abort" as const), pick: fc.nat() }), weight: 2 },
      { arbitrary: follow, weight: 4 },
      {
        arbitrary: fc.record({ type: fc.constant("fail" as const), times: fc.integer({ min: 1, max: 4 }) }),
        weight: 1,
      },
      { arbitrary: fc.record({ type: fc.constant("pass" as const), ms: fc.nat(60) }), weight: 4 },
    ),
    { minLength: 10, maxLength: 60, size: "max" },
  );
}

Deno.test({
  name: "after any calls, a process keeps nothing of deleted tasks and groups and of callers that are gone",
  permissions: { sys: true },
  async fn() {
    const met = { waits: 0, events: 0, failures: 0, followed: 0 };
    for (const histories of [turns(), crowds()]) {
      await fc.assert(
        fc.asyncProperty(histories, calls(), async (turns, calls) => {
          using time = new FakeTime();
          const process = await startProcess(time);
          const before = await process.held();
          await process.play(turns, calls);
          assertEquals(await process.endAll(), { tasks: 0, groups: 0 });
          assertEquals(await process.held(), before);
          for (const key of ["waits", "events", "failures", "followed"] as const) met[key] += process.met[key];
          await process.close();
          assertEquals(time.timers, 0);
        }),
        { numRuns: 60 },
      );
    }
    for (const [what, count] of Object.entries(met)) assert(count > 100, `only ${count} ${what}`);
  },
});

/** A journal that says it is busy as often as is asked. */
class FailingJournal extends MemoryJournal {
  failures = 0;

  override async transact(after: Position, transaction: Transaction): Promise<Position> {
    this.#failIfDue();
    return await super.transact(after, transaction);
  }

  override async *read(after: Position): AsyncIterable<Chunk> {
    this.#failIfDue();
    yield* super.read(after);
  }

  #failIfDue(): void {
    if (this.failures === 0) return;
    this.failures--;
    throw new Unavailable("busy", "taken");
  }
}

/** A server process with two clients, beside another one that works on the same journal. */
async function startProcess(time: FakeTime) {
  const now = () => START + performance.now();
  const journal = new FailingJournal(now);
  const log = new RecordingLog();
  const engine = await Engine.start({ journal, checkpoints: noCheckpoints, log });
  const other = await Engine.start({ journal, checkpoints: noCheckpoints, log });
  const feed = new Feed(engine, log);
  const waiting = new Waiting({ engine, feed, log });
  const heard = new Heard(engine);
  const sweeper = new Sweeper({ engine, log });
  const checkpointer = new Checkpointer({ engine, checkpoints: noCheckpoints, log });
  // Somebody is told of everything, from the first call to the last, so that the journal is watched all the time.
  const unsubscribe = feed.subscribe(() => {});
  const find = (query: QueryOf<"find">) => engine.query(query, localOperator("client"));
  const connect = () => new Subscriptions({ find, feed, notify: () => {}, onError: () => {} });
  const clients = CLIENTS.map(connect);
  const waits: AbortController[] = [];
  const underWay: Promise<unknown>[] = [];
  const met = { waits: 0, events: 0, failures: 0, followed: 0 };

  const settle = async (answer: Promise<unknown>): Promise<void> => {
    try {
      await answer;
    } catch (error) {
      if (error instanceof Unavailable) met.failures++;
      else if (!(error instanceof Refusal)) throw error;
    }
  };

  const call = async (call: Call): Promise<void> => {
    switch (call.type) {
      case "wait": {
        const aborting = new AbortController();
        waits.push(aborting);
        const command = { type: "claim_task", instance: call.instance } as const;
        const options = { waitMs: call.waitMs, signal: aborting.signal, onWaiting: () => void met.waits++ };
        heard.note(call.instance, localOperator("test"));
        underWay.push(settle(waiting.claim(command, localOperator(call.client), options)));
        return;
      }
      case "wait for event": {
        const aborting = new AbortController();
        waits.push(aborting);
        const onWaiting = () => void met.events++;
        const options = { waitMs: call.waitMs, signal: aborting.signal, onWaiting, caller: localOperator(call.client) };
        underWay.push(settle(waiting.events.next({ task: call.task, limit: 10 }, options)));
        return;
      }
      case "abort":
        return waits[call.pick % waits.length]?.abort();
      case "follow":
        met.followed++;
        underWay.push(settle(clients[call.client]?.add([call.uri]) ?? Promise.resolve()));
        return;
      case "unfollow":
        return clients[call.client]?.remove(call.uri);
      case "disconnect": {
        // What a client still asked for is carried out after it is gone; then another one comes.
        const gone = clients[call.client];
        gone?.close();
        clients[call.client] = connect();
        underWay.push(settle(gone?.add([call.uri]) ?? Promise.resolve()));
        return;
      }
      case "fail":
        journal.failures = call.times;
        return;
      case "pass":
        return await time.pass(call.ms);
    }
  };

  const execute = (engine: Engine, command: Command) => settle(engine.execute(command, localOperator("test")));

  return {
    met,
    async held() {
      await time.pass(LATER_MS);
      const roots = {
        engine,
        feed,
        waiting,
        heard,
        sweeper,
        checkpointer,
        journal,
        one: clients[0]!,
        two: clients[1]!,
      };
      return { timers: time.timers, ...await heldBy(roots, APART) };
    },
    async play(turns: readonly Turn[], calls: readonly Call[]): Promise<void> {
      for (const [index, turn] of turns.entries()) {
        const at = index % 2 === 0 ? engine : other;
        await settle(readState(at, (state) => steer(state, turn)).then((command) => execute(at, command)));
        const next = calls[index];
        if (next !== undefined) await call(next);
      }
    },
    /** Deletes all there is, and lets everybody go. Returns what is left. */
    async endAll() {
      journal.failures = 0;
      for (const waiter of waits) waiter.abort();
      for (const client of clients) client.close();
      await time.pass(LATER_MS);
      await Promise.all(underWay);
      const { ids, groups, instances, tokens } = await readState(other, (state) => ({
        ids: [...state.tasks.keys()],
        groups: [...state.groups.keys()],
        instances: [...state.instances.keys()],
        tokens: [...state.tokens.keys()],
      }));
      for (const id of ids) await execute(engine, { type: "cancel_task", id });
      if (ids.length > 0) {
        await execute(other, { type: "bulk_update", filter: { ids }, action: { type: "delete" }, isAtomic: true });
      }
      for (const id of groups) await execute(engine, { type: "delete_group", id });
      await execute(engine, { type: "resume_project" });
      for (const name of tokens) await execute(engine, { type: "revoke_token", name });
      // Each is told what was cancelled under it.
      for (const instance of INSTANCES) await execute(other, { type: "heartbeat", instance });
      for (const instance of instances) await execute(other, { type: "leave", instance });
      return await readState(engine, ({ tasks, groups }) => ({ tasks: tasks.size, groups: groups.size }));
    },
    async close(): Promise<void> {
      unsubscribe();
      await waiting.close();
      heard.close();
      feed.close();
      await sweeper.close();
      await engine.close();
      await checkpointer.close();
      await other.close();
    },
  };
}
