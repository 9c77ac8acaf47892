/**
 * The state that the engine owns: the task graph with the indexes that make claiming and completing cheap.
 * Only `evolve.ts` and `restore` change it; everyone else reads it through {@link ReadonlyState}.
 */

import { emptyHeap, type Heap, type ReadonlyHeap } from "./heap.ts";
import { IdMap, type ReadonlyIdMap } from "../model/id_map.ts";
import type { Group } from "../model/task.ts";
import type { Standing, TaskStatus } from "../model/status.ts";
import type { GroupGate, GroupNode, InstanceNode, Lane, LockNode, TaskNode, TemplateNode, Timer } from "./nodes.ts";
import { emptyReadyTasks, type ReadyTasks } from "./ready_queue.ts";

export interface State {
  /** By id, in the order of creation. */
  readonly tasks: IdMap<TaskNode>;
  readonly groups: IdMap<GroupNode>;
  readonly instances: IdMap<InstanceNode>;
  /** Those that were saved; the built-in ones are not here. */
  readonly templates: IdMap<TemplateNode>;
  readonly locks: Map<string, LockNode>;
  readonly ready: ReadyTasks;
  /** Pending tasks whose dependencies are undecided, those that are blocked, and tasks in progress: in the order of creation. */
  readonly waiting: Heap<TaskNode>;
  readonly blocked: Heap<TaskNode>;
  readonly running: Heap<TaskNode>;
  /**
   * Pending tasks that are to be ended, as their dependencies cannot be met. Empty once a command is carried out, but for
   * those for which its record has no room.
   */
  readonly unreachable: Set<TaskNode>;
  /** Draining instances that hold nothing any more. Empty once a command is carried out. */
  readonly drained: Set<InstanceNode>;
  /** Tasks in progress by the instance that holds them. */
  readonly held: IdMap<Set<TaskNode>>;
  readonly counts: Record<TaskStatus, number>;
  readonly standings: Record<Standing, number>;
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
    readonly [K in "task" | "unmet" | "blocked" | "notTaken" | "standing" | "gates" | "watchers" | "claimAt"]:
      TaskNode[K];
  }
  & {
    readonly group: ReadonlyGroupNode | undefined;
    readonly dependencies: readonly ReadonlyTaskNode[];
    readonly dependents: ReadonlySet<ReadonlyTaskNode>;
    readonly wake: Readonly<Timer<unknown>> | undefined;
    readonly lane: Readonly<Lane> | undefined;
  };

/** A group's place in the graph, for reading. */
export interface ReadonlyGroupNode {
  readonly isOpen: boolean;
  readonly group: Group;
  readonly members: ReadonlySet<ReadonlyTaskNode>;
  readonly counts: Readonly<Record<TaskStatus, number>>;
  readonly standings: Readonly<Record<Standing, number>>;
  readonly locked: number;
  readonly failing: ReadonlyHeap<TaskNode>;
  readonly watches: ReadonlyMap<string, { readonly gates: ReadonlySet<GroupGate> }>;
}

/** The state as `decide` and the views see it. */
export interface ReadonlyState {
  readonly tasks: ReadonlyIdMap<ReadonlyTaskNode>;
  readonly groups: ReadonlyIdMap<ReadonlyGroupNode>;
  readonly instances: ReadonlyIdMap<Readonly<InstanceNode>>;
  readonly templates: ReadonlyIdMap<Readonly<TemplateNode>>;
  readonly locks: ReadonlyMap<string, Readonly<LockNode>>;
  readonly ready: Readonly<ReadyTasks>;
  readonly waiting: ReadonlyHeap<TaskNode>;
  readonly blocked: ReadonlyHeap<TaskNode>;
  readonly running: ReadonlyHeap<TaskNode>;
  readonly unreachable: ReadonlySet<ReadonlyTaskNode>;
  readonly drained: ReadonlySet<Readonly<InstanceNode>>;
  readonly held: ReadonlyIdMap<ReadonlySet<ReadonlyTaskNode>>;
  readonly counts: Readonly<Record<TaskStatus, number>>;
  readonly standings: Readonly<Record<Standing, number>>;
  readonly overdue: number;
  readonly wakes: { readonly entries: readonly Readonly<Timer<ReadonlyTaskNode>>[] };
  readonly dues: Heap<Timer<TaskNode | InstanceNode>>;
  readonly recordedAt: number;
  readonly now: number;
  readonly nextOrder: number;
}

/** The state before the first event. */
export function emptyState(): State {
  return {
    tasks: new IdMap(),
    groups: new IdMap(),
    instances: new IdMap(),
    templates: new IdMap(),
    locks: new Map(),
    ready: emptyReadyTasks(),
    waiting: emptyHeap(isCreatedBefore),
    blocked: emptyHeap(isCreatedBefore),
    running: emptyHeap(isCreatedBefore),
    unreachable: new Set(),
    drained: new Set(),
    held: new IdMap(),
    counts: noCounts(),
    standings: noStandings(),
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

export function noStandings(): Record<Standing, number> {
  return { ready: 0, waiting: 0, blocked: 0, delayed: 0 };
}

export function isCreatedBefore(a: TaskNode, b: TaskNode): boolean {
  return a.task.order < b.task.order;
}

function isEarlier(a: Timer<unknown>, b: Timer<unknown>): boolean {
  return a.at < b.at;
}
