/** Shows what is told of groups, locks and urgent tasks where one state could be taken for another. */

import type { Command } from "../../../src/core/messages/commands.ts";
import { MAX_INPUT_CHARACTERS, MAX_INPUTS, MAX_INPUTS_CHARACTERS } from "../../../src/core/model/limits.ts";
import { PRIORITIES, type TaskSettings } from "../../../src/core/model/task.ts";
import { head } from "../../../src/core/model/text.ts";
import { findGroup, findTask } from "../../../src/core/state/lookup.ts";
import { profileIn, urgentFor } from "../../../src/core/state/next_claim.ts";
import type { State } from "../../../src/core/state/state.ts";
import { groupViewOf } from "../../../src/core/views/groups.ts";
import { inputsOf } from "../../../src/core/views/inputs.ts";
import { listTasks, viewOf } from "../../../src/core/views/tasks.ts";
import { unlockedBy } from "../../../src/core/views/unlocked.ts";
import {
  cancel,
  claim,
  complete,
  create,
  fail,
  importing,
  newTask,
  oldTask,
  release,
  run,
  SEES_ALL,
  stateAfter,
  type Step,
  taskOf,
  taskWith,
  times,
  work,
} from "../given.ts";
import { assertEquals } from "@std/assert";

const GROUP: Command = { type: "create_group", id: "g", settings: {} };
const PAUSED: Command = { type: "update_group", id: "g", settings: { paused: true } };
const IN_GROUP: TaskSettings = { group: "g" };
const LATER: TaskSettings = { ...IN_GROUP, notBefore: 1_000 };
const OUTSIDE = create(newTask("open"), newTask("held"), newTask("failed"));
const FAILED: readonly Step[] = [OUTSIDE, claim("y", "failed"), fail("y", "failed")];

for (
  const [what, steps, status] of [
    ["no task", [], "empty"],
    ["a ready one", [create(taskWith(IN_GROUP, "a"))], "open"],
    ["only one that waits", [create(taskWith(IN_GROUP, "a", "open"))], "open"],
    ["only one that is delayed", [create(taskWith(LATER, "a"))], "open"],
    ["one that waits and one that is delayed", [create(taskWith(IN_GROUP, "a", "open"), taskWith(LATER, "b"))], "open"],
    ["only one that is blocked", [create(taskWith(IN_GROUP, "a", "failed"))], "blocked"],
    ["one that is blocked and one that waits", [
      create(taskWith(IN_GROUP, "a", "failed"), taskWith(IN_GROUP, "b", "open")),
    ], "open"],
    ["one that is blocked and one that is delayed", [
      create(taskWith(IN_GROUP, "a", "failed"), taskWith(LATER, "b")),
    ], "open"],
    ["one that is blocked and one that runs", [
      create(taskWith(IN_GROUP, "a", "failed"), taskWith(IN_GROUP, "b")),
      claim("x", "b"),
    ], "open"],
    ["one that is blocked and one that is done", [
      create(taskWith(IN_GROUP, "a", "failed"), taskWith(IN_GROUP, "b")),
      ...work("x", "b"),
    ], "blocked"],
    ["a pause and one that is blocked", [create(taskWith(IN_GROUP, "a", "failed")), PAUSED], "paused"],
    ["a pause and one that runs", [create(taskWith(IN_GROUP, "a")), claim("x", "a"), PAUSED], "paused"],
    [
      "a pause and one that failed",
      [create(taskWith(IN_GROUP, "a")), claim("x", "a"), fail("x", "a"), PAUSED],
      "failed",
    ],
    ["a pause and one that is done", [create(taskWith(IN_GROUP, "a")), ...work("x", "a"), PAUSED], "done"],
    ["one that was cancelled and one that is done", [
      create(taskWith(IN_GROUP, "a"), taskWith(IN_GROUP, "b")),
      cancel("a"),
      ...work("x", "b"),
    ], "failed"],
  ] as const
) {
  Deno.test({
    name: `a group with ${what} is ${status}`,
    permissions: "none",
    fn() {
      assertEquals(groupViewOf(findGroup(stateAfter(GROUP, ...FAILED, ...steps), "g")).status, status);
    },
  });
}

