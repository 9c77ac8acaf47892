/** Shows that every remedy that an answer names is accepted when it is carried out as named, and changes the answer. */

import fc from "fast-check";
import type { Command, CommandOf, CommandType } from "../../../src/core/messages/commands.ts";
import { type Dependency, referencesOf } from "../../../src/core/model/dependency.ts";
import { MAX_DEPENDENCIES } from "../../../src/core/model/limits.ts";
import { Refusal } from "../../../src/core/model/refusal.ts";
import { describeRemedy, type End, type Remedy } from "../../../src/core/model/remedies.ts";
import type { NewTask } from "../../../src/core/model/task.ts";
import { type Caller, localOperator } from "../../../src/core/model/access.ts";
import { decide } from "../../../src/core/rules/decide.ts";
import { advanceClock } from "../../../src/core/state/evolve.ts";
import { tasksMatching } from "../../../src/core/state/lookup.ts";
import { profileIn } from "../../../src/core/state/next_claim.ts";
import { restore, snapshotOf } from "../../../src/core/state/snapshot.ts";
import type { State } from "../../../src/core/state/state.ts";
import { explain, reasonOf } from "../../../src/core/views/explain.ts";
import { noTasks, noTasksReason } from "../../../src/core/views/no_tasks.ts";
import { crowds, gatherings, INSTANCES, type Turn, turns } from "../arbitraries.ts";
import { claim, claimingAs, contextAt, create, fail, newTask, run, stateAfter, times } from "../given.ts";
import { findTask } from "../../../src/core/state/lookup.ts";
import { decidingResult } from "../deciding_result.ts";
import { play } from "../play.ts";
import { assert, assertEquals } from "@std/assert";

/** An instance that no history knows. */
const STRANGER = "stranger";

const OPERATOR = localOperator("test");

/** A client that histories know, another one that they do not know, and a caller without a session. */
const CLIENT = clientIn("s1");
const NEW_CLIENT = clientIn("new");
const CALLERS: readonly Caller[] = [OPERATOR, CLIENT];

const HISTORIES = [["any", turns, 40], ["crowded", crowds, 25], ["gathering", gatherings, 25]] as const;

