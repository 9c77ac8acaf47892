/** Refuses new or changed tasks that would break the graph: names must exist, and no task may depend on itself. */

import type { Dependency } from "../../model/dependency.ts";
import { checkAll, checkEach } from "../../model/faults.ts";
import type { GroupSettings } from "../../model/group.ts";
import { IdMap, type Names, type ReadonlyIdMap } from "../../model/id_map.ts";
import { MAX_BATCH_TASKS, MAX_DESCRIPTION_BYTES, MAX_TASKS } from "../../model/limits.ts";
import { Refusal, refuse } from "../../model/refusal.ts";
import type { NewTask } from "../../model/task.ts";
import { checkNewId, checkText } from "../../model/values.ts";
import { conditionsOn } from "../../state/conditions.ts";
import { wholeOf } from "../../state/sight.ts";
import type { ReadonlyGroupNode, ReadonlyState, ReadonlyTaskNode } from "../../state/state.ts";
import { type Audiences, audiencesIn, checkNamingOf, checkReferences, type Visible } from "./audience.ts";
import { refuseCycle } from "./cycle.ts";
import { checkDependencies } from "./dependencies.ts";
import { checkSettings } from "./settings.ts";

export interface NewTasksOptions {
  /** How many tasks there may be; `MAX_BATCH_TASKS` if absent. */
  readonly limit?: number;
  /** The groups that are created together with the tasks. */
  readonly newGroups?: ReadonlyIdMap<GroupSettings>;
  /** Whether they are a part of tasks that were checked together: a later part may have those that `notBy` names. */
  readonly isPart?: boolean;
  /** Those without the group that they must have: who will see them is not known yet. */
  readonly unplaced?: ReadonlySet<string>;
}

/** Refuses all tasks if one of them cannot be added to the graph. */
export function checkNewTasks(state: ReadonlyState, tasks: readonly NewTask[], options: NewTasksOptions = {}): void {
  const { limit = MAX_BATCH_TASKS, newGroups, isPart = false } = options;
  if (tasks.length > limit) {
    throw new Refusal("limit_exceeded", `Cannot create ${tasks.length} tasks at once: at most ${limit} are allowed`, {
      limit,
    });
  }
  const { size } = wholeOf(state).tasks;
  if (size + tasks.length > MAX_TASKS) {
    const there = state.sight === undefined ? `are ${size} of at most ${MAX_TASKS}` : `can be ${MAX_TASKS} at most`;
    throw new Refusal(
      "limit_exceeded",
      `Cannot create ${tasks.length} more tasks as there ${there}: delete some first`,
      { limit: MAX_TASKS },
    );
  }
  const batch = batchOf(tasks);
  const { instances, held } = state;
  const known = {
    tasks: both(batch, state.tasks),
    groups: newGroups === undefined ? state.groups : both(newGroups, state.groups),
    instances,
    held,
  };
  const nameable = isPart ? { ...known, tasks: ANY_TASK } : known;
  checkAll(
    () => checkIds(state, tasks),
    () =>
      checkEach(tasks, (task) =>
        checkAll(
          () => checkSettings(task, task.id, nameable),
          () => checkDependencies(task.id, task.dependencies, known),
        )),
    () => refuseCycle(state, newIn(state, batch)),
    () => checkAudiences(state, { batch, known }, options),
  );
}

/** Refuses new tasks, and those that earlier ones name in `notBy`, if some callers would see one without what it names. */
function checkAudiences(
  state: ReadonlyState,
  { batch, known }: { readonly batch: IdMap<NewTask>; readonly known: Visible },
  { newGroups, unplaced }: NewTasksOptions,
): void {
  const isRestricted = newGroups?.values().some(({ visibleTo }) => visibleTo !== undefined) === true;
  const { tasks, restricted } = wholeOf(state);
  if (!isRestricted && restricted.size === 0) return;
  const present = audiencesIn(state);
  const ofGroup = (id: string) => {
    const group = newGroups?.get(id);
    return group === undefined ? present.ofGroup(id) : group.visibleTo;
  };
  const audiences: Audiences = {
    ofGroup,
    ofTask(id) {
      const task = batch.get(id);
      if (task === undefined) return present.ofTask(id);
      // A group that the caller does not see is refused as not found: what depends on its tasks must not tell whose it is.
      return task.group === undefined || !known.groups.has(task.group) ? undefined : ofGroup(task.group);
    },
  };
  checkEach(batch.values(), (task) => {
    const { id, group } = task;
    if (unplaced?.has(id) === true || (group !== undefined && !known.groups.has(group))) return;
    checkAll(
      () => checkReferences(task, audiences, known),
      // What names a task that is there already may be hidden, and the id is refused anyway.
      () => !tasks.has(id) && checkNamingOf(state, id, audiences),
    );
  });
}

