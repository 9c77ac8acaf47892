/** Shows that whoever completed a task does not get those that must not be done by its author. */

import type { Command, CommandType } from "../../../src/core/messages/commands.ts";
import { MAX_NAMES, MAX_PAST_ATTEMPTS, MAX_PAST_AUTHORS } from "../../../src/core/model/limits.ts";
import { Refusal } from "../../../src/core/model/refusal.ts";
import type { Assignment, NewTask } from "../../../src/core/model/task.ts";
import type { State } from "../../../src/core/state/state.ts";
import { explain } from "../../../src/core/views/explain.ts";
import {
  claim,
  complete,
  create,
  given,
  importing,
  newTask,
  oldTask,
  run,
  stateAfter,
  taskWith,
  times,
  work,
} from "../given.ts";
import { restore, snapshotOf } from "../snapshot.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";

/** A review that the author of `implement` must not do. */
function review(rest: Assignment = {}, ...dependencies: readonly string[]): NewTask {
  return taskWith({ assignTo: { notBy: ["implement"], ...rest } }, "review", ...dependencies);
}

/** The instances that may not claim `review`. */
function excludedFrom({ tasks }: State): readonly string[] | undefined {
  return tasks.get("review")?.lane?.bucket.requirement.excluded;
}

const DONE = [create(newTask("implement"), review({}, "implement")), ...work("ann", "implement")];

Deno.test({
  name: "the author of a task gets none that is not by its author; another instance does",
  permissions: "none",
  fn() {
    const state = stateAfter(...DONE);
    const { answer } = run(state, { type: "claim_task", instance: "ann" }, 9);
    if (answer.task !== undefined) throw new Error(`got ${answer.task.id}`);
    assertEquals(
      answer.none.message,
      "1 task is ready, but not for you now: review needs an id that is not the author of implement (which no active " +
        "instance offers); what would help: update_task review with another role, other capabilities or another assign_to",
    );
    assertEquals([answer.none.reason, answer.none.unmatched[0]?.notBy], ["no_match", ["implement"]]);
    assertEquals(run(state, { type: "claim_task", instance: "bob" }, 10).answer.task?.id, "review");
  },
});

Deno.test({
  name: "a claim by name of the author is refused, with the task that it completed",
  permissions: "none",
  fn() {
    given(...DONE).when(claim("ann", "review")).thenRefused(
      "not_eligible",
      "Cannot claim task review as instance ann is the author of implement, which not_by names; what would help: update_task",
    );
    given(
      create(newTask("implement"), taskWith({ role: "r", assignTo: { notBy: ["implement"] } }, "review")),
      ...work("ann", "implement"),
    ).when(claim("ann", "review")).thenRefused(
      "not_eligible",
      "Cannot claim task review as instance ann lacks role r and is the author of implement",
    );
  },
});

Deno.test({
  name: "explain_task says who may not claim a task",
  permissions: "none",
  fn() {
    const { why, whatWouldChange } = explain(stateAfter(...DONE), "review");
    assertEquals(
      why,
      "It is ready for an instance with another id than ann (author of implement), which no active registered " +
        "instance offers",
    );
    assertEquals(
      whatWouldChange[0],
      "get_next_task with task_id review by an instance with another id than ann (author of implement)",
    );
  },
});

Deno.test({
  name: "a task that is ready already is kept from an instance as soon as that claims the other one, and not before",
  permissions: "none",
  fn() {
    const state = stateAfter(create(newTask("implement"), review(), newTask("other", "implement")));
    assertEquals(excludedFrom(state), []);
    run(state, claim("ann", "implement"), 9);
    assertEquals(excludedFrom(state), ["ann"]);
    run(state, complete("ann", "implement", "done"), 10);
    assertEquals(excludedFrom(state), ["ann"]);
    assertEquals(run(state, { type: "claim_task", instance: "ann" }, 11).answer.task?.id, "other");
  },
});