for (const [kind, histories, numRuns] of HISTORIES) {
  Deno.test({
    name:
      `after ${kind} histories, each remedy of explain_task is accepted, and the explanation is another one after it`,
    permissions: "none",
    fn() {
      fc.assert(
        fc.property(histories(), (turns) => {
          const state = play(turns);
          for (const node of state.tasks.values()) {
            const { remedies, why } = reasonOf(state, node);
            assertText(why);
            const { id } = node.task;
            for (const remedy of remedies) {
              // It leaves the task as it is, and tells of others.
              if (remedy.type === "create_task" && remedy.insteadOf !== undefined) continue;
              tryRemedy(state, remedy, (after) => {
                const about = `${describeRemedy(remedy)} of ${id}: ${why}`;
                if (remedy.type !== "explain_task") assertOther(explain(after, id), explain(state, id), about);
                if (remedy.type !== "retry_task") return;
                const [was, is] = [state, after].map((each) => each.tasks.get(remedy.id)?.task.status);
                assert(is === "pending" || is !== was, about);
              }, { by: STRANGER, caller: NEW_CLIENT });
            }
          }
        }),
        { numRuns },
      );
    },
  });

  Deno.test({
    name:
      `after ${kind} histories, each remedy of no_tasks is accepted, and there is a task or another reason after it`,
    permissions: "none",
    fn() {
      fc.assert(
        fc.property(histories(), (turns) => {
          const state = play(turns);
          for (const [asking, caller] of eachWith(claimsByAll(state), CALLERS)) {
            const { instance } = asking;
            const { answer } = decide(state, asking, { ...contextAt(state.now), caller });
            if (answer(state).task !== undefined) continue;
            const why = noTasksReason(state, { profile: profileIn(state, instance, asking), caller });
            assertText(why.why);
            for (const remedy of why.remedies) {
              tryRemedy(state, remedy, (after) => {
                const { answer } = decide(after, asking, { ...contextAt(after.now), caller });
                if (answer(after).task !== undefined || remedy.type === "offer") return;
                const then = noTasksReason(after, { profile: profileIn(after, instance, asking), caller });
                assertOther(then, why, describeRemedy(remedy));
              }, { by: instance, caller });
            }
          }
        }),
        { numRuns },
      );
    },
  });

  Deno.test({
    name:
      `after ${kind} histories, a bulk retry changes all that it does not refuse, and these a retry_task refuses, too`,
    permissions: "none",
    fn() {
      fc.assert(
        fc.property(histories(), fc.func(fc.boolean()), (turns, isAsked) => {
          const state = play(turns);
          // A bulk retry opens no completed task.
          const isOver = (id: string) => state.tasks.get(id)?.task.status === "completed";
          const ids = [...state.tasks.keys()].filter((id) => isAsked(id) && !isOver(id));
          const before = new Map(Array.from(state.tasks.values(), ({ task }) => [task.id, task]));
          const filter = { ids };
          const { answer } = run(
            state,
            { type: "bulk_update", filter, action: { type: "retry" }, isAtomic: false },
            state.now,
          );
          for (const { id, message } of answer.refused) {
            assertEquals(refusalIn(state, { type: "retry_task", id })?.message, message);
          }
          // A pending task changes by the end of its back-off only: if it is skipped now, that follows from other retries.
          const isOther = (id: string) => {
            const [was, is] = [before.get(id), state.tasks.get(id)?.task];
            return was?.status === "pending" ? is?.retryAt !== was.retryAt : is?.status !== was?.status;
          };
          assertEquals(answer.changed, ids.filter(isOther).length);
          // A retried task may have ended in another way at once, and then a second retry of it is refused.
          const kept = ids.filter((id) => before.get(id)?.status !== "pending" && !isOther(id));
          const refused = kept.filter((id) => refusalIn(state, { type: "retry_task", id }) !== undefined);
          assertEquals([answer.refusedCount, kept.length], [refused.length, refused.length]);
        }),
        { numRuns },
      );
    },
  });

  Deno.test({
    name:
      `after ${kind} histories, each remedy of a refusal is accepted, and the call is not refused in the same way after it`,
    permissions: "none",
    fn() {
      fc.assert(
        fc.property(histories(), (turns) => {
          const state = play(turns);
          for (const [command, caller] of eachWith([...callsOn(state, turns), ...callsOnGraph(state)], CALLERS)) {
            const refusal = refusalIn(state, command, caller);
            if (refusal === undefined) continue;
            assertText(refusal.message);
            const asker = { by: "instance" in command ? command.instance ?? STRANGER : STRANGER, caller };
            for (const remedy of refusal.remedies) {
              if (remedy.type === "offer" || (remedy.type === "create_task" && remedy.id === undefined)) continue;
              if (remedy.type === "leave_out") {
                // It is left out of the template, whose next version is applied.
                if (command.type === "apply_template") continue;
                const after = refusalIn(state, without(state, command, remedy), caller)?.message;
                assertOther(after, refusal.message, `${describeRemedy(remedy)} after ${refusal.message}`);
                continue;
              }
              if (remedy.type === "claim_next") {
                assertGivesAnother(state, command, refusal.message);
                continue;
              }
              if (isAlternative(remedy)) {
                tryRemedy(state, remedy, (after) => {
                  assertOther(snapshotOf(after), snapshotOf(state), `${describeRemedy(remedy)}: ${refusal.message}`);
                }, asker);
                continue;
              }
              if (remedy.type === "speak_for") {
                // Only calls of holders speak for an attempt.
                const said = { ...command, attempt: remedy.attempt } as Command;
                const { code = "" } = refusalIn(state, said, caller) ?? {};
                assert(code !== "stale_attempt" && code !== "instance_in_use", refusal.message);
                continue;
              }
              tryRemedy(state, remedy, (after) => {
                const about = `${describeRemedy(remedy)} after ${refusal.message}`;
                assertOther(refusalIn(after, command, caller)?.message, refusal.message, about);
              }, asker);
            }
          }
        }),
        { numRuns },
      );
    },
  });
}

Deno.test({
  name: "what the refusal of too many dependencies advises is accepted: a task in between, or a group",
  permissions: "none",
  fn() {
    const ids = times(MAX_DEPENDENCIES + 1, (index) => `t${index}`);
    const state = stateAfter(
      { type: "create_group", id: "g", settings: {} },
      create(...ids.slice(1).map((id) => ({ ...newTask(id), group: "g" }))),
      create({ ...newTask("t0"), group: "g" }),
    );
    const refusal = refusalIn(state, create(newTask("all", ...ids)));
    assertEquals(refusal?.code, "limit_exceeded");
    const [first, ...rest] = ids;
    for (const dependencies of [["between", ...rest.slice(1)], [{ group: "g" }]]) {
      const tasks = [newTask("between", first ?? "", rest[0] ?? ""), newTask("all", ...dependencies)];
      assertEquals(refusalIn(state, create(...tasks)), undefined);
    }
  },
});

