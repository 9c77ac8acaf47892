/** Shows that what is known of dependencies is, after any history, what evaluating them from scratch says. */

import fc from "fast-check";
import type { Command, CommandType } from "../../../src/core/messages/commands.ts";
import type { Event } from "../../../src/core/messages/events.ts";
import type { Dependency } from "../../../src/core/model/dependency.ts";
import { Refusal } from "../../../src/core/model/refusal.ts";
import type { Task } from "../../../src/core/model/task.ts";
import { verdictOf } from "../../../src/core/state/conditions.ts";
import { type Condition, emptyState, type State, type TaskNode } from "../../../src/core/state/state.ts";
import { reasonOf } from "../../../src/core/views/explain.ts";
import { endsAgain } from "../../../src/core/views/roots.ts";
import { claim, complete, create, fail, run, taskOf, taskWith, times, update } from "../given.ts";
import { valueOf } from "../../../src/core/model/result.ts";
import { findTask } from "../../../src/core/state/lookup.ts";
import { undecidedBy } from "../../../src/core/state/result_needs.ts";
import { hasCycle, naiveVerdict, namesIn, RESULTS, type World } from "../naive_dependencies.ts";
import { dependenciesOver } from "../random_dependencies.ts";
import { restore, snapshotOf } from "../snapshot.ts";
import { assert, assertEquals } from "@std/assert";
import { untilReached } from "../until_reached.ts";

const IDS = times(8, (index) => `t${index}`);
const GROUPS = ["g", "h", "i"];

Deno.test({
  name: "after every command what is known of each dependency is what evaluating it from scratch says",
  permissions: "none",
  fn() {
    let accepted = 0;
    untilReached(() => {
      fc.assert(
        fc.property(history(), (commands) => {
          const state = stateWithGroups();
          commands.forEach((command, index) => {
            if (attempt(state, command, index + 10) === undefined) return;
            accepted++;
            assertVerdicts(state);
          });
        }),
        { numRuns: 400 },
      );
    }, { isReached: () => accepted > 2_000, told: () => `only ${accepted} commands were accepted` });
  },
});

Deno.test({
  name: "a task is skipped or given up only when its dependencies cannot be met, and then at once",
  permissions: "none",
  fn() {
    const ends = { "tasks.skipped": 0, "tasks.abandoned": 0 };
    untilReached(() => {
      fc.assert(
        fc.property(history(), (commands) => {
          const state = stateWithGroups();
          commands.forEach((command, index) => {
            const events = attempt(state, command, index + 10) ?? [];
            const world = worldOf(state);
            for (const event of events) {
              if (event.type === "tasks.skipped") {
                ends["tasks.skipped"]++;
                for (const { id } of event.tasks) {
                  const task = taskOf(state, id);
                  const verdict = naiveVerdict(task.dependencies, world);
                  assert(verdict === "not_taken" || (verdict === "blocked" && task.ifUnreachable === "skip"), verdict);
                }
              } else if (event.type === "tasks.abandoned") {
                ends["tasks.abandoned"]++;
                for (const { id } of event.tasks) {
                  const task = taskOf(state, id);
                  // It may since have been lost for good, as what it waits for was skipped in consequence.
                  const verdict = naiveVerdict(task.dependencies, world);
                  assert(verdict === "blocked" || verdict === "not_taken", verdict);
                  assertEquals(task.ifUnreachable, "fail");
                }
              }
            }
            for (const { task } of state.tasks.values()) {
              if (task.status !== "pending") continue;
              const verdict = naiveVerdict(task.dependencies, world);
              assert(verdict !== "not_taken", `${task.id} should have been skipped`);
              assert(verdict !== "blocked" || task.ifUnreachable === undefined, `${task.id} should have ended`);
            }
          });
        }),
        { numRuns: 400 },
      );
    }, {
      isReached: () => ends["tasks.skipped"] > 20 && ends["tasks.abandoned"] > 20,
      told: () => JSON.stringify(ends),
    });
  },
});

