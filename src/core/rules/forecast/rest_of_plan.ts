/**
 * The rest of a plan as a snapshot, from which each run of a forecast restores a state of its own: the open tasks, and of
 * the ended ones those that they name.
 */

import type { Plan } from "../../messages/analysis.ts";
import { type Dependency, referencesOf } from "../../model/dependency.ts";
import type { Task } from "../../model/task.ts";
import { isEligible, type Profile, profileOf, requirementOf } from "../../state/eligibility.ts";
import type { Snapshot } from "../../state/snapshot.ts";
import { isOpen } from "../../views/analytics/remaining.ts";

/**
 * The profiles of some instances: those that hold tasks, then those that are registered and active; if more are asked for,
 * more of the same. Without any, they have no roles.
 */
export function crewOf({ tasks, instances }: Plan, count: number): readonly Profile[] {
  const registered = new Map(instances.map((instance) => [instance.id, instance]));
  const active = instances.filter(({ status }) => status === "active").map(({ id }) => id);
  const ids = [...new Set([...holdersOf(tasks.map(({ task }) => task)), ...active])];
  if (ids.length === 0) ids.push("instance");
  return Array.from({ length: count }, (_, index) => {
    const id = ids[index % ids.length] ?? "";
    const round = Math.floor(index / ids.length);
    return profileOf(round === 0 ? id : `${id}~${round}`, registered.get(id));
  });
}

/** How many instances work now: those that hold tasks, and those that are registered and active; at least 1. */
export function countPresent({ tasks, instances }: Plan): number {
  const active = instances.filter(({ status }) => status === "active").map(({ id }) => id);
  return Math.max(1, new Set([...holdersOf(tasks.map(({ task }) => task)), ...active]).size);
}

function holdersOf(tasks: readonly Task[]): readonly string[] {
  return tasks.flatMap(({ status, assignedTo }) =>
    status === "in_progress" && assignedTo !== undefined ? assignedTo : []
  );
}

/**
 * The snapshot for a crew. What none of it could ever do is open to all of it, as otherwise nothing could be foretold: which
 * roles are missing is told by the bottlenecks.
 */
export function restOf({ tasks, groups, now }: Plan, crew: readonly Profile[]): Snapshot {
  const named = new Set<string>();
  const waitedFor = new Set<string>();
  for (const { task } of tasks) {
    if (!isOpen(task)) continue;
    for (const { type, id } of task.dependencies.flatMap((each) => [...referencesOf(each)])) {
      (type === "task" ? named : waitedFor).add(id);
    }
    for (const id of task.assignTo?.notBy ?? []) named.add(id);
  }
  const isKept = (task: Task) =>
    isOpen(task) || named.has(task.id) || (task.group !== undefined && waitedFor.has(task.group));
  return {
    ...EMPTY,
    tasks: tasks.map(({ task }) => task).filter(isKept).map((task) => isOpen(task) ? doable(task, crew) : ended(task)),
    groups,
    nextOrder: (tasks.at(-1)?.task.order ?? 0) + 1,
    recordedAt: now,
  };
}

const EMPTY: Omit<Snapshot, "tasks" | "groups" | "nextOrder" | "recordedAt"> = {
  instances: [],
  templates: [],
  tokens: [],
  webhooks: [],
  requests: [],
  removed: { attempts: [], floor: 0 },
  pastAudiences: { groups: [], floor: 0 },
  cancelled: [],
  unannounced: [],
  statistics: [],
  hasArchive: false,
  seq: 0,
};

const NOTHING: readonly Dependency[] = [];

/** An ended task without its dependencies, which need not be there. */
function ended({ assignTo: _, ...task }: Task): Task {
  return { ...task, dependencies: NOTHING };
}

function doable(task: Task, crew: readonly Profile[]): Task {
  const requirement = requirementOf(task, { isReserved: true, excluded: [] });
  if (crew.some((profile) => isEligible(profile, { requirement }))) return task;
  const { role: _r, capabilities: _c, assignTo, ...open } = task;
  return assignTo?.notBy === undefined ? open : { ...open, assignTo: { notBy: assignTo.notBy } };
}