Deno.test({
  name: "what was skipped counts as done in a group, what failed or was cancelled does not",
  permissions: "none",
  fn() {
    for (
      const [ended, status, percent] of [["skipped", "done", 100], ["failed", "failed", 66], [
        "cancelled",
        "failed",
        66,
      ]] as const
    ) {
      const done = ["a", "b"].map((id) => oldTask(id, { group: "g", status: "completed" }));
      const state = stateAfter(importing(...done, oldTask("c", { group: "g", status: ended })));
      const view = groupViewOf(findGroup(state, "g"));
      assertEquals([view.status, view.percent, view.total], [status, percent, 3]);
    }
  },
});

Deno.test({
  name: "tasks are listed by each priority, the normal one of those that say none included",
  permissions: "none",
  fn() {
    const saying = PRIORITIES.map((priority) => taskWith({ priority }, priority));
    const state = stateAfter(create(newTask("none"), ...saying));
    for (const priority of PRIORITIES) {
      const ids = listTasks(state, { filter: { priority }, limit: 9 }, SEES_ALL).tasks.map(({ id }) => id);
      assertEquals(ids, priority === "normal" ? ["none", "normal"] : [priority]);
    }
  },
});

Deno.test({
  name: "the beginning of a text ends before the first and the last pair of surrogates that it would cut",
  permissions: "none",
  fn() {
    for (const pair of ["\u{10000}", "\u{103ff}", "\u{1f995}", "\u{10fc00}", "\u{10ffff}"]) {
      assertEquals([0, 1, 2, 3, 4].map((characters) => head(`a${pair}b`, characters)), [
        "",
        "a",
        "a",
        `a${pair}`,
        `a${pair}b`,
      ]);
    }
    for (const single of ["\ud7ff", "\ue000", "\uffff"]) assertEquals(head(`a${single}b`, 2), `a${single}`);
  },
});

Deno.test({
  name: "an urgent task is shown to those who could take it now, and to nobody else",
  permissions: "none",
  fn() {
    const urgent: TaskSettings = { priority: "urgent" };
    const state = stateAfter(
      GROUP,
      PAUSED,
      ...["able", "draining", "left"].map((instance): Command => ({
        type: "register_instance",
        instance,
        settings: { roles: ["r"], capabilities: ["c"] },
      })),
      { type: "register_instance", instance: "plain", settings: {} },
      create(newTask("held"), taskWith({ locks: ["l"] }, "locking")),
      claim("draining", "held"),
      claim("holder", "locking"),
      create(
        taskWith({ ...urgent, role: "r" }, "for a role"),
        taskWith({ ...urgent, capabilities: ["c"] }, "for the capable"),
        taskWith({ ...urgent, assignTo: { instance: "able" } }, "for one"),
        taskWith({ ...urgent, locks: ["l"] }, "locked"),
        taskWith({ ...urgent, ...IN_GROUP }, "paused"),
        taskWith(urgent, "waiting", "held"),
        taskWith({ ...urgent, notBefore: 1_000 }, "delayed"),
        taskWith({ priority: "high" }, "not urgent"),
        taskWith(urgent, "for all"),
      ),
      { type: "leave", instance: "draining", isDraining: true },
      { type: "leave", instance: "left" },
    );
    const shown = (instance: string) => urgentFor(state, profileIn(state, instance)).map(({ id }) => id);
    assertEquals(shown("able"), ["for a role", "for the capable", "for one", "for all"]);
    assertEquals(shown("plain"), ["for all"]);
    assertEquals(shown("unknown"), ["for all"]);
    assertEquals([shown("draining"), shown("left")], [[], []]);
    // The same with every call that carries the hint.
    assertEquals(run(state, complete("holder", "locking"), 99).answer.urgent.map(({ id }) => id), [
      "locked",
      "for all",
    ]);
  },
});