Deno.test({
  name: "whoever completed any attempt of a task is its author, also after it was opened again",
  permissions: "none",
  fn() {
    const state = stateAfter(create(newTask("implement"), review()), ...work("ann", "implement"));
    run(state, { type: "retry_task", id: "implement" }, 9);
    assertEquals(excludedFrom(state), ["ann"]);
    run(state, claim("bob", "implement"), 10);
    run(state, complete("bob", "implement", "again"), 11);
    assertEquals(excludedFrom(state), ["ann", "bob"]);
    assertEquals(
      explain(state, "review").why,
      "It is ready for an instance with another id than ann (author of implement), bob (author of implement), which no " +
        "active registered instance offers",
    );
    // More attempts than the task remembers.
    run(state, { type: "retry_task", id: "implement" }, 12);
    for (let attempt = 0; attempt <= MAX_PAST_ATTEMPTS; attempt++) {
      run(state, claim("cem", "implement"), 13);
      run(state, { type: "release_task", id: "implement", instance: "cem" }, 14);
    }
    assertEquals(excludedFrom(state), ["ann", "bob"]);
    assertEquals(excludedFrom(restore(snapshotOf(state))), ["ann", "bob"]);
  },
});

Deno.test({
  name: "a task remembers its last authors, each once",
  permissions: "none",
  fn() {
    const state = stateAfter(create(newTask("implement"), review()));
    const authors = times(MAX_PAST_AUTHORS + 1, (index) => `i${index}`);
    for (const author of [...authors, "i5"]) {
      run(state, claim(author, "implement"), 1);
      run(state, complete(author, "implement", author), 2);
      run(state, { type: "retry_task", id: "implement" }, 3);
    }
    const expected = [...authors.filter((author) => author !== "i0" && author !== "i5"), "i5"];
    assertEquals(state.tasks.get("implement")?.task.pastAuthors, expected);
    assertEquals(excludedFrom(state), expected.toSorted());
  },
});

Deno.test({
  name: "the holder of a task does not get those that are not by its author, until it lets go of it",
  permissions: "none",
  fn() {
    const endings: readonly Command[] = [
      { type: "release_task", id: "implement", instance: "ann" },
      { type: "release_task", id: "implement", instance: "ann", dependencies: ["other"] },
      { type: "fail_task", id: "implement", instance: "ann", error: "broken" },
      { type: "cancel_task", id: "implement" },
    ];
    for (const ending of endings) {
      const state = stateAfter(create(newTask("implement"), review(), newTask("other")), claim("bob", "other"));
      run(state, claim("ann", "implement"), 9);
      const { answer } = run(state, { type: "claim_task", instance: "ann" }, 10);
      if (answer.task !== undefined) throw new Error(`got ${answer.task.id}`);
      assertEquals([answer.none.reason, answer.none.unmatched[0]?.notBy], ["no_match", ["implement"]]);
      assert(answer.none.message.includes("review needs an id that is not the holder of implement"));
      const refusal = assertThrows(() => run(state, claim("ann", "review"), 10), Refusal);
      assert(
        refusal.message.startsWith("Cannot claim task review as instance ann is the holder of implement, which not_by"),
      );
      const { why } = explain(state, "review");
      assert(why.startsWith("It is ready for an instance with another id than ann (holder of implement)"), why);
      run<CommandType>(state, ending, 11);
      assertEquals(excludedFrom(state), [], JSON.stringify(ending));
      assertEquals(run(state, claim("ann", "review"), 12).answer.task?.id, "review");
    }
  },
});

