/**
 * The state that the engine owns: the task graph with the indexes that make claiming and completing cheap.
 * Only `evolve.ts` and `restore` change it; everyone else reads it through {@link ReadonlyState}.
 */

import { emptyHeap, type Heap } from "./heap.ts";
import type { Group } from "./model.ts";
import type { Readiness, TaskStatus } from "./status.ts";
import type { Bucket, GroupGate, GroupNode, InstanceNode, LockNode, TaskNode, TemplateNode, Timer } from "./nodes.ts";
import { emptyReadyTasks, type ReadyTasks } from "./ready_tasks.ts";
import { isEligible, type Requirement } from "./routing.ts";

export interface State {
  /** By id, in the order of creation. */
  readonly tasks: Map<string, TaskNode>;
  readonly groups: Map<string, GroupNode>;
  readonly instances: Map<string, InstanceNode>;
  /** Those that were saved; the built-in ones are not here. */
  readonly templates: Map<string, TemplateNode>;
  readonly locks: Map<string, LockNode>;
  readonly ready: ReadyTasks;
  /** Pending tasks that are blocked. */
  readonly blocked: Set<TaskNode>;
  /**
   * Pending tasks that are to be ended, as their dependencies cannot be met. Empty once a command is carried out, but for
   * those for which its record has no room.
   */
  readonly unreachable: Set<TaskNode>;
  /** Draining instances that hold nothing any more. Empty once a command is carried out. */
  readonly drained: Set<InstanceNode>;
  /** Tasks in progress by the instance that holds them. */
  readonly held: Map<string, Set<TaskNode>>;
  readonly counts: Record<TaskStatus, number>;
  readonly readinesses: Record<Readiness, number>;
  /** How many open tasks are overdue. */
  overdue: number;
  /** When delays and reservations end: nothing is written then, only looked at anew. */
  readonly wakes: Heap<Timer<TaskNode>>;
  /** When leases, instances and deadlines are over: `sweep` writes what follows. */
  readonly dues: Heap<Timer<TaskNode | InstanceNode>>;
  /** The latest time of a record, in milliseconds since the Unix epoch. What happens later is never taken for earlier. */
  recordedAt: number;
  /** The time up to which `wakes` have been looked at, in milliseconds since the Unix epoch. Only `takeBackTime` sets it back. */
  now: number;
  /** The `order` of the next task created. */
  nextOrder: number;
}

/** A task's place in the graph, for reading. */
export type ReadonlyTaskNode =
  & {
    readonly [K in "task" | "unmet" | "blocked" | "notTaken" | "readiness" | "gates" | "watchers" | "claimAt"]:
      TaskNode[K];
  }
  & {
    readonly group: ReadonlyGroupNode | undefined;
    readonly dependencies: readonly ReadonlyTaskNode[];
    readonly dependents: ReadonlySet<ReadonlyTaskNode>;
    readonly wake: Readonly<Timer<unknown>> | undefined;
    readonly bucket: Readonly<Bucket> | undefined;
  };

/** A group's place in the graph, for reading. */
export interface ReadonlyGroupNode {
  readonly isOpen: boolean;
  readonly group: Group;
  readonly members: ReadonlySet<ReadonlyTaskNode>;
  readonly counts: Readonly<Record<TaskStatus, number>>;
  readonly watches: ReadonlyMap<string, { readonly gates: ReadonlySet<GroupGate> }>;
}

/** The state as `decide` and the views see it. */
export interface ReadonlyState {
  readonly tasks: ReadonlyMap<string, ReadonlyTaskNode>;
  readonly groups: ReadonlyMap<string, ReadonlyGroupNode>;
  readonly instances: ReadonlyMap<string, Readonly<InstanceNode>>;
  readonly templates: ReadonlyMap<string, Readonly<TemplateNode>>;
  readonly locks: ReadonlyMap<string, Readonly<LockNode>>;
  /** Looking for the next claim reorders what is cached in here, and changes nothing that can be seen. */
  readonly ready: ReadyTasks;
  readonly blocked: ReadonlySet<ReadonlyTaskNode>;
  readonly unreachable: ReadonlySet<ReadonlyTaskNode>;
  readonly drained: ReadonlySet<Readonly<InstanceNode>>;
  readonly held: ReadonlyMap<string, ReadonlySet<ReadonlyTaskNode>>;
  readonly counts: Readonly<Record<TaskStatus, number>>;
  readonly readinesses: Readonly<Record<Readiness, number>>;
  readonly overdue: number;
  readonly wakes: { readonly entries: readonly Readonly<Timer<ReadonlyTaskNode>>[] };
  readonly dues: Heap<Timer<TaskNode | InstanceNode>>;
  readonly recordedAt: number;
  readonly now: number;
  readonly nextOrder: number;
}

/** The state before the first event. */
export function emptyState(): State {
  const instances = new Map<string, InstanceNode>();
  return {
    tasks: new Map(),
    groups: new Map(),
    instances,
    templates: new Map(),
    locks: new Map(),
    ready: emptyReadyTasks((requirement) => eligibleCount(instances, requirement)),
    blocked: new Set(),
    unreachable: new Set(),
    drained: new Set(),
    held: new Map(),
    counts: noCounts(),
    readinesses: { ready: 0, waiting: 0, blocked: 0, delayed: 0 },
    overdue: 0,
    wakes: emptyHeap<Timer<TaskNode>>(isEarlier),
    dues: emptyHeap<Timer<TaskNode | InstanceNode>>(isEarlier),
    recordedAt: 0,
    now: 0,
    nextOrder: 1,
  };
}

export function noCounts(): Record<TaskStatus, number> {
  return { pending: 0, in_progress: 0, completed: 0, failed: 0, cancelled: 0, skipped: 0 };
}

/** How many active instances are eligible: enough to tell none and one from more. */
export function eligibleCount(
  instances: ReadonlyMap<string, Readonly<InstanceNode>>,
  requirement: Requirement,
): number {
  let count = 0;
  for (const { instance, profile } of instances.values()) {
    if (instance.status === "active" && isEligible(profile, requirement) && ++count > 1) break;
  }
  return count;
}

function isEarlier(a: Timer<unknown>, b: Timer<unknown>): boolean {
  return a.at < b.at;
}