Deno.test({
  name: "of two imported holders of one lock each keeps it, and the one that was created first is named",
  permissions: "none",
  fn() {
    const holder = (id: string, assignedTo: string) =>
      oldTask(id, { status: "in_progress", assignedTo, attempt: 1, startedAt: 120, locks: ["l"] });
    for (const ends of [complete, fail, release]) {
      for (const [firstToEnd, other] of [["one", "two"], ["two", "one"]] as const) {
        const state = stateAfter(
          importing(
            oldTask("free", { locks: ["m"] }),
            holder("one", "x"),
            holder("two", "y"),
            oldTask("a", { locks: ["l"] }),
          ),
        );
        assertEquals(limitsOf(state), ["lock l is held by one"]);
        run(state, ends(taskOf(state, firstToEnd).assignedTo ?? "", firstToEnd), 300);
        assertEquals(limitsOf(state), [`lock l is held by ${other}`]);
        assertEquals(run(state, claim("z"), 301).answer.task?.id, "free");
        assertEquals(run(state, claim("z"), 302).answer.task, undefined);
        run(state, complete(taskOf(state, other).assignedTo ?? "", other), 303);
        assertEquals(limitsOf(state), undefined);
      }
    }
  },
});

Deno.test({
  name: "what the end of a task unlocks is told, whether it was waited for by its id, an expression or its group",
  permissions: "none",
  fn() {
    const state = stateAfter(
      GROUP,
      create(
        taskWith(IN_GROUP, "last"),
        newTask("by group", { group: "g" }),
        newTask("by share", { at_least: "50%", of: { group: "g" } }),
        newTask("by expression", { any: ["last"] }),
        newTask("by id", "last"),
        newTask("by another outcome", { task: "last", on: "failed" }),
        newTask("by more", "last", "by id"),
      ),
      ...work("x", "last"),
    );
    assertEquals(unlockedBy({}, findTask(state, "last")).unlocked.map(({ id }) => id), [
      "by group",
      "by share",
      "by expression",
      "by id",
    ]);
  },
});

Deno.test({
  name: "inputs: what is cut counts as it is shown, up to the budget, exactly it, and one more character",
  permissions: "none",
  fn() {
    const count = MAX_INPUTS_CHARACTERS / MAX_INPUT_CHARACTERS;
    const cut = "a".repeat(2 * MAX_INPUT_CHARACTERS);
    for (const left of [2, 1, 0]) {
      const results = [...times(count - 1, () => cut), "b".repeat(MAX_INPUT_CHARACTERS - left), "cc", "d"];
      const { inputs, moreInputs } = inputsOfResults(results);
      const last = "cc".slice(0, left);
      assertEquals(
        inputs.slice(0, count - 1).every(({ result, truncated }) => {
          return result.length === MAX_INPUT_CHARACTERS && truncated === true;
        }),
        true,
      );
      assertEquals(inputs.slice(count - 1).map(({ result, truncated }) => [result, truncated]), [
        ["b".repeat(MAX_INPUT_CHARACTERS - left), undefined],
        ...(left === 0 ? [] : [[last, left === 2 ? undefined : true]]),
      ]);
      assertEquals(moreInputs, left === 0 ? 2 : 1);
    }
    for (const more of [-1, 0, 1]) {
      const { inputs, moreInputs } = inputsOfResults(times(MAX_INPUTS + more, () => "r"));
      assertEquals([inputs.length, moreInputs], [Math.min(MAX_INPUTS, MAX_INPUTS + more), Math.max(0, more)]);
    }
  },
});

function limitsOf(state: State): readonly string[] | undefined {
  return viewOf({}, findTask(state, "a")).limitedBy;
}

function inputsOfResults(results: readonly string[]) {
  const done = results.map((result, index) => oldTask(`t${index}`, { status: "completed", result }));
  const state = stateAfter(importing(...done), create(newTask("all", ...done.map(({ id }) => id))));
  return inputsOf(findTask(state, "all"));
}
