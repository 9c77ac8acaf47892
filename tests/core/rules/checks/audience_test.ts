/** Shows who may show what to whom: audiences of groups, the edges between tasks, and what a rule says of the hidden. */

import { assert, assertEquals } from "@std/assert";
import type { Command, CommandType } from "../../../../src/core/messages/commands.ts";
import type { KnownCaller } from "../../../../src/core/model/access.ts";
import { decide } from "../../../../src/core/rules/decide.ts";
import { UNSEEN } from "../../../../src/core/state/sight.ts";
import type { State } from "../../../../src/core/state/state.ts";
import { answer } from "../../../../src/core/views/answer.ts";
import { claim, complete, contextAt, create, newTask, refusalOf, run, stateAfter, taskWith } from "../../given.ts";

const P: KnownCaller = { name: "pat", role: "planner", audiences: ["p"] };
const PQ: KnownCaller = { name: "pq", role: "planner", audiences: ["p", "q"] };
const ALL: KnownCaller = { name: "all", role: "planner" };

const group = (id: string, ...visibleTo: readonly string[]): Command => {
  return { type: "create_group", id, settings: visibleTo.length === 0 ? {} : { visibleTo } };
};
const show = (id: string, ...visibleTo: readonly string[]): Command => {
  return { type: "update_group", id, settings: { visibleTo: visibleTo.length === 0 ? null : visibleTo } };
};
const move = (id: string, group: string | null): Command => ({ type: "update_task", id, settings: { group } });
const moveAll = (group: string | null, isAtomic: boolean, ...ids: readonly string[]): Command => {
  return { type: "bulk_update", filter: { ids }, action: { type: "move", group }, isAtomic };
};

/** The groups open, mine (p), ours (p and q) and theirs (q). */
const GROUPS = [group("open"), group("mine", "p"), group("ours", "p", "q"), group("theirs", "q")];

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

function after(...history: readonly Command[]): State {
  return stateAfter(...GROUPS, ...history);
}

/** The refusal of a command of a caller. */
function refused(state: State, command: Command, caller: KnownCaller) {
  return refusalOf(() => decide<CommandType>(state, command, { ...contextAt(99), caller }));
}

function assertNotVisible(state: State, command: Command, caller: KnownCaller, start: string): void {
  const { code, message } = refused(state, command, caller);
  assertEquals(code, "not_visible", message);
  assert(message.startsWith(start), message);
}

function carryOut(state: State, command: Command, caller: KnownCaller) {
  return run<CommandType>(state, command, 99, {}, caller).answer;
}

test("a group that a restricted caller makes is for its audiences, or for some of them", () => {
  const state = after();
  const visibleTo = (id: string) => state.groups.get(id)?.group.visibleTo;
  carryOut(state, group("a"), PQ);
  carryOut(state, group("b", "q"), PQ);
  carryOut(state, group("c"), ALL);
  carryOut(state, group("d", "r", "p", "r"), ALL);
  assertEquals(["a", "b", "c", "d"].map(visibleTo), [["p", "q"], ["q"], undefined, ["p", "r"]]);
  assertNotVisible(state, group("e", "p", "q"), P, "Cannot make group e visible to q as pat is of p");
  const template: Command = {
    type: "save_template",
    template: { name: "t", parameters: [], tasks: [newTask("one")] },
  };
  carryOut(state, template, P);
  carryOut(state, { type: "apply_template", name: "t", group: "f", settings: {}, parameters: {} }, P);
  assertEquals(visibleTo("f"), ["p"]);
  assertEquals(refused(state, group("g", ...[""]), ALL).code, "invalid_value");
  assertEquals(
    refused(state, { type: "create_group", id: "g", settings: { visibleTo: [] } }, ALL).code,
    "invalid_value",
  );
});

test("only an admin shows a group to more, and a restricted caller hides it from others than its own", () => {
  const state = after();
  assertNotVisible(state, show("mine"), P, "Cannot show group mine to all as only an admin may");
  assertNotVisible(state, show("mine", "p", "q"), PQ, "Cannot show group mine to p, q as only an admin may");
  assertNotVisible(state, show("open", "q"), P, "Cannot make group open visible to q");
  carryOut(state, show("ours", "p"), P);
  carryOut(state, show("open", "q", "p"), ALL);
  assertEquals(refused(state, show("theirs", "p"), P).code, "not_found");
  run(state, show("mine"), 99);
  assertEquals(["mine", "ours", "open"].map((id) => state.groups.get(id)?.group.visibleTo), [
    undefined,
    ["p"],
    ["p", "q"],
  ]);
});

