/** Shows that nothing is claimed while the project is paused, that all else goes on, and that everybody is told why. */

import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import type { CommandOf } from "../../../src/core/messages/commands.ts";
import { type KnownCaller, localOperator } from "../../../src/core/model/access.ts";
import { firstAnswerable } from "../../../src/core/state/next_claim.ts";
import { restore, snapshotOf } from "../../../src/core/state/snapshot.ts";
import type { State } from "../../../src/core/state/state.ts";
import { answer } from "../../../src/core/views/answer.ts";
import { turns } from "../arbitraries.ts";
import {
  claim,
  complete,
  contextAt,
  create,
  fail,
  given,
  newTask,
  refusalOf,
  release,
  run,
  stateAfter,
  taskWith,
  waiting,
} from "../given.ts";
import { play } from "../play.ts";
import { untilReached } from "../until_reached.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

const RESUME: CommandOf<"resume_project"> = { type: "resume_project" };

const REMEDY = "wait for the operator, who resumes the project with the command resume: get_next_task with wait_ms";

function pause(reason = "upgrade"): CommandOf<"pause_project"> {
  return { type: "pause_project", reason };
}

function pausedIn(state: State, caller: KnownCaller = localOperator("test")) {
  return answer(state, { type: "get_project" }, { ...contextAt(9), caller }).paused;
}

test("a pause keeps its reason, its time and who paused, until the project is resumed", () => {
  const paused = { reason: "upgrade", at: 1, by: { caller: "test" } };
  given().when(pause()).then({ type: "project.paused", reason: "upgrade", by: { caller: "test" } }).answering({
    paused,
  });
  given(pause()).when(pause()).then().answering({ paused });
  given(pause()).when(pause("disk")).then({ type: "project.paused", reason: "disk", by: { caller: "test" } })
    .answering({ paused: { ...paused, reason: "disk", at: 2 } });
  given(pause()).when(RESUME).then({ type: "project.resumed" }).answering({});
  given().when(RESUME).then().answering({});
});

test("a pause needs a reason that fits", () => {
  for (const reason of ["", "  \n"]) {
    given().when(pause(reason)).thenRefused("invalid_value", "The reason of the pause");
  }
  given().when(pause("x".repeat(4 * 1024))).then({
    type: "project.paused",
    reason: "x".repeat(4 * 1024),
    by: { caller: "test" },
  });
  given().when(pause("x".repeat(4 * 1024 + 1))).thenRefused("limit_exceeded", "The reason of the pause");
});

test("while the project is paused, a claim gets the operator's words, and after it the task", () => {
  const state = stateAfter(create(newTask("a"), newTask("b", "a")), pause());
  const claimed = run(state, claim("x"), 3).answer;
  const none = claimed.task === undefined ? claimed.none : undefined;
  assertEquals(none?.reason, "paused");
  const why = "the project is paused since 1970-01-01T00:00:00.002Z by test: upgrade";
  assertEquals(none?.message, `Nothing can be claimed as ${why}; what would help: ${REMEDY}`);
  const refusal = refusalOf(() => run(state, claim("x", "a"), 3));
  assertEquals([refusal.code, refusal.message], [
    "limit_reached",
    `Cannot claim task a as ${why}; what would help: ${REMEDY}`,
  ]);
  const explain = (id: string) => answer(state, { type: "explain_task", id }, contextAt(4));
  assertEquals([explain("a").why, explain("a").whatWouldChange], [`It is ready, but ${why}`, [REMEDY]]);
  assertEquals(explain("b").whatWouldChange, [REMEDY]);
  assertEquals(firstAnswerable(state, waiting(claim("x"))), undefined);
  run(state, RESUME, 5);
  assertEquals(firstAnswerable(state, waiting(claim("x"))), 0);
  assertEquals(run(state, claim("x"), 6).answer.task?.id, "a");
});

test("held tasks are reported on, completed, failed and released while the project is paused", () => {
  const tasks = ["a", "b", "c"].map((id) => newTask(id));
  const state = stateAfter(create(...tasks, newTask("next", "a")), claim("x"), claim("x"), claim("x"), pause());
  run(state, { type: "report_progress", id: "a", instance: "x", percent: 5 }, 6);
  // It holds it already.
  assertEquals(run(state, claim("x", "a"), 7).answer.task?.id, "a");
  const { unlocked, urgent } = run(state, complete("x", "a"), 8).answer;
  assertEquals([unlocked.map(({ id }) => id), urgent], [["next"], []]);
  run(state, fail("x", "b"), 9);
  run(state, release("x", "c"), 10);
  assertEquals(state.counts, { pending: 2, in_progress: 0, completed: 1, failed: 1, cancelled: 0, skipped: 0 });
});

test("an instance that may not claim anyway is told so, and no urgent task is offered while the project is paused", () => {
  const state = stateAfter(
    { type: "register_instance", instance: "x", settings: { maxConcurrent: 1 } },
    create(newTask("a"), taskWith({ priority: "urgent" }, "u")),
    claim("x", "a"),
    pause(),
  );
  const claimed = run(state, claim("x"), 5).answer;
  assertEquals(claimed.task === undefined ? claimed.none.reason : "", "at_capacity");
  assertEquals(run(state, { type: "heartbeat", instance: "x" }, 6).answer.urgent, []);
  run(state, RESUME, 7);
  assertEquals(run(state, { type: "heartbeat", instance: "x" }, 8).answer.urgent.map(({ id }) => id), ["u"]);
});

test("every caller sees a pause, also one from whom a group is hidden, and a restored state has it", () => {
  const state = stateAfter(
    { type: "create_group", id: "g", settings: { visibleTo: ["p"] } },
    create({ ...newTask("a"), group: "g" }),
    pause("é\n😀"),
  );
  const outsider: KnownCaller = { name: "o", role: "observer", audiences: ["q"] };
  const expected = { reason: "é\n😀", at: 3, by: { caller: "test" } };
  const restored = restore(JSON.parse(JSON.stringify(snapshotOf(state))));
  for (const each of [state, restored]) {
    assertEquals(pausedIn(each, outsider), expected);
    assertEquals(run(each, claim("x"), 4).answer.task, undefined);
  }
  assert(!("pause" in snapshotOf(stateAfter(pause(), RESUME))));
});

test("a corrected clock corrects the time of the pause", () => {
  const state = stateAfter(pause());
  state.recordedAt = state.now = 500_000;
  run(state, pause("later"), 500_000);
  run(state, { type: "correct_clock" }, 1_000);
  assertEquals(pausedIn(state)?.at, 1_000);
});

test("after any history, a pause stops each claim of a new task, and a resume brings back what was there", () => {
  let stopped = 0;
  untilReached(() => {
    fc.assert(
      fc.property(turns(), (turns) => {
        const state = play(turns);
        run(state, RESUME, state.now);
        const nextOf = (instance: string) => {
          const { events } = run(restore(snapshotOf(state)), claim(instance), state.now);
          return events.flatMap((event) => event.type === "task.claimed" ? [event.id] : []);
        };
        const before = ["x", "y"].map(nextOf);
        run(state, pause(), state.now);
        for (const [index, instance] of ["x", "y"].entries()) {
          assertEquals(nextOf(instance), []);
          if ((before[index]?.length ?? 0) > 0) stopped++;
        }
        run(state, RESUME, state.now);
        assertEquals(["x", "y"].map(nextOf), before);
      }),
      { numRuns: 60 },
    );
  }, { isReached: () => stopped > 10, told: () => `a pause stopped only ${stopped} claims` });
});