for (const length of [1_200, 19_000]) {
  Deno.test({
    name: `the end of a chain of ${length} tasks is put down to its beginning, wherever that stands`,
    permissions: "none",
    fn() {
      const [state, last] = chain(length);
      assertEquals(explain(state, last).why, "It waits, directly or through other tasks, for t0 (ready)");
      assertEquals(explain(state, last).whatWouldChange, ["get_next_task with task_id t0, then complete_task"]);
      run(state, claim("x", "t0"), 2);
      assertEquals(explain(state, last).whatWouldChange, ["complete_task t0 by x"]);
      run(state, fail("x", "t0"), 3);
      assertEquals(explain(state, last).whatWouldChange, ["retry_task t0"]);
      const { message, blockedBy } = noTasks(state, claimingAs(state, "x"));
      assertEquals(blockedBy, [{ id: "t0", status: "failed" }]);
      assertEquals(
        message,
        `No task is ready: ${
          length - 1
        } pending tasks are blocked by t0 (failed); what would help: retry_task t0; or ` +
          "update_task t1 with other dependencies",
      );
    },
  });
}

Deno.test({
  name: "what is behind more tasks than are looked at is said to be so, and where to look on",
  permissions: "none",
  fn() {
    const [state, last] = chain(50_000);
    const steps = [last];
    for (let id = last; id !== "t0";) {
      const { whatWouldChange, why, roots } = explain(state, id);
      if (roots !== undefined) break;
      assert(/^It waits for tasks that t\d+ depends on, too many to examine$/.test(why), why);
      id = whatWouldChange[0]?.replace("explain_task ", "") ?? "";
      steps.push(id);
    }
    assertEquals(steps.length, 3);
    assertEquals(explain(state, steps.at(-1) ?? "").why, "It waits, directly or through other tasks, for t0 (ready)");
  },
});

/** Tasks t0, t1 and so on, each of which waits for the one before; and the id of the last. */
function chain(length: number): readonly [State, string] {
  return [
    stateAfter(
      create(...times(1_000, link)),
      ...times(Math.ceil(length / 1_000) - 1, (batch): Command => {
        return create(
          ...times(Math.min(1_000, length - (batch + 1) * 1_000), (index) => link((batch + 1) * 1_000 + index)),
        );
      }),
    ),
    `t${length - 1}`,
  ];
}

function link(index: number) {
  return index === 0 ? newTask("t0") : newTask(`t${index}`, `t${index - 1}`);
}

/** Each command on each task and group as things stand, by those who were there. */
function callsOn(state: State, turns: readonly Turn[]): readonly Command[] {
  const calls: Command[] = turns.map(({ command }) => command).filter(({ type }) => type !== "create_tasks");
  for (const id of state.groups.keys()) calls.push({ type: "delete_group", id });
  for (const id of state.tasks.keys()) {
    calls.push(
      { type: "retry_task", id },
      { type: "cancel_task", id },
      { type: "delete_task", id },
      { type: "update_task", id, description: "other" },
    );
    calls.push(...claimsByAll(state).map((claim) => ({ ...claim, id })));
    for (const instance of [...INSTANCES, STRANGER]) {
      for (const attempt of [undefined, 1, 2]) {
        const holding = { id, instance, ...(attempt !== undefined && { attempt }) };
        calls.push(
          { type: "complete_task", ...holding, result: "new" },
          { type: "fail_task", ...holding, error: "new" },
          { type: "release_task", ...holding },
          { type: "report_progress", ...holding, percent: 1 },
        );
      }
    }
  }
  return calls;
}

/** A claim by each instance: as it is registered, with all that a task may ask for, and of each group. */
function claimsByAll(state: State): readonly CommandOf<"claim_task">[] {
  const offer = { roles: ["r", "s", "constructor"], capabilities: ["r", "s", "constructor"] };
  return [...INSTANCES, STRANGER].flatMap((instance): CommandOf<"claim_task">[] => [
    { type: "claim_task", instance },
    { type: "claim_task", instance, ...offer },
    ...Array.from(state.groups.keys(), (group) => ({ type: "claim_task" as const, instance, group, ...offer })),
  ]);
}