test("a task depends only on what all who see it see, by ids, conditions, groups and not_by", () => {
  const state = after(create(taskWith({ group: "mine" }, "m"), taskWith({ group: "ours" }, "o")));
  const onMine = [["m"], [{ task: "m" as const, on: "failed" as const }], [{ any: [{ group: "mine" }] }]];
  for (const dependencies of onMine) {
    for (const task of [{ ...newTask("x"), dependencies }, { ...newTask("x"), dependencies, group: "ours" }]) {
      assertNotVisible(state, create(task), ALL, "Cannot let task x depend on");
    }
    const change: Command = { type: "update_task", id: "o", dependencies };
    assertNotVisible(state, change, ALL, "Cannot let task o depend on");
  }
  const notBy = { assignTo: { notBy: ["m"] } };
  assertNotVisible(state, create(taskWith(notBy, "x")), ALL, "Cannot let task x depend on task m");
  assertNotVisible(state, { type: "update_task", id: "o", settings: notBy }, ALL, "Cannot let task o depend on task m");
  const assign: Command = {
    type: "bulk_update",
    filter: { ids: ["o"] },
    action: { type: "assign", assignTo: { notBy: ["m"] } },
    isAtomic: true,
  };
  assertNotVisible(state, assign, ALL, "Cannot let task o depend on task m");
  carryOut(state, create({ ...taskWith({ group: "mine" }, "x", "o", { group: "ours" }) }), P);
  run(state, claim("w", "o"), 99);
  const release: Command = { type: "release_task", id: "o", instance: "w", dependencies: ["m"] };
  assertNotVisible(state, release, ALL, "Cannot let task o depend on task m");
});

test("what shows too much is named with all else that is wrong, and nothing is told of what the caller does not see", () => {
  const state = after(
    create(taskWith({ group: "mine" }, "m"), taskWith({ group: "ours" }, "o"), taskWith({ group: "theirs" }, "t")),
    create(taskWith({ group: "ours" }, "o2", "o")),
  );
  const faults = (command: Command, caller: KnownCaller) => {
    const { data, message } = refused(state, command, caller);
    const all = (data["faults"] ?? [{ message }]) as readonly { readonly message: string }[];
    return all.map((each) => each.message.replace(/( as |, it is |: ).*/, ""));
  };
  const change = (settings: object): Command => ({ type: "update_group", id: "ours", settings });
  assertEquals(faults(change({ maxParallel: 0, visibleTo: ["p", "q", "r"] }), PQ), [
    "max_parallel of group ours must be a whole number from 1 to 1000000",
    "Cannot show group ours to p, q, r",
  ]);
  assertEquals(faults(change({ title: "\ud800", visibleTo: [] }), PQ).slice(1), ["visible_to of group ours is empty"]);
  assertEquals(faults({ type: "create_group", id: "ours", settings: { visibleTo: ["r"] } }, PQ), [
    "Cannot make group ours visible to r",
    "Group ours already exists",
  ]);
  const template: Command = {
    type: "save_template",
    template: { name: "t", parameters: [], tasks: [newTask("one", "m"), newTask("two", "none")] },
  };
  carryOut(state, template, PQ);
  const apply = { type: "apply_template", name: "t", group: "ours", settings: { visibleTo: ["q", "r"] } } as const;
  assertEquals(faults({ ...apply, parameters: {} }, PQ), [
    "Cannot make group ours visible to r",
    "Group ours already exists",
    "Dependency task none not found",
    "Cannot let task ours/one depend on task m",
  ]);
  const tasks = create(
    newTask("x", "m", "o"),
    taskWith({ group: "ours" }, "y", "m", { group: "mine" }, "m", "t", "none"),
    taskWith({ group: "theirs" }, "z", "m"),
    taskWith({ group: "ours" }, "after-z", "z"),
    taskWith({ group: "ours", assignTo: { notBy: ["z"] } }, "not-by-z"),
    taskWith({ group: "ours", assignTo: { notBy: ["m"] } }, "o"),
  );
  assertEquals(faults(tasks, P), [
    "Cannot create task x without a group",
    "Task o already exists",
    "Dependency task t not found",
    "Dependency task none not found",
    "Group theirs not found",
    "Cannot let task y depend on task m",
    "Cannot let task y depend on group mine",
    "Cannot let task o depend on task m",
  ]);
  assertEquals(
    faults(
      { type: "update_task", id: "o", dependencies: ["m", "t"], settings: { maxAttempts: 0, group: "theirs" } },
      P,
    ),
    [
      "Group theirs not found",
      "max_attempts of task o must be a whole number from 1 to 1000000",
      "Dependency task t not found",
    ],
  );
  assertEquals(faults({ type: "update_task", id: "o", dependencies: ["m", "t"] }, P), [
    "Dependency task t not found",
    "Cannot let task o depend on task m",
  ]);
  // A hidden task names the task that is there already: that is told of no new one.
  run(state, create(taskWith({ group: "theirs", assignTo: { notBy: ["o"] } }, "hidden")), 99);
  assertEquals(faults(create(taskWith({ group: "mine" }, "o")), P), ["Task o already exists"]);
  run(state, claim("w", "o"), 99);
  assertEquals(
    faults({ type: "release_task", id: "o", instance: "w", reason: "\ud800", dependencies: ["m", "t"] }, P).slice(1),
    ["Dependency task t not found", "Cannot let task o depend on task m"],
  );
});