Deno.test({
  name: "a command is refused as a cycle just when some task would wait for itself",
  permissions: "none",
  fn() {
    const count = { cycle: 0, accepted: 0 };
    const change = fc.oneof(creation(IDS), updating(IDS), bulkMove(), regrouping());
    untilReached(() => {
      fc.assert(
        fc.property(fc.array(change, { maxLength: 30, size: "max" }), (commands) => {
          const state = stateWithGroups();
          commands.forEach((command, index) => {
            const before = Array.from(state.tasks.values(), ({ task }) => task);
            const after = changedBy(command, before);
            if (after === undefined) return;
            const events = attempt(state, command, index + 10, ["cycle"]);
            if (events === undefined) count.cycle++;
            else count.accepted++;
            assertEquals(events === undefined, hasCycle(after), JSON.stringify({ command, before }));
          });
        }),
        { numRuns: 300 },
      );
    }, { isReached: () => count.cycle > 100 && count.accepted > 100, told: () => JSON.stringify(count) });
  },
});

Deno.test({
  name: "every graph whose failures are retried drains, whichever way conditions turn out",
  permissions: "none",
  fn() {
    let completed = 0;
    untilReached(() => {
      fc.assert(
        fc.property(drainable(), fc.infiniteStream(fc.nat(99)), (tasks, luck) => {
          const state = stateWithGroups();
          let at = 10;
          run(state, create(...tasks), at++);
          let failures = 0;
          // Each task is completed at most once, and fails at most so often; retries come after either.
          for (let round = 0; state.counts.pending > 0; round++) {
            assert(round < 200, `does not drain: ${JSON.stringify(snapshotOf(state).tasks)}`);
            const chance = (below: number) => luck.next().value % 100 < below;
            for (let answer = run(state, claim("x"), at++).answer; answer.task !== undefined;) {
              const { id } = answer.task;
              if (failures < 30 && chance(30)) {
                failures++;
                run(state, chance(50) ? fail("x", id) : { type: "cancel_task", id }, at++);
              } else {
                completed++;
                const results = RESULTS.filter((each) =>
                  undecidedBy({}, findTask(state, id), () => valueOf({ result: each })).length === 0
                );
                run(state, complete("x", id, results[luck.next().value % results.length]), at++);
              }
              answer = run(state, claim("x"), at++).answer;
            }
            for (const node of [...state.tasks.values()]) {
              const { task: { id, status } } = node;
              if (status !== "failed" && status !== "cancelled") continue;
              if (!endsAgain(node)) run(state, { type: "retry_task", id }, at++);
              else for (const source of unreadFor(state, node)) run(state, { type: "retry_task", id: source }, at++);
            }
          }
          assertEquals(state.counts.in_progress, 0);
          assertEquals(state.standings, { ready: 0, waiting: 0, blocked: 0, delayed: 0 });
        }),
        { numRuns: 200 },
      );
    }, { isReached: () => completed > 500, told: () => `only ${completed} tasks were completed` });
  },
});

/** The completed tasks whose results a failed task cannot read: nobody asked for more while it had failed. */
function unreadFor(state: State, node: TaskNode): readonly string[] {
  const ids = reasonOf(state, node).remedies.flatMap((remedy) => remedy.type === "retry_task" ? [remedy.id] : []);
  return ids.filter((id) => findTask(state, id).task.status === "completed");
}

function stateWithGroups(): State {
  const state = emptyState();
  GROUPS.forEach((id, index) => run(state, { type: "create_group", id, settings: {} }, index + 1));
  return state;
}

/** Carries a command out; undefined if it is refused. */
function attempt(
  state: State,
  command: Command,
  at: number,
  codes?: readonly string[],
): readonly Event[] | undefined {
  try {
    return run<CommandType>(state, command, at).events;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (codes !== undefined) assert(codes.includes(error.code), error.message);
    return undefined;
  }
}

function worldOf(state: State): World {
  return Array.from(state.tasks.values(), ({ task }) => task);
}

/** Compares each task's verdict, and that of each part of its expressions, also with those of a restored state. */
function assertVerdicts(state: State): void {
  const world = worldOf(state);
  const restored = restore(snapshotOf(state));
  for (const node of state.tasks.values()) {
    const { id, status, dependencies } = node.task;
    const verdict = naiveVerdict(dependencies, world);
    assertEquals(verdictOf(node), verdict, `${id}: ${JSON.stringify(dependencies)} in ${JSON.stringify(world)}`);
    for (const condition of node.conditions) assertGate(condition, world);
    const other = restored.tasks.get(id);
    assert(other !== undefined);
    assertEquals([verdictOf(other), other.standing], [verdict, node.standing]);
    if (node.standing === "ready") assertEquals(other.claimAt, node.claimAt);
    if (status !== "pending") assertEquals(node.standing, undefined);
    else {assertEquals(
        node.standing,
        { true: "ready", unknown: "waiting", blocked: "blocked", not_taken: "" }[verdict],
      );}
  }
  assertEquals([state.unreachable.size, state.drained.size], [0, 0]);
}