Deno.test({
  name: "an assign_to without not_by keeps that of the task, alone or in bulk; an empty one and null remove it",
  permissions: "none",
  fn() {
    const one = (assignTo: Assignment | null): Command => {
      return { type: "update_task", id: "review", settings: { assignTo } };
    };
    const many = (assignTo: Assignment | null): Command => {
      const action = { type: "assign", assignTo } as const;
      return { type: "bulk_update", filter: { ids: ["review", "other"] }, action, isAtomic: true };
    };
    for (const change of [one, many]) {
      const state = stateAfter(create(newTask("implement"), review({ instance: "ann" }), newTask("other")));
      const after = (assignTo: Assignment | null) => {
        run<CommandType>(state, change(assignTo), 9);
        return state.tasks.get("review")?.task.assignTo;
      };
      assertEquals(after({ instance: "bob" }), { instance: "bob", notBy: ["implement"] });
      assertEquals(after({ role: "r", fallbackMs: 5 }), { role: "r", fallbackMs: 5, notBy: ["implement"] });
      assertEquals(run<CommandType>(state, one({ role: "r", fallbackMs: 5 }), 9).events, []);
      assertEquals(after({ role: "r", notBy: [] }), { role: "r" });
      assertEquals(after({ notBy: ["implement"] }), { notBy: ["implement"] });
      assertEquals(after(null), undefined);
      assertEquals(state.notBy.get("implement")?.has(state.tasks.get("review")!) ?? false, false);
    }
    given(create(newTask("implement"), review())).when(one({ notBy: [] })).thenRefused(
      "invalid_value",
      "assign_to of task review must name either an instance or a role, or tasks in not_by, or both; clear removes it",
    );
  },
});

Deno.test({
  name: "the end of a reservation leaves the author excluded, who may not claim even a task reserved for it",
  permissions: "none",
  fn() {
    const state = stateAfter(
      create(newTask("implement"), review({ instance: "ann", fallbackMs: 100 })),
      ...work("ann", "implement"),
    );
    const claimBy = (instance: string, at: number) => run(state, { type: "claim_task", instance }, at).answer.task?.id;
    assertEquals([claimBy("ann", 50), claimBy("bob", 51)], [undefined, undefined]);
    const why = explain(state, "review").whatWouldChange;
    assertEquals(why, ["update_task review with another role, other capabilities or another assign_to"]);
    assertEquals([claimBy("ann", 150), claimBy("bob", 151)], [undefined, "review"]);
  },
});

Deno.test({
  name: "it is asked beside role and capabilities, and counts in how many instances can do a task",
  permissions: "none",
  fn() {
    const state = stateAfter(
      ...["ann", "bob", "cem"].map((instance) => ({
        type: "register_instance" as const,
        instance,
        settings: { roles: instance === "cem" ? [] : ["r"] },
      })),
      create(
        newTask("implement"),
        taskWith({ role: "r", assignTo: { notBy: ["implement"] } }, "review"),
        taskWith({ assignTo: { notBy: ["implement"] } }, "look"),
      ),
    );
    const able = (id: string) => state.tasks.get(id)?.lane?.bucket.demand.able;
    assertEquals([able("review"), able("look")], [2, 3]);
    run(state, claim("ann", "implement"), 9);
    assertEquals([able("review"), able("look")], [1, 2]);
    run(state, complete("ann", "implement", "done"), 10);
    assertEquals([able("review"), able("look")], [1, 2]);
    run(state, { type: "leave", instance: "bob" }, 11);
    assertEquals([able("review"), able("look")], [0, 1]);
    run(state, { type: "leave", instance: "ann" }, 12);
    run(state, { type: "register_instance", instance: "ann", settings: { roles: ["r"] } }, 13);
    assertEquals([able("review"), able("look")], [0, 1]);
  },
});

Deno.test({
  name: "two tasks can exclude each other's authors; deleted they are together, or one after the other is changed",
  permissions: "none",
  fn() {
    const both = [
      taskWith({ assignTo: { notBy: ["second"] } }, "first"),
      taskWith({ assignTo: { notBy: ["first"] } }, "second"),
    ];
    const state = stateAfter(create(...both), ...work("ann", "first"));
    assertEquals(run(state, { type: "claim_task", instance: "ann" }, 9).answer.task, undefined);
    run(state, claim("bob", "second"), 10);
    run(state, complete("bob", "second", ""), 11);
    given(create(...both), ...work("ann", "first"), ...work("bob", "second"))
      .when({ type: "delete_task", id: "first" })
      .thenRefused(
        "has_dependents",
        "Cannot delete task first as it has dependent tasks: second; what would help: retry_task second",
      );
    const ids = ["first", "second"];
    run(state, { type: "bulk_update", filter: { ids }, action: { type: "delete" }, isAtomic: true }, 12);
    assertEquals([state.tasks.size, state.notBy.size], [0, 0]);
  },
});

