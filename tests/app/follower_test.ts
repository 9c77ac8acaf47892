/** Shows that a follower misses and repeats nothing, wherever it starts, however slow it is, and when reading fails. */

import { assertEquals, assertRejects } from "@std/assert";
import { Engine } from "../../src/app/engine.ts";
import { Feed } from "../../src/app/feed.ts";
import { follow, type Followed, type FollowOptions } from "../../src/app/follower.ts";
import { Unavailable } from "../../src/app/ports.ts";
import { localOperator } from "../../src/core/model/access.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { RecordingLog } from "../support/log.ts";
import { overriding } from "../support/overriding.ts";

const ADMIN = localOperator("admin");

/** More records than wait in memory. */
const MANY = 1_203;

interface Plan {
  readonly engine: Engine;
  readonly feed: Feed;
  /** Creates tasks, one record each. */
  create(ids: readonly string[]): Promise<void>;
}

function test(name: string, act: (plan: Plan) => Promise<void>): void {
  Deno.test({
    name,
    permissions: "none",
    async fn() {
      const log = new RecordingLog();
      const engine = await Engine.start({ journal: new MemoryJournal(Date.now), checkpoints: noCheckpoints, log });
      const feed = new Feed(engine, log);
      const create = async (ids: readonly string[]) => {
        for (const id of ids) {
          await engine.execute({ type: "create_tasks", tasks: [{ id, description: "", dependencies: [] }] }, ADMIN);
        }
      };
      await act({ engine, feed, create });
      feed.close();
      await engine.close();
      assertEquals(log.warnings, []);
    },
  });
}

function start(plan: Plan, options: Partial<FollowOptions> = {}) {
  const { engine, feed } = plan;
  const filter = { types: ["task.created" as const] };
  return follow({ engine, feed, filter, caller: ADMIN, after: { seq: 0 }, source: undefined, ...options });
}

/** The subjects of the next notifications, as many as wanted. */
async function take(follower: { next(): Promise<Followed | undefined> }, count: number): Promise<unknown[]> {
  const subjects: unknown[] = [];
  while (subjects.length < count) {
    const next = await follower.next();
    if (next?.type !== "notifications") throw new Error(`There is no next: ${JSON.stringify(next)}`);
    subjects.push(...next.notifications.map(({ subject }) => subject));
  }
  return subjects;
}

function named(count: number, from = 1): string[] {
  return Array.from({ length: count }, (_, index) => `t${from + index}`);
}

test("it yields what the journal has, then what comes, each once", async (plan) => {
  await plan.create(named(3));
  using follower = start(plan);
  assertEquals(await take(follower, 3), named(3));
  const next = take(follower, 2);
  await plan.create(named(2, 4));
  assertEquals(await next, named(2, 4));
});

test("it starts after a notification or a record", async (plan) => {
  await plan.create(["t1"]);
  const tasks = ["t2", "t3"].map((id) => ({ id, description: "", dependencies: [] }));
  await plan.engine.execute({ type: "create_tasks", tasks }, ADMIN);
  for (const [after, expected] of [[{ seq: 1 }, ["t2", "t3"]], [{ seq: 2, index: 0 }, ["t3"]]] as const) {
    using follower = start(plan, { after });
    assertEquals(await take(follower, expected.length), [...expected]);
  }
});

test("records that are too many to wait in memory are read from the journal", async (plan) => {
  await plan.create(["t1"]);
  using follower = start(plan);
  assertEquals(await take(follower, 1), ["t1"]);
  await plan.create(named(MANY, 2));
  assertEquals(await take(follower, MANY), named(MANY, 2));
});

test("after a failed read or selection, the next call goes on where it was", async (plan) => {
  await plan.create(named(2));
  let failures = 0;
  const engine = overriding(plan.engine, {
    query(query, caller) {
      if (failures-- > 0) return Promise.reject(new Unavailable("storage_failed", "the disk fails"));
      return plan.engine.query(query, caller);
    },
  });
  using follower = start(plan, { engine });
  failures = 1;
  await assertRejects(() => follower.next(), Unavailable);
  assertEquals(await take(follower, 2), named(2));
  await plan.create(["t3"]);
  failures = 1;
  await assertRejects(() => take(follower, 1), Unavailable);
  assertEquals(await take(follower, 1), ["t3"]);
});

test("another journal, or a place that the journal does not have, is a reset", async (plan) => {
  await plan.create(named(2));
  for (const options of [{ source: "orchestrator://journals/other/0" }, { after: { seq: 3 } }]) {
    using follower = start(plan, options);
    assertEquals(await follower.next(), { type: "reset", lastSeq: 2 });
  }
});

test("closing it ends a wait", async (plan) => {
  await plan.create(["t1"]);
  const follower = start(plan);
  await take(follower, 1);
  const next = follower.next();
  follower[Symbol.dispose]();
  assertEquals(await next, undefined);
});

test("what waits or was returned when a text is redacted is read again without it, before its line is rewritten", async (plan) => {
  const { engine } = plan;
  const tasks = ["a", "b"].map((id) => ({ id, description: "hunter2", dependencies: [] }));
  const redact = (id: string) => {
    const records = [[1, "0".repeat(64)] as const];
    return engine.execute({ type: "redact_task", id, fields: ["description"], reason: "leak", records }, ADMIN);
  };
  const textsOf = async (follower: { next(): Promise<Followed | undefined> }) => {
    const next = await follower.next();
    return next?.type === "notifications" ? next.notifications.map(({ data }) => data["description"]) : next;
  };
  using follower = start(plan);
  assertEquals(await textsOf(follower), []);
  await engine.execute({ type: "create_tasks", tasks }, ADMIN);
  await redact("a");
  assertEquals(await textsOf(follower), ["[redacted]", "hunter2"]);
  assertEquals(follower.isOutdated, false);
  await redact("b");
  assertEquals(follower.isOutdated, true);
  using again = start(plan);
  assertEquals([await textsOf(again), again.isOutdated], [["[redacted]", "[redacted]"], false]);
});