function assertGate(condition: Condition, world: World): void {
  assertEquals(condition.verdict, naiveVerdict([condition.dependency], world), JSON.stringify(condition.dependency));
  if (condition.type === "branch") { for (const part of condition.parts) assertGate(part, world); }
}

/** The tasks as an accepted change would leave them; undefined where it is refused for another reason. */
function changedBy(
  command: Command,
  tasks: readonly Task[],
): readonly Pick<Task, "id" | "dependencies" | "group">[] | undefined {
  const isThere = (name: string) => name.startsWith("group ") || tasks.some(({ id }) => id === name);
  if (command.type === "create_tasks") {
    return command.tasks.some(({ id }) => isThere(id)) ? undefined : [...tasks, ...command.tasks];
  }
  if (command.type === "update_task") {
    const { id, dependencies, settings } = command;
    const task = tasks.find((each) => each.id === id);
    if (task === undefined || !(dependencies ?? []).flatMap(namesIn).every(isThere)) return undefined;
    const group = settings?.group === undefined ? task.group : settings.group ?? undefined;
    const next = { id, dependencies: dependencies ?? task.dependencies, ...(group !== undefined && { group }) };
    return tasks.map((each) => each.id === id ? next : each);
  }
  if (command.type !== "bulk_update" || command.action.type !== "move") return undefined;
  const { filter: { ids = [] }, action: { group } } = command;
  if (!ids.every(isThere)) return undefined;
  return tasks.map(({ group: before, ...task }) => {
    const next = ids.includes(task.id) ? group ?? undefined : before;
    return { ...task, ...(next !== undefined && { group: next }) };
  });
}

/** Most of the tasks, and what becomes of them. */
function history(): fc.Arbitrary<readonly Command[]> {
  const tasks = fc.tuple(...IDS.map((id, index) => creationOf(id, IDS.slice(0, index), index < 4)));
  const some = tasks.chain((tasks) => fc.subarray([...tasks], { minLength: 4 }));
  return fc.tuple(some, fc.array(command(), { maxLength: 60, size: "max" })).map((
    [first, rest],
  ) => [...first, ...rest]);
}

/** Mostly what leaves the graph alive: new tasks name earlier ones. */
function command(): fc.Arbitrary<Command> {
  const id = fc.constantFrom(...IDS);
  const result = fc.constantFrom(...RESULTS);
  const ended = (id: string) => ({ id, instance: "x" });
  return fc.oneof(
    { arbitrary: ordered(), weight: 6 },
    { arbitrary: updating(IDS), weight: 2 },
    { arbitrary: fc.constant<Command>({ type: "claim_task", instance: "x" }), weight: 6 },
    { arbitrary: id.map((id): Command => claim("x", id)), weight: 4 },
    { arbitrary: fc.tuple(id, result).map(([id, result]): Command => complete("x", id, result)), weight: 8 },
    { arbitrary: id.map((id): Command => ({ type: "fail_task", ...ended(id), error: "broken" })), weight: 4 },
    { arbitrary: id.map((id): Command => ({ type: "cancel_task", id })), weight: 2 },
    { arbitrary: id.map((id): Command => ({ type: "retry_task", id })), weight: 4 },
    { arbitrary: id.map((id): Command => ({ type: "delete_task", id })), weight: 1 },
    {
      arbitrary: fc.tuple(id, ...[dependenciesOver({ tasks: IDS.slice(0, 3), groups: GROUPS })]).map(
        ([id, dependencies]): Command => ({ type: "release_task", ...ended(id), dependencies }),
      ),
      weight: 2,
    },
    { arbitrary: bulkMove(), weight: 1 },
    { arbitrary: bulk(), weight: 2 },
    { arbitrary: regrouping(), weight: 1 },
  );
}

/** A task that names those before it, and groups that those before it may be in. */
function ordered(): fc.Arbitrary<Command> {
  return fc.nat(IDS.length - 1).chain((index) => creationOf(IDS[index]!, IDS.slice(0, index), index < 4));
}

