/** Shows that a claim of a group gets tasks of that group only, and says of it why there are none. */

import type { NoTasks } from "../../../src/core/messages/commands.ts";
import type { GroupSettings } from "../../../src/core/model/group.ts";
import { firstAnswerable } from "../../../src/core/state/next_claim.ts";
import { claim, create, fail, given, newTask, run, stateAfter, type Step, taskWith, waiting, work } from "../given.ts";
import { assertEquals } from "@std/assert";

const asking = { type: "claim_task", instance: "x", group: "g" } as const;

function group(id: string, settings: GroupSettings = {}): Step {
  return { type: "create_group", id, settings };
}

/** Why a claim of group g gets nothing. */
function none(...history: readonly Step[]): NoTasks {
  const { answer } = run(stateAfter(...history), asking, history.length + 10);
  if (answer.task !== undefined) throw new Error(`got ${answer.task.id}`);
  return answer.none;
}

Deno.test({
  name: "a claim of a group gets the next task of that group, whatever is ready elsewhere",
  permissions: "none",
  fn() {
    const state = stateAfter(
      group("g"),
      group("h"),
      create(newTask("a"), taskWith({ group: "h", priority: "urgent" }, "b"), taskWith({ group: "g" }, "c")),
    );
    assertEquals(run(state, asking, 9).answer.task?.id, "c");
    assertEquals(run(state, asking, 10).answer.task, undefined);
    assertEquals(run(state, { type: "claim_task", instance: "x" }, 11).answer.task?.id, "b");
  },
});

Deno.test({
  name: "a claim of an unknown group is refused; one that names its task has that, whatever its group",
  permissions: "none",
  fn() {
    given().when(asking).thenRefused("not_found", "Group g not found: get_groups lists the groups that exist");
    const state = stateAfter(create(newTask("a")));
    assertEquals(run(state, { ...asking, id: "a" }, 9).answer.task?.id, "a");
  },
});

Deno.test({
  name: "a claim of a group gets a reason that is about the group",
  permissions: "none",
  fn() {
    const member = (id: string, ...dependencies: string[]) => taskWith({ group: "g" }, id, ...dependencies);
    const start = [group("g"), create(newTask("outside"))];
    assertEquals(
      none(...start).message,
      "There are no tasks in group g yet; what would help: create_task in group g; or wait for the planner: get_next_task with wait_ms",
    );
    assertEquals(
      [none(...start, create(member("a")), ...work("y", "a"))].map(({ reason, message }) => [reason, message]),
      [["all_finished", "All tasks in group g are finished: 1 completed"]],
    );
    const running = none(...start, create(member("a"), member("b", "a")), claim("y", "a"), claim("y", "outside"));
    assertEquals(running.message, "No task in group g is ready; waiting for running tasks: a (y)");
    assertEquals([running.running, running.runningCount], [[{ id: "a", assignedTo: "y" }], 1]);
    const outside = none(...start, create(member("a", "outside")));
    assertEquals(outside.reason, "waiting");
    assertEquals(
      outside.message,
      "No task in group g is ready: 1 pending tasks wait for outside (ready); what would help: get_next_task with " +
        "task_id outside, then complete_task; or update_task a with other dependencies",
    );
    const blocked = none(...start, create(member("a", "outside")), claim("y", "outside"), fail("y", "outside"));
    assertEquals([blocked.reason, blocked.blockedCount], ["blocked", 1]);
    assertEquals(blocked.blockedBy, [{ id: "outside", status: "failed" }]);
    const delayed = none(
      ...start,
      create(taskWith({ notBefore: 1_000 }, "first"), taskWith({ group: "g", notBefore: 5_000 }, "a")),
    );
    assertEquals([delayed.reason, delayed.nextAt], ["delayed", 5_000]);
    assertEquals(
      delayed.message,
      "No task in group g is ready before 1970-01-01T00:00:05.000Z; what would help: get_next_task with wait_ms",
    );
    const unmatched = none(...start, create(taskWith({ group: "g", role: "r" }, "a"), taskWith({ role: "s" }, "b")));
    assertEquals(unmatched.unmatched.map(({ example }) => example), ["a"]);
    assertEquals(unmatched.message.startsWith("1 task in group g is ready, but not for you now: a needs role r"), true);
    const limited = none(group("g", { paused: true }), create(newTask("outside"), member("a")));
    assertEquals(limited.message.startsWith("No task in group g can be claimed now; 1 task is limited"), true);
  },
});

Deno.test({
  name: "of waiting claims, the first is found that has a task in its group, or whose group is gone",
  permissions: "none",
  fn() {
    const state = stateAfter(
      group("g"),
      group("h"),
      create(taskWith({ group: "h" }, "a"), taskWith({ group: "g", role: "r" }, "b")),
    );
    const of = (group: string, roles: readonly string[] = []) => ({ ...asking, group, roles });
    assertEquals(firstAnswerable(state, waiting(of("g"), of("g"))), undefined);
    assertEquals(firstAnswerable(state, waiting(of("g"), of("h"), of("g", ["r"]))), 1);
    assertEquals(firstAnswerable(state, waiting(of("g"), of("g", ["r"]), of("h"))), 1);
    assertEquals(firstAnswerable(state, waiting(of("g"), claim("y"))), 1);
    assertEquals(firstAnswerable(state, waiting(of("g"), of("gone"), of("h"))), 1);
  },
});