Deno.test({
  name: "a task that is named is not deleted before the one that names it is changed",
  permissions: "none",
  fn() {
    given(create(newTask("implement"), review())).when({ type: "delete_task", id: "implement" }).thenRefused(
      "has_dependents",
      "Cannot delete task implement as it has dependent tasks: review; what would help: update_task review with another role",
    );
    const state = stateAfter(create(newTask("implement"), review()), {
      type: "update_task",
      id: "review",
      settings: { assignTo: null },
    });
    run(state, { type: "delete_task", id: "implement" }, 9);
    assertEquals([state.tasks.size, state.notBy.size], [1, 0]);
  },
});

Deno.test({
  name: "a reservation names an instance, a role or tasks; these exist, are others, and not too many",
  permissions: "none",
  fn() {
    const refused = (
      assignTo: Assignment,
      code: "invalid_value" | "dependency_not_found" | "limit_exceeded",
      why: string,
    ) => given(create(newTask("implement"))).when(create(taskWith({ assignTo }, "review"))).thenRefused(code, why);
    refused({}, "invalid_value", "assign_to of task review must name either an instance or a role, or tasks in not_by");
    refused({ instance: "a", role: "b" }, "invalid_value", "assign_to of task review must name either");
    refused({ notBy: [] }, "invalid_value", "not_by of task review is empty");
    refused({ notBy: ["review"] }, "invalid_value", "not_by of task review names the task itself");
    refused(
      { notBy: ["implement"], fallbackMs: 1 },
      "invalid_value",
      "fallback_ms of task review ends the reservation",
    );
    refused(
      { notBy: ["implement", "gone"] },
      "dependency_not_found",
      "Task gone not found: task review names it in not_by; what would help: create_task gone first",
    );
    const many = times(MAX_NAMES, (index) => `t${index}`);
    refused({ notBy: [...many, "implement"] }, "limit_exceeded", "List of names (task id) in not_by of task review");
    const state = stateAfter(
      create(...many.map((id) => newTask(id)), taskWith({ assignTo: { notBy: many } }, "review")),
    );
    assertEquals(state.notBy.size, MAX_NAMES);
  },
});

Deno.test({
  name: "an import is checked as a whole for the tasks that are named, and may bring them in any part",
  permissions: "none",
  fn() {
    const naming = oldTask("review", { assignTo: { notBy: ["implement"] } });
    const done = oldTask("implement", { status: "completed", assignedTo: "ann", attempt: 2, pastAuthors: ["bob"] });
    const check = { type: "import_tasks", tasks: [naming], isCheck: true } as const;
    given().when(check).thenRefused("dependency_not_found", "Task implement not found: task review names it in not_by");
    const state = stateAfter();
    run(state, { ...check, tasks: [naming, done] }, 1);
    run(state, importing(naming), 2);
    assertEquals(excludedFrom(state), []);
    run(state, importing(done), 3);
    assertEquals(excludedFrom(state), ["ann", "bob"]);
    assertEquals(excludedFrom(restore(snapshotOf(state))), ["ann", "bob"]);
    const many = times(MAX_PAST_AUTHORS + 1, (index) => `i${index}`);
    for (
      const [pastAuthors, why] of [
        [["bob", "bob"], "its past authors must differ"],
        [many, `it cannot have more than ${MAX_PAST_AUTHORS} past authors`],
      ] as const
    ) {
      given().when(importing({ ...done, pastAuthors })).thenRefused(
        "invalid_value",
        `Cannot import task implement as it is: ${why}`,
      );
    }
  },
});

Deno.test({
  name: "a template's tasks name each other in not_by",
  permissions: "none",
  fn() {
    const tasks = [newTask("do"), taskWith({ assignTo: { notBy: ["do", "{{other}}"] } }, "check")];
    const state = stateAfter(
      create(newTask("old")),
      { type: "save_template", template: { name: "t", parameters: [{ name: "other", required: true }], tasks } },
      { type: "apply_template", name: "t", group: "g", settings: {}, parameters: { other: "old" } },
    );
    assertEquals(state.tasks.get("g/check")?.task.assignTo, { notBy: ["g/do", "old"] });
  },
});