/** Some new tasks that name any. */
function creation(names: readonly string[]): fc.Arbitrary<Command> {
  const task = fc.constantFrom(...IDS).chain((id) =>
    fc.record({
      group: fc.option(fc.constantFrom(...GROUPS), { nil: undefined, freq: 2 }),
      dependencies: dependenciesOver({ tasks: names, groups: GROUPS }),
    }).map(({ group, dependencies }) => taskWith(group === undefined ? {} : { group }, id, ...dependencies))
  );
  // Those that a batch names are in it.
  return fc.uniqueArray(task, { minLength: 2, maxLength: 8, selector: ({ id }) => id }).map((tasks) => {
    const ids = new Set(tasks.map(({ id }) => id));
    const known = (dependency: Dependency) => namesOnly(dependency, ids);
    return create(...tasks.map((task) => ({ ...task, dependencies: task.dependencies.filter(known) })));
  });
}

function namesOnly(dependency: Dependency, ids: ReadonlySet<string>): boolean {
  const text = JSON.stringify(dependency);
  return IDS.every((id) => ids.has(id) || !text.includes(`"${id}"`));
}

function creationOf(id: string, names: readonly string[], isMember: boolean): fc.Arbitrary<Command> {
  return fc.record({
    group: isMember ? fc.option(fc.constantFrom("g", "h"), { nil: undefined, freq: 2 }) : fc.constant(undefined),
    dependencies: dependenciesOver({ tasks: names, groups: isMember ? ["i"] : GROUPS }),
    ifUnreachable: fc.constantFrom(undefined, undefined, "skip" as const, "fail" as const),
  }).map(({ group, dependencies, ifUnreachable }) =>
    create(
      taskWith(
        { ...(group !== undefined && { group }), ...(ifUnreachable !== undefined && { ifUnreachable }) },
        id,
        ...dependencies,
      ),
    )
  );
}

function updating(names: readonly string[]): fc.Arbitrary<Command> {
  return fc.nat(IDS.length - 1).chain((index) =>
    dependenciesOver({ tasks: fewer(names, index), groups: GROUPS }).map((dependencies) =>
      update(IDS[index]!, ...dependencies)
    )
  );
}

/** Mostly earlier ones; now and then, a later one. */
function fewer(names: readonly string[], index: number): readonly string[] {
  return [...names.slice(0, index), names[(index + 1) % names.length]!];
}

function bulkMove(): fc.Arbitrary<Command> {
  return fc.record({
    ids: fc.subarray(IDS, { minLength: 1, maxLength: 4 }),
    group: fc.option(fc.constantFrom(...GROUPS), { freq: 4 }),
  }).map(({ ids, group }): Command => ({
    type: "bulk_update",
    filter: { ids },
    action: { type: "move", group },
    isAtomic: true,
  }));
}

/** Another group and other dependencies in one change. */
function regrouping(): fc.Arbitrary<Command> {
  return fc.record({
    id: fc.constantFrom(...IDS),
    group: fc.option(fc.constantFrom(...GROUPS)),
    dependencies: fc.option(dependenciesOver({ tasks: [], groups: GROUPS }), { nil: undefined }),
  }).map(({ id, group, dependencies }): Command => ({
    type: "update_task",
    id,
    settings: { group },
    ...(dependencies !== undefined && { dependencies }),
  }));
}

function bulk(): fc.Arbitrary<Command> {
  return fc.record({
    filter: fc.constantFrom({ group: "g" }, { status: ["failed" as const, "skipped" as const] }, { ids: ["t0"] }),
    action: fc.constantFrom({ type: "retry" as const }, { type: "cancel" as const }, { type: "delete" as const }),
  }).map((fields): Command => ({ type: "bulk_update", ...fields, isAtomic: false }));
}

/** Tasks in an order in which each names earlier ones, of groups only such as have members and no later ones. */
function drainable() {
  const tasks = IDS.map((id, index) => {
    const isMember = index < 3;
    const names = { tasks: IDS.slice(0, index), groups: isMember ? [] : ["g", "h"] };
    return fc.record({
      dependencies: dependenciesOver(names),
      ifUnreachable: fc.constantFrom(undefined, "skip" as const, "fail" as const),
    }).map(({ dependencies, ifUnreachable }) =>
      taskWith(
        {
          // Two in one and one in the other would leave "at least 2 of" the other open for ever.
          ...(isMember && { group: "g" }),
          ...(ifUnreachable !== undefined && { ifUnreachable }),
        },
        id,
        ...dependencies,
      )
    );
  });
  const others = times(2, (index) => fc.constant(taskWith({ group: "h" }, `h${index}`)));
  return fc.tuple(...others, ...tasks);
}