test("a move is refused if it shows a task to more, or leaves somebody with one end of an edge", () => {
  const state = after(
    create(
      taskWith({ group: "ours" }, "o"),
      taskWith({ group: "ours" }, "next", "o"),
      taskWith({ group: "mine" }, "m"),
    ),
    create(taskWith({ group: "theirs" }, "t", "o")),
  );
  assertNotVisible(state, move("m", "ours"), ALL, "Cannot show task m to p, q as only an admin may");
  assertNotVisible(state, move("m", null), P, "Cannot show task m to all");
  assertNotVisible(
    state,
    move("o", "mine"),
    ALL,
    "Cannot show task o to p only as others see tasks that depend on it: next",
  );
  assertNotVisible(state, moveAll("mine", true, "o", "next"), P, `Cannot show task o to p only as others see tasks`);
  assert(refused(state, moveAll("mine", true, "o", "next"), P).message.endsWith(`depend on it: ${UNSEEN}`));
  run(state, { type: "delete_task", id: "t" }, 99);
  const answered = carryOut(state, moveAll("mine", false, "o", "m"), P);
  assertEquals("refused" in answered && answered.refused.map(({ id, code }) => [id, code]), [["o", "not_visible"]]);
  carryOut(state, moveAll("mine", true, "o", "next"), P);
  assertEquals(state.groups.get("mine")?.members.size, 3);
  assertNotVisible(state, moveAll("open", true, "o", "next"), P, "Cannot show task o to all");
  run(state, moveAll("open", true, "o", "next"), 99);
  assertNotVisible(state, { ...move("next", null), dependencies: ["m"] } as Command, ALL, "Cannot let task next");
});

test("the audience of a group is refused if it breaks an edge in either direction", () => {
  const state = after(
    create(taskWith({ group: "ours" }, "o"), taskWith({ group: "mine" }, "m", "o")),
    create(taskWith({ group: "theirs" }, "t", { group: "ours" })),
  );
  assertNotVisible(
    state,
    show("ours", "p"),
    P,
    "Cannot show group ours to p only as others see tasks that depend on it",
  );
  assert(refused(state, show("ours", "p"), P).message.endsWith(UNSEEN));
  assert(refused(state, show("ours", "p"), ALL).message.endsWith(": t"));
  const admin: KnownCaller = { name: "root", role: "admin" };
  assertNotVisible(state, show("mine"), admin, "Cannot let task m depend on task o as not all who see m see it");
  run(state, { type: "delete_task", id: "t" }, 99);
  carryOut(state, show("ours", "p"), P);
});

