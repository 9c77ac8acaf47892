/**
 * What stays the same in all runs of a forecast: the tasks with their edges as places in lists, taken from a state that the
 * real rules restored. A run copies only what changes.
 */

import type { Outcome, Verdict } from "../../model/dependency.ts";
import type { Task } from "../../model/task.ts";
import { isEligible, type Profile, requirementOf } from "../../state/eligibility.ts";
import { keyOf } from "../../state/fleet.ts";
import { claimBoostMs } from "../../state/ready_queue.ts";
import { restore, type Snapshot } from "../../state/snapshot.ts";
import type { Condition, GroupCondition, ReadonlyGroupNode, State, TaskNode } from "../../state/state.ts";

/** A plan for compact rules. Numbers that name something are its place in the list of its kind. */
export interface Blueprint {
  readonly now: number;
  readonly tasks: readonly TaskPlan[];
  readonly places: ReadonlyMap<string, number>;
  readonly conditions: readonly ConditionPlan[];
  readonly groups: readonly GroupPlan[];
  readonly lanes: readonly LanePlan[];
  readonly lockCount: number;
  readonly crew: readonly Profile[];
}

export interface TaskPlan {
  readonly task: Task;
  /** As they are when the run begins. */
  readonly unmet: number;
  readonly blocked: number;
  readonly notTaken: number;
  /** By plain ids. */
  readonly dependencies: readonly number[];
  readonly dependents: readonly number[];
  /** Conditions on it. */
  readonly subscribers: readonly number[];
  readonly group: number | undefined;
  readonly lane: number;
  readonly isUrgent: boolean;
  readonly boostMs: number;
}

export interface ConditionPlan {
  readonly root: number;
  /** The branch that it is a part of; undefined if it is one of the task itself. */
  readonly owner: number | undefined;
  readonly verdict: Verdict;
  /** Of a condition on a task. */
  readonly on?: Outcome;
  /** Of a branch: how many of its parts are needed. */
  readonly branch?: { readonly need: number; readonly total: number; readonly tally: Counts };
}

export interface Counts {
  readonly unmet: number;
  readonly blocked: number;
  readonly notTaken: number;
}

export interface GroupPlan {
  readonly node: ReadonlyGroupNode;
  readonly subscriptions: readonly {
    readonly verdict: Verdict;
    /** Any of them: they have one verdict. */
    readonly first: GroupCondition;
    readonly conditions: readonly number[];
  }[];
}

/** The tasks with the same requirement, group and locks. */
export interface LanePlan {
  readonly group: number | undefined;
  readonly locks: readonly number[];
  /** Whether not every instance meets the requirement. */
  readonly isDemanding: boolean;
  /** By the place in the crew. */
  readonly isEligible: readonly boolean[];
}

/** The blueprint of a plan; undefined if it has tasks whose requirement changes with time, or with who did others. */
export function blueprintOf(snapshot: Snapshot, crew: readonly Profile[]): Blueprint | undefined {
  if (snapshot.tasks.some(({ assignTo }) => assignTo !== undefined)) return undefined;
  const state = restore(snapshot);
  const nodes = [...state.tasks.values()];
  const placeOf = places(nodes);
  const groupNodes = [...state.groups.values()];
  const groupPlaces = places(groupNodes);
  const all = nodes.flatMap((node) => [...allOf(node.conditions)]);
  const conditionPlaces = places(all);
  const lanes = new Lanes(state, crew);
  return {
    now: snapshot.recordedAt,
    tasks: nodes.map((node) => ({
      task: node.task,
      unmet: node.unmet,
      blocked: node.blocked,
      notTaken: node.notTaken,
      dependencies: node.dependencies.map(placeOf),
      dependents: Array.from(node.dependents, placeOf),
      subscribers: Array.from(node.subscribers, conditionPlaces),
      group: node.group && groupPlaces(node.group),
      lane: lanes.laneOf(node.task, node.group && groupPlaces(node.group)),
      isUrgent: node.task.priority === "urgent",
      boostMs: claimBoostMs(node.task.priority),
    })),
    places: new Map(nodes.map(({ task }, place) => [task.id, place])),
    conditions: all.map((condition) => conditionPlan(condition, { placeOf, conditionPlaces })),
    groups: groupNodes.map((node) => ({
      node,
      subscriptions: Array.from(node.subscriptions.values(), ({ verdict, conditions }) => {
        const [first] = conditions;
        return first === undefined ? [] : [{ verdict, first, conditions: Array.from(conditions, conditionPlaces) }];
      }).flat(),
    })),
    lanes: lanes.all,
    lockCount: state.locks.size,
    crew,
  };
}

function conditionPlan(
  condition: Condition,
  { placeOf, conditionPlaces }: {
    readonly placeOf: (node: TaskNode) => number;
    readonly conditionPlaces: (condition: Condition) => number;
  },
): ConditionPlan {
  const { owner, verdict, root } = condition;
  return {
    root: placeOf(root),
    owner: "parts" in owner ? conditionPlaces(owner) : undefined,
    verdict,
    ...(condition.type === "task" && { on: condition.on }),
    ...(condition.type === "branch" && {
      branch: { need: condition.need, total: condition.parts.length, tally: condition },
    }),
  };
}

/** Conditions, and all their parts. */
function* allOf(conditions: readonly Condition[]): Generator<Condition, void> {
  for (const condition of conditions) {
    yield condition;
    if (condition.type === "branch") yield* allOf(condition.parts);
  }
}

class Lanes {
  readonly all: LanePlan[] = [];
  readonly #places = new Map<string, number>();
  readonly #lockPlaces: ReadonlyMap<string, number>;
  readonly #crew: readonly Profile[];

  constructor(state: State, crew: readonly Profile[]) {
    this.#lockPlaces = new Map([...state.locks.keys()].map((name, place) => [name, place]));
    this.#crew = crew;
  }

  laneOf(task: Task, group: number | undefined): number {
    const requirement = requirementOf(task, { isReserved: false, excluded: [] });
    const demandKey = keyOf(requirement);
    const names = [...new Set(task.locks)].sort();
    const key = JSON.stringify([demandKey, group ?? null, names]);
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    this.#places.set(key, this.all.length);
    return this.all.push({
      group,
      locks: names.flatMap((name) => this.#lockPlaces.get(name) ?? []),
      isDemanding: demandKey !== "",
      isEligible: this.#crew.map((profile) => isEligible(profile, { requirement })),
    }) - 1;
  }
}

/** The place of each of some things. */
function places<T>(all: readonly T[]): (each: T) => number {
  const known = new Map(all.map((each, place) => [each, place]));
  return (each) => {
    const place = known.get(each);
    if (place === undefined) throw new Error("Cannot simulate a plan as one of its edges leads nowhere");
    return place;
  };
}
