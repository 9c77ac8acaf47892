/** What calls may rely on with every store: in processes with wrong clocks, with lost commits, and when they are repeated. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Engine } from "../../src/app/engine.ts";
import { Unavailable } from "../../src/app/ports.ts";
import type { Command, Repeated } from "../../src/core/messages/commands.ts";
import { localOperator } from "../../src/core/model/access.ts";
import { Refusal } from "../../src/core/model/refusal.ts";
import { noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { create, newTask, times } from "../core/given.ts";
import { RecordingLog } from "../support/log.ts";
import { type Loss, LostCommits } from "../support/lost_commits.ts";
import { recordsAfter, taskIds, wholeState } from "../support/store.ts";
import type { ContractOptions } from "./contract.ts";

const caller = localOperator("test");

/** An engine whose commits can be lost, and another process. */
interface Scene {
  readonly journal: LostCommits;
  readonly engine: Engine;
  readonly other: Engine;
  readonly log: RecordingLog;
  /** Starts a further process, whose clock is wrong by so many milliseconds. */
  readonly start: (skewMs?: number) => Promise<Engine>;
}

export function testEngine(name: string, { permissions, make }: ContractOptions): void {
  function test(what: string, check: (scene: Scene) => Promise<void>): void {
    Deno.test({
      name: `${name}: ${what}`,
      permissions,
      async fn() {
        await using subject = await make();
        const closing: (() => Promise<void>)[] = [];
        const log = new RecordingLog();
        const startOn = async (journal: LostCommits, close: () => Promise<void>) => {
          const engine = await Engine.start({ journal, checkpoints: noCheckpoints, log });
          closing.push(() => engine.close(), close);
          return engine;
        };
        const open = (skewMs?: number) => {
          const inner = subject.open(skewMs);
          return { journal: new LostCommits(inner), close: () => inner.close() };
        };
        const start = (skewMs?: number) => {
          const { journal, close } = open(skewMs);
          return startOn(journal, close);
        };
        try {
          const { journal, close } = open();
          await check({ journal, engine: await startOn(journal, close), other: await start(), log, start });
        } finally {
          for (const close of closing) await close();
        }
      },
    });
  }

  /** Breaks the connection at the next commits; then another process appends something, if it should. */
  function lose({ journal, other }: Scene, losses: readonly Loss[], isFollowed: boolean): void {
    journal.losses.push(...losses);
    journal.onLost = async () => {
      if (!isFollowed) return;
      const { total } = await other.query({ type: "count_tasks", filter: {} }, caller);
      await other.execute(create(newTask(`other${total}`)), caller);
    };
  }

  test("a command whose commit is lost after it arrived is answered, and there once", async (scene) => {
    for (const isFollowed of [false, true]) {
      lose(scene, ["after"], isFollowed);
      const id = `a${isFollowed}`;
      const [task] = await scene.engine.execute(create(newTask(id)), caller);
      assertEquals([task?.id, task?.status], [id, "pending"]);
    }
    assertEquals(await taskIds(scene.engine), ["afalse", "atrue", "other2"]);
    assertEquals(await wholeState(scene.engine), await wholeState(scene.other));
    assertEquals((await recordsAfter(scene.journal)).length, 3);
  });

  test("a command whose commit is lost is run again once another record is in its place", async (scene) => {
    lose(scene, ["before", "late"], true);
    const [task] = await scene.engine.execute(create(newTask("a")), caller);
    assertEquals(task?.id, "a");
    await scene.journal.arrive();
    assertEquals(await taskIds(scene.other), ["other0", "other1", "a"]);
    assertEquals((await recordsAfter(scene.journal)).length, 3);
  });

  test("while it may still arrive, the outcome is unknown, and a repeat with its id carries it out once", async (scene) => {
    for (const arrivesLate of [false, true]) {
      const command = create(newTask(`a${arrivesLate}`));
      const request = `r${arrivesLate}`;
      lose(scene, ["late"], false);
      const error = await assertRejects(() => scene.engine.execute(command, caller, { request }), Unavailable);
      assertEquals(error.code, "outcome_unknown");
      if (arrivesLate) await scene.journal.arrive();
      const answer = await scene.other.execute(command, caller, { request });
      assertEquals("repeated" in answer, arrivesLate);
      if (!arrivesLate) await scene.journal.arrive();
    }
    assertEquals(await taskIds(scene.engine), ["afalse", "atrue"]);
    assertEquals((await recordsAfter(scene.journal)).length, 2);
  });

  test("commands of one batch each get their own answer", async (scene) => {
    await scene.engine.execute(create(newTask("held")), caller);
    for (const losses of [["after"], ["before"]] as const) {
      const [suffix] = losses;
      lose(scene, losses, true);
      const calls = [
        scene.engine.execute(create(newTask(`a-${suffix}`)), caller),
        scene.engine.execute(create(newTask("held")), caller),
        scene.engine.query({ type: "count_tasks", filter: {} }, caller),
        scene.engine.execute(create(newTask(`b-${suffix}`)), caller),
        scene.engine.execute({ type: "claim_task", instance: suffix, id: `a-${suffix}` }, caller),
      ];
      const settled = await Promise.allSettled(calls);
      assertEquals(settled.map(({ status }) => status), [
        "fulfilled",
        "rejected",
        "fulfilled",
        "fulfilled",
        "fulfilled",
      ]);
      assert(settled[1]?.status === "rejected" && settled[1].reason instanceof Refusal);
    }
    const ids = await taskIds(scene.engine);
    assertEquals(new Set(ids).size, ids.length);
    assertEquals(ids.filter((id) => /^[ab]-/.test(id)), ["a-after", "b-after", "a-before", "b-before"]);
    assertEquals(await wholeState(scene.engine), await wholeState(scene.other));
  });

  test("an answer that can't be made any more says so", async (scene) => {
    const { engine, other, journal } = scene;
    for (const options of [{ request: "r" }, {}, undefined]) {
      await engine.execute(create(newTask("a")), caller);
      journal.losses.push("after");
      journal.onLost = async () => void await other.execute({ type: "delete_task", id: "a" }, caller);
      const update: Command = { type: "update_task", id: "a", description: "new" };
      if (options === undefined) {
        const error = await assertRejects(() => engine.execute(update, caller), Unavailable);
        assertEquals(error.code, "outcome_unknown");
      } else {
        const answer = await engine.execute(update, caller, options);
        assert("repeated" in answer);
        assertEquals(answer.tasks, []);
        const record = (await recordsAfter(journal)).find(({ seq }) => seq === answer.seq);
        assertEquals(record?.command, "update_task");
      }
      journal.onLost = () => Promise.resolve();
    }
  });

  test("an attempt that is over by the time of the look is not handed out", async ({ engine, other, journal }) => {
    await engine.execute(create(newTask("a")), caller);
    journal.losses.push("after");
    journal.onLost = async () => {
      await other.execute({ type: "release_task", id: "a", instance: "ann" }, caller);
      await other.execute({ type: "claim_task", instance: "bob" }, caller);
    };
    const answer = await engine.execute({ type: "claim_task", instance: "ann" }, caller, {});
    assert("repeated" in answer);
    assertEquals(answer.tasks.map(({ id, assignedTo, attempt }) => [id, assignedTo, attempt]), [["a", "bob", 2]]);
  });

  test("a command that never gets through is given up, with nothing changed", async (scene) => {
    lose(scene, times(10, () => "before"), true);
    const error = await assertRejects(() => scene.engine.execute(create(newTask("a")), caller), Unavailable);
    assertEquals([error.code, error.message.includes("Nothing was changed")], ["storage_failed", true]);
    assertEquals(scene.journal.losses.length, 7);
    assertEquals((await taskIds(scene.other)).includes("a"), false);
  });

  test("without a look, the outcome stays unknown, and later calls see what is so", async (scene) => {
    const { journal, engine } = scene;
    journal.losses.push("after");
    journal.onLost = () => {
      journal.failure = new Unavailable("storage_failed", "The connection is lost");
      return Promise.resolve();
    };
    const error = await assertRejects(() => engine.execute(create(newTask("a")), caller), Unavailable);
    assertEquals(error.code, "outcome_unknown");
    journal.failure = undefined;
    assertEquals(await taskIds(engine), ["a"]);
    assertEquals(scene.log.errors, []);
  });

  test("a repeat is not carried out, in any process, also after a restart", async (scene) => {
    const { engine, other, start } = scene;
    await engine.execute(create(newTask("a"), newTask("b")), caller, { request: "r" });
    await engine.execute({ type: "cancel_task", id: "a" }, caller);
    for (const each of [engine, other, await start()]) {
      const answer = await each.execute(create(newTask("a"), newTask("b")), caller, { request: "r" });
      assert("repeated" in answer);
      assertEquals([answer.repeated, answer.seq], [true, 1]);
      assertEquals(answer.tasks.map(({ id, status }) => [id, status]), [["a", "cancelled"], ["b", "pending"]]);
    }
    assertEquals((await recordsAfter(scene.journal)).length, 2);
  });

  test("repeats at once, in one process and in several, are carried out once", async (scene) => {
    const processes = [scene.engine, scene.engine, scene.other, await scene.start()];
    const claim: Command = { type: "claim_task", instance: "ann" };
    await scene.engine.execute(create(...times(8, (index) => newTask(`t${index}`))), caller);
    const answers = await Promise.all(processes.map((each) => each.execute(claim, caller, { request: "r" })));
    const repeats = answers.filter((answer): answer is Repeated => "repeated" in answer);
    assertEquals(repeats.length, 3);
    assertEquals(
      repeats.map(({ tasks }) => tasks.map(({ id, assignedTo }) => [id, assignedTo])),
      times(3, () => [
        ["t0", "ann"],
      ]),
    );
  });

  test("the id of a caller counts for it alone, and for one command", async ({ engine, other }) => {
    await engine.execute(create(newTask("a")), caller, { request: "r" });
    const refusal = await assertRejects(() => other.execute(create(newTask("b")), caller, { request: "r" }), Refusal);
    assertEquals(refusal.code, "request_reused");
    const someone = localOperator("someone");
    assertEquals("repeated" in await other.execute(create(newTask("b")), someone, { request: "r" }), false);
    assertEquals(await taskIds(engine), ["a", "b"]);
  });

  test("refused and empty commands are not remembered", async ({ engine, other }) => {
    const claim: Command = { type: "claim_task", instance: "ann" };
    const settings = { ttlMs: 60_000 };
    await engine.execute({ type: "register_instance", instance: "ann", settings }, caller);
    const none = await engine.execute(claim, caller, { request: "claim" });
    assert(!("repeated" in none) && none.task === undefined);
    const complete: Command = { type: "cancel_task", id: "a" };
    await assertRejects(() => engine.execute(complete, caller, { request: "cancel" }), Refusal);
    await engine.execute(create(newTask("a"), newTask("b")), caller);
    const got = await other.execute(claim, caller, { request: "claim" });
    assert(!("repeated" in got));
    assertEquals(got.task?.id, "a");
    const cancelled = await other.execute({ ...complete, id: "b" }, caller, { request: "cancel" });
    assertEquals("repeated" in cancelled, false);
  });

  test("a process whose clock is wrong neither breaks the order of times nor takes a task from its holder", async (scene) => {
    const processes = [scene.engine, await scene.start(3_600_000), await scene.start(-3_600_000)];
    await scene.engine.execute(create(...times(6, (index) => newTask(`t${index}`))), caller);
    const got: (string | undefined)[] = [];
    for (let round = 0; round < 6; round++) {
      const process = processes[round % processes.length] ?? scene.engine;
      const claim = await process.execute({ type: "claim_task", instance: `i${round}` }, caller);
      got.push(claim.task?.id);
    }
    assertEquals(got.toSorted(), times(6, (index) => `t${index}`));
    const records = await recordsAfter(scene.journal);
    for (const [index, { at }] of records.entries()) assert(at >= (records[index - 1]?.at ?? 0), `record ${index + 1}`);
    const [first, ...others] = await Promise.all(processes.map(wholeState));
    for (const each of others) assertEquals(each, first);
  });
}