test("a task that a restricted caller makes without a group is in the hidden group of the task that it holds", () => {
  const state = after(create(taskWith({ group: "mine" }, "m"), newTask("free")));
  const bound: KnownCaller = { ...P, role: "worker", instance: "w" };
  const message = "Cannot create task x without a group as all would see it, and pat holds no task of a group";
  assertNotVisible(state, create(newTask("x")), bound, message);
  run(state, claim("w", "free"), 99);
  assertNotVisible(state, create(newTask("x")), bound, message);
  run(state, claim("w", "m"), 99);
  carryOut(state, create(newTask("x")), bound);
  assertEquals(state.tasks.get("x")?.task.group, "mine");
  carryOut(state, create(taskWith({ group: "open" }, "y")), bound);
  const session: KnownCaller = { ...P, via: { transport: "stdio", session: "s" } };
  assertNotVisible(state, create(newTask("z")), session, "Cannot create task z without a group");
  carryOut(state, create(taskWith({ group: "ours" }, "o")), P);
  run(state, claim("v", "o"), 99, {}, session);
  carryOut(state, create(newTask("z")), session);
  assertEquals(state.tasks.get("z")?.task.group, "ours");
});

test("what is hidden is not found, in the words of what does not exist; only creating tells that an id is taken", () => {
  const state = after(create(taskWith({ group: "theirs" }, "secret1")));
  for (const [hidden, missing] of [["secret1", "missing1"], ["theirs", "missing1"]] as const) {
    const named = (id: string): readonly Command[] => [
      { type: "update_task", id, description: "" },
      { type: "claim_task", instance: "w", id },
      { type: "claim_task", instance: "w", group: id },
      { type: "delete_group", id },
      complete("w", id, ""),
      create(taskWith({ group: "mine" }, "x", id)),
      create(taskWith({ group: id }, "x")),
      create(taskWith({ group: "mine" }, "x", { group: id })),
      moveAll(null, true, id),
      moveAll(id, true, "missing2"),
    ];
    const messages = (id: string) => named(id).map((command) => refused(state, command, P).message.replaceAll(id, "?"));
    assertEquals(messages(hidden), messages(missing));
  }
  const taken = refused(state, create(taskWith({ group: "mine" }, "secret1")), P);
  assertEquals([taken.code, taken.message], ["already_exists", "Task secret1 already exists: choose another id"]);
  assertEquals(refused(state, group("theirs"), P).message, "Group theirs already exists: choose another id");
});

test("a rule that must speak of the hidden says that there is something", () => {
  const state = after(
    create(taskWith({ group: "theirs", locks: ["l"] }, "t"), taskWith({ group: "mine", locks: ["l"] }, "m")),
    create(newTask("free"), taskWith({ group: "theirs" }, "u", "free")),
    { type: "register_instance", instance: "w", settings: { maxConcurrent: 1 } },
    claim("w", "t"),
  );
  const details = answer(state, { type: "get_task", id: "m" }, { ...contextAt(99), caller: P });
  assertEquals(details.limitedBy, [`lock l is held by ${UNSEEN}`]);
  assert(refused(state, claim("v", "m"), P).message.includes(`lock l is held by ${UNSEEN}`));
  assertEquals(
    refused(state, claim("w", "free"), P).message,
    `Cannot claim task free as w holds 0 tasks and ${UNSEEN}, and its max_concurrent is 1; what would help: wait for the ` +
      "planner: get_next_task with wait_ms",
  );
  const { message, data } = refused(state, { type: "delete_task", id: "free" }, P);
  assertEquals(message, `Cannot delete task free as it has dependent tasks: ${UNSEEN}`);
  assertEquals(data, { id: "free", dependents: [], count: 0 });
  assertEquals(carryOut(state, { type: "heartbeat", instance: "w" }, P), {
    instance: "w",
    status: "active",
    holding: [],
    lostTasks: [],
    urgent: [],
  });
});

test("a hidden task asks nothing of a result: it is blocked if it cannot read it", () => {
  const when = { pointer: "/verdict", equals: "ok" };
  const state = after(
    create(taskWith({ group: "open" }, "a"), taskWith({ group: "theirs" }, "t", { task: "a", when })),
  );
  const claimed = carryOut(state, claim("w", "a"), P);
  assert("task" in claimed && !("resultMustHave" in claimed));
  assertEquals(refused(state, complete("w", "a", "done"), ALL).code, "invalid_value");
  carryOut(state, complete("w", "a", "done"), P);
  assertEquals(state.tasks.get("t")?.standing, "blocked");
});