/** Calls that name what does not exist, what exists already, and what would close a circle. */
function callsOnGraph(state: State): readonly Command[] {
  const ids = [...state.tasks.keys()];
  const groups = [...state.groups.keys()];
  const calls: Command[] = [...state.templates.keys()].map((name): Command => {
    return { type: "apply_template", name, group: "new", settings: {}, parameters: {} };
  });
  for (const group of groups) {
    const inGroup = { ...newTask("new", { group }), group };
    calls.push(
      { type: "create_group", id: group, settings: {} },
      create(inGroup),
      { type: "bulk_update", filter: { ids }, action: { type: "move", group }, isAtomic: true },
    );
  }
  for (const id of [...ids, "none"]) {
    calls.push(
      create(newTask(id)),
      create({ ...newTask("new"), group: id }),
      create(newTask("new", "new2"), newTask("new2", { any: ["new3", id] }), newTask("new3", "new", { group: id })),
      create(newTask("new", "new2"), newTask("new2", { any: ["new"] })),
    );
    for (const other of ids) {
      const dependencies = [{ any: [id] }, ...groups.map((group) => ({ group }))];
      const instance = state.tasks.get(other)?.task.assignedTo ?? STRANGER;
      calls.push(
        { type: "update_task", id: other, dependencies },
        { type: "update_task", id: other, dependencies: [id] },
        { type: "release_task", id: other, instance, dependencies },
      );
    }
    for (const group of groups) {
      calls.push(
        { type: "update_task", id, settings: { group } },
        { type: "update_task", id, settings: { group }, dependencies: [{ group }] },
      );
    }
  }
  return calls;
}

/** Whether a remedy is another call in place of the refused one. */
function isAlternative(remedy: Remedy): boolean {
  return "change" in remedy && remedy.change === "any";
}

/** The same claim without the id gives another task, with the roles and capabilities that it names. */
function assertGivesAnother(state: State, command: Command, about: string): void {
  assert(command.type === "claim_task", about);
  const { id, ...claiming } = command;
  const after = restore(snapshotOf(state));
  const { task } = run(after, claiming, state.now).answer;
  assert(task !== undefined && task.id !== id, about);
  assertEquals(after.tasks.get(task.id)?.task.assignedTo, command.instance);
}

/** The same call without something that it says of a task. */
function without(state: State, command: Command, { id, part }: Extract<Remedy, { type: "leave_out" }>): Command {
  const names = (dependency: Dependency) =>
    [...referencesOf(dependency)].some((each) => each.type === part.type && each.id === part.id);
  const cut = (dependencies: readonly Dependency[]) => dependencies.filter((each) => !names(each));
  const cutTask = <T extends NewTask>(task: T): T => {
    if (task.id !== id) return task;
    if (part.type !== "membership") return { ...task, dependencies: cut(task.dependencies) };
    const { group, ...rest } = task;
    assertEquals(group, part.id);
    // Only the optional group is gone.
    return rest as unknown as T;
  };
  switch (command.type) {
    case "create_tasks":
      return { ...command, tasks: command.tasks.map(cutTask) };
    case "import_tasks":
      return { ...command, tasks: command.tasks.map(cutTask) };
    case "update_task": {
      const { settings: { group: _, ...settings } = {}, dependencies = [], ...rest } = command;
      if (part.type === "membership") return { ...rest, settings, dependencies };
      return { ...command, dependencies: cut(dependencies) };
    }
    case "release_task":
      return { ...command, dependencies: cut(command.dependencies ?? []) };
    case "bulk_update": {
      const ids = Array.from(tasksMatching(state, command.filter), ({ task }) => task.id).filter((each) => each !== id);
      return { ...command, filter: { ids } };
    }
    default:
      throw new Error(`${command.type} says nothing that could be left out`);
  }
}

function clientIn(session: string): Caller {
  return localOperator("test", { transport: "stdio", session });
}

/** Each of some with each of others. */
function eachWith<T, U>(some: readonly T[], others: readonly U[]): readonly (readonly [T, U])[] {
  return some.flatMap((one) => others.map((other) => [one, other] as const));
}