const ANY_TASK: Names = { has: () => true, twinOf: () => undefined };

/** The tasks by id; of those with the same id, the first one. */
function batchOf(tasks: readonly NewTask[]): IdMap<NewTask> {
  const batch = new IdMap<NewTask>();
  for (const task of tasks) if (!batch.has(task.id)) batch.set(task.id, task);
  return batch;
}

/** The tasks whose ids are free. Only they are checked for cycles: the others are refused already. */
function newIn(state: ReadonlyState, batch: IdMap<NewTask>): ReadonlyMap<string, NewTask> {
  const { tasks } = wholeOf(state);
  const isFree = batch.keys().every((id) => !tasks.has(id));
  return isFree ? batch : new Map(Array.from(batch).filter(([id]) => !tasks.has(id)));
}

/** Refuses ids that are malformed, or exist already in the state or earlier in the batch, and too long descriptions. */
function checkIds(state: ReadonlyState, tasks: readonly NewTask[]): void {
  const whole = wholeOf(state);
  const earlier = new IdMap<true>();
  checkEach(tasks, ({ id, description }) => {
    try {
      checkAll(
        () => checkFree(state, id, { existing: whole.tasks, earlier }),
        () => checkText(description, `Description of task ${id}`, MAX_DESCRIPTION_BYTES),
      );
    } finally {
      earlier.set(id, true);
    }
  });
}

/** The ids that a new task cannot have. */
interface Taken {
  readonly existing: Names;
  /** Those of the tasks before it in the batch. */
  readonly earlier: Names;
}

/** Refuses an id that is malformed, or that a task has already. */
function checkFree(state: ReadonlyState, id: string, { existing, earlier }: Taken): void {
  checkNewId(id, "Task id", existing);
  checkNewId(id, "Task id", earlier);
  if (existing.has(id)) {
    throw refuse("already_exists", `Task ${id} already exists: choose another id`, {
      remedies: state.tasks.get(id)?.task.status === "pending" ? [{ type: "update_task", id, change: "any" }] : [],
      data: { id },
    });
  }
  if (earlier.has(id)) {
    throw new Refusal("already_exists", `Task ${id} already exists in this batch: name each id once`, { id });
  }
}

/** The union of two sets of ids. */
function both(first: Names, second: Names): Names {
  return {
    has: (id) => first.has(id) || second.has(id),
    twinOf: (id) => first.twinOf(id) ?? second.twinOf(id),
  };
}

/** Refuses dependencies that an existing task cannot have in its group, or in the group that `changes` gives it. */
export function checkNewDependencies(
  state: ReadonlyState,
  id: string,
  dependencies: readonly Dependency[],
  changes: { readonly group?: string | null } = {},
): void {
  const group = changes.group === undefined ? state.tasks.get(id)?.task.group : changes.group;
  checkAll(
    () => checkDependencies(id, dependencies, state),
    () => refuseCycle(state, new Map([[id, { dependencies, ...(group != null && { group }) }]])),
  );
}

/** Refuses to move tasks to a group that they wait for, directly or through others. */
export function checkMove(
  state: ReadonlyState,
  tasks: readonly Pick<NewTask, "id" | "dependencies">[],
  group: string,
): void {
  refuseCycle(state, new Map(tasks.map(({ id, dependencies }) => [id, { dependencies, group }])));
}

/**
 * The tasks that depend on a group, directly or through others: none of them can join it. Which other tasks join in the
 * same command does not matter: in each cycle, the first joining task after the group depends on the group already.
 * O(these tasks and their dependents).
 */
export function waitingForGroup(state: ReadonlyState, id: string): ReadonlySet<ReadonlyTaskNode> {
  const tasks = new Set<ReadonlyTaskNode>();
  const groups = new Set<ReadonlyGroupNode | undefined>();
  const addWaiters = (group: ReadonlyGroupNode | undefined) => {
    if (groups.has(group)) return;
    groups.add(group);
    for (const condition of group === undefined ? [] : conditionsOn(group)) tasks.add(condition.root);
  };
  addWaiters(state.groups.get(id));
  // The loop also visits tasks that are added during it.
  for (const node of tasks) {
    for (const dependent of node.dependents) tasks.add(dependent);
    for (const condition of node.subscribers) tasks.add(condition.root);
    addWaiters(node.group);
  }
  return tasks;
}