function refusalIn(state: State, command: Command, caller: Caller = OPERATOR): Refusal | undefined {
  try {
    decide<CommandType>(state, command, { ...contextAt(state.now), caller });
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/** The instance that a remedy is told, and the client through which it calls. */
interface Asker {
  readonly by: string;
  readonly caller: Caller;
}

/**
 * Carries a remedy out in copies of the state, in each way in which it can be understood. What another instance does, it
 * does through its own client.
 */
function tryRemedy(state: State, remedy: Remedy, look: (after: State) => void, { by, caller }: Asker): void {
  const isOfOther = "instance" in remedy && remedy.instance !== by && remedy.type !== "release_task";
  for (const steps of waysOf(state, remedy, by)) {
    const after = restore(snapshotOf(state));
    advanceClock(after, state.now);
    try {
      if (remedy.type === "wait" && remedy.until !== undefined) advanceClock(after, remedy.until);
      for (const step of steps) run(after, step, after.now, {}, isOfOther ? OPERATOR : caller);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw new Error(`${describeRemedy(remedy)} is refused: ${error.message}`, { cause: error });
    }
    look(after);
  }
}

/** The commands that a remedy names, with what it leaves to who carries it out. */
function waysOf(state: State, remedy: Remedy, by: string): readonly (readonly Command[])[] {
  switch (remedy.type) {
    case "retry_task":
    case "cancel_task":
    case "delete_task":
      return [[{ type: remedy.type, id: remedy.id }]];
    case "archive":
      return [[{ type: "bulk_update", filter: { ids: [remedy.id] }, action: { type: "archive" }, isAtomic: false }]];
    case "archive_template":
      return [[{ type: "archive_template", name: remedy.template, isArchived: false }]];
    case "create_group":
      return [[{ type: "create_group", id: remedy.group, settings: {} }]];
    case "explain_task":
      assert(explain(state, remedy.id).why !== "");
      return [[]];
    case "release_task":
      return [[remedy]];
    case "update_task": {
      const { id, change } = remedy;
      if (change === "any") return [[{ type: "update_task", id, description: "another one" }]];
      if (change === "dependencies") return [[{ type: "update_task", id, dependencies: [] }]];
      const settings = change === "group"
        ? { group: null }
        : change === "not_before"
        ? { notBefore: null }
        : { role: null, capabilities: null, assignTo: null };
      return [[{ type: "update_task", id, settings }]];
    }
    case "end_task":
      return endsOf(state, remedy, remedy.instance).map((end) => [end]);
    case "claim_task": {
      const { id, asks: { instance = STRANGER, roles, capabilities }, how } = remedy;
      const claiming: Command = { type: "claim_task", instance, id, roles, capabilities };
      return how === undefined ? [[claiming]] : endsOf(state, { id, how }, instance).map((end) => [claiming, end]);
    }
    case "offer":
      return [[{ type: "claim_task", instance: by, roles: remedy.roles, capabilities: remedy.capabilities }]];
    case "claim_next":
    case "leave_out":
    case "speak_for":
      return [[]];
    case "wait":
      // Without a time, for whoever plans.
      return remedy.until === undefined ? [[create(newTask("made"))]] : [[]];
    case "update_group": {
      const running = state.groups.get(remedy.group)?.counts.in_progress ?? 0;
      const settings = remedy.change === "paused"
        ? { paused: null }
        : remedy.change === "any"
        ? { title: "another one" }
        : { maxParallel: running + 1 };
      return [[{ type: "update_group", id: remedy.group, settings }]];
    }
    case "create_task": {
      const { id = "made", group } = remedy;
      return [[create({ ...newTask(id), ...(group !== undefined && { group }) })]];
    }
    case "resume_project":
      return [[{ type: "resume_project" }]];
    case "register_instance":
      return [[{ type: "register_instance", instance: remedy.instance, settings: {} }]];
  }
}

function endsOf(
  state: State,
  { id, how }: { readonly id: string; readonly how: End },
  instance: string,
): readonly Command[] {
  const result = decidingResult(findTask(state, id));
  // Where dependents ask for what no result can have, only the other ends are left.
  const complete: readonly Command[] = result === undefined ? [] : [{ type: "complete_task", id, instance, result }];
  const fail: Command = { type: "fail_task", id, instance, error: "broken" };
  return how === "completed" ? complete : how === "failed" ? [fail] : [...complete, fail, { type: "cancel_task", id }];
}

/** No sentence has a hole where a name should be. */
function assertText(text: string): void {
  assert(!/undefined|\[object|(by|for|behind|with|of|as) *(;|,|:|$)/.test(text), text);
}

function assertOther(after: unknown, before: unknown, about: string): void {
  assert(JSON.stringify(after) !== JSON.stringify(before), `it changes nothing: ${about}`);
}
