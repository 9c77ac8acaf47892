/**
 * The state that the engine owns: tasks, groups, locks and instances tied to each other, with the indexes that make
 * claiming and completing cheap. Only `evolve.ts` and `restore` change it; everyone else reads it through
 * {@link ReadonlyState}.
 */

import type { Dependency, Outcome, ResultCondition, Verdict } from "../model/dependency.ts";
import type { Group } from "../model/group.ts";
import { IdMap, type ReadonlyIdMap } from "../model/id_map.ts";
import type { Instance } from "../model/instance.ts";
import type { Standing, TaskStatus } from "../model/status.ts";
import type { Task } from "../model/task.ts";
import type { Template } from "../model/template.ts";
import type { Kind, Profile } from "./eligibility.ts";
import { type Demand, emptyFleet, type Fleet } from "./fleet.ts";
import { emptyHeap, type Heap, type HeapEntry, type ReadonlyHeap } from "./heap.ts";

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
  readonly delayTimers: Heap<Timer<TaskNode>>;
  /** When leases, instances and deadlines are over: `sweep` writes what follows. */
  readonly expiryTimers: Heap<Timer<TaskNode | InstanceNode>>;
  /** The latest time of a record, in milliseconds since the Unix epoch. What happens later is never taken for earlier. */
  recordedAt: number;
  /** The time up to which `delayTimers` have been looked at, in milliseconds since the Unix epoch. Only `rewindClock` sets it back. */
  now: number;
  /** The `order` of the next task created. */
  nextOrder: number;
}

/**
 * A task's place in the graph. It is in one heap at most: that of its lane if it is ready, else of the tasks that wait,
 * are blocked or run, or that have failed or were cancelled in its group.
 */
export interface TaskNode extends HeapEntry {
  task: Task;
  group: GroupNode | undefined;
  /** What the task waits for by plain ids. */
  dependencies: readonly TaskNode[];
  /** What it waits for by expressions; {@link NOTHING} where there are none. */
  conditions: readonly Condition[];
  /** The tasks that wait for this one by its plain id; {@link NO_NODES} until there is one: most tasks are leaves. */
  dependents: ReadonlySet<TaskNode>;
  /** The conditions that subscribe to this task; {@link NO_CONDITIONS} until there is one. */
  subscribers: ReadonlySet<TaskCondition>;
  /** How many dependencies and conditions are not true, and how many of these are blocked or not taken. */
  unmet: number;
  blocked: number;
  notTaken: number;
  /** Of a pending task; `readinessOf` says whether a ready one is limited. */
  standing: Standing | undefined;
  /** Of a ready task: when it became ready, less the boost of its priority, in milliseconds since the Unix epoch. */
  claimAt: number;
  /** Of a ready task: those that ask for the same. */
  lane: Lane | undefined;
  /** Of a ready task of that priority: its place among them all. */
  urgent: Place<TaskNode> | undefined;
  /** When it stops being delayed or reserved. */
  delayTimer: Timer<TaskNode> | undefined;
  /** When its lease or deadline is over. */
  expiryTimer: Timer<TaskNode> | undefined;
}

/** A place in one more heap than an entry itself can be in. */
export interface Place<T> extends HeapEntry {
  readonly target: T;
}

/** A time at which something is to be done about a task or an instance. */
export interface Timer<T> extends Place<T> {
  /** Milliseconds since the Unix epoch. */
  at: number;
}

/** A group's place in the graph. */
export interface GroupNode {
  group: Group;
  /** Whether it is neither paused nor full. Changed by `setGroupOpen` only. */
  isOpen: boolean;
  readonly members: Set<TaskNode>;
  readonly counts: Record<TaskStatus, number>;
  readonly standings: Record<Standing, number>;
  /** How many of its ready tasks wait for a lock. */
  locked: number;
  /** Its failed and cancelled tasks, in the order of creation. */
  readonly failing: Heap<TaskNode>;
  /** The conditions that subscribe to this group, by what they ask of it. */
  readonly subscriptions: Map<string, GroupSubscription>;
}

/** Conditions that ask the same of a group, so that one verdict serves all of them. */
export interface GroupSubscription {
  readonly conditions: Set<GroupCondition>;
  verdict: Verdict;
}

/** A lock that tasks name. */
export interface LockNode {
  readonly name: string;
  /** Whether no task has it. Changed by `setLockOpen` only. */
  isOpen: boolean;
  /** The tasks in progress that have it: one, or none. (More could only come from an import.) */
  readonly holders: Set<TaskNode>;
  /** How many tasks name it. */
  users: number;
  /** The ready tasks that name it. */
  readonly lanes: Set<Lane>;
}

/** An instance, and what it offers. */
export interface InstanceNode {
  instance: Instance;
  profile: Profile;
  expiryTimer: Timer<InstanceNode> | undefined;
}

/** The versions of a template, the first one first. */
export interface TemplateNode {
  readonly versions: Template[];
  isArchived: boolean;
}

/** A dependency expression in the graph, or a part of one. */
export type Condition = TaskCondition | GroupCondition | Branch;

/** The fields of every condition. */
export interface ConditionBase {
  /** The expression as it was written. */
  readonly dependency: Dependency;
  /** The task that waits. */
  readonly root: TaskNode;
  /** What it is a part of. */
  readonly owner: TaskNode | Branch;
  verdict: Verdict;
}

/** Waits for a task. */
export interface TaskCondition extends ConditionBase {
  readonly type: "task";
  readonly source: TaskNode;
  readonly on: Outcome;
  readonly when: ResultCondition | undefined;
}

/** Waits for so many members of a group. */
export interface GroupCondition extends ConditionBase {
  readonly type: "group";
  readonly source: GroupNode;
  readonly on: Outcome;
  /** A number, or a share such as `"60%"`. */
  readonly atLeast: number | string;
}

/** Waits for so many of its parts. */
export interface Branch extends ConditionBase {
  readonly type: "branch";
  readonly need: number;
  parts: readonly Condition[];
  unmet: number;
  blocked: number;
  notTaken: number;
}

/** Ready tasks by their first one: what claims compare, kept here as looking for it costs more than comparing it. */
export interface Ranked {
  /** What they ask, and how many instances may do it. */
  readonly demand: Demand;
  isUrgent: boolean;
  claimAt: number;
  order: number;
}

/** Ready tasks of one group, or of none, that ask the same of an instance. */
export interface Bucket extends Kind, Ranked {
  readonly key: string;
  readonly group: GroupNode | undefined;
  /** By the locks that their tasks name; none is empty. */
  readonly lanes: Map<string, Lane>;
  /** The same by their first tasks, whether their locks are taken or not. */
  readonly queue: Heap<Lane>;
  /** How many tasks there are in all lanes, and how many of these wait for a lock. */
  size: number;
  locked: number;
}

/** Tasks of a bucket that name the same locks. */
export interface Lane extends HeapEntry, Ranked {
  readonly key: string;
  readonly bucket: Bucket;
  /** Each once. */
  readonly locks: readonly LockNode[];
  /** How many of its locks are taken. */
  taken: number;
  /** The first to be claimed comes first. */
  readonly tasks: Heap<TaskNode>;
  /** How many tasks there are. */
  size: number;
}

/** The ready tasks: `ready_queue.ts` keeps them. */
export interface ReadyTasks {
  readonly buckets: Map<string, Bucket>;
  /** Ready tasks of the priority `urgent`, in the order of creation. */
  readonly urgent: Heap<Place<TaskNode>>;
  /** How many ready tasks cannot be claimed, as their group is paused or full or one of their locks is taken. */
  limited: number;
  readonly fleet: Fleet;
}

/** A task's place in the graph, for reading. */
export type ReadonlyTaskNode =
  & {
    readonly [K in "task" | "unmet" | "blocked" | "notTaken" | "standing" | "conditions" | "subscribers" | "claimAt"]:
      TaskNode[K];
  }
  & {
    readonly group: ReadonlyGroupNode | undefined;
    readonly dependencies: readonly ReadonlyTaskNode[];
    readonly dependents: ReadonlySet<ReadonlyTaskNode>;
    readonly delayTimer: Readonly<Timer<unknown>> | undefined;
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
  readonly subscriptions: ReadonlyMap<string, { readonly conditions: ReadonlySet<GroupCondition> }>;
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
  readonly delayTimers: { readonly entries: readonly Readonly<Timer<ReadonlyTaskNode>>[] };
  readonly expiryTimers: Heap<Timer<TaskNode | InstanceNode>>;
  readonly recordedAt: number;
  readonly now: number;
  readonly nextOrder: number;
}

/** The empty collections that all nodes share which have nothing to put there. */
export const NO_NODES: ReadonlySet<TaskNode> = new Set();
export const NO_CONDITIONS: ReadonlySet<TaskCondition> = new Set();
export const NOTHING: readonly never[] = [];

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
    delayTimers: emptyHeap<Timer<TaskNode>>(isEarlier),
    expiryTimers: emptyHeap<Timer<TaskNode | InstanceNode>>(isEarlier),
    recordedAt: 0,
    now: 0,
    nextOrder: 1,
  };
}

function emptyReadyTasks(): ReadyTasks {
  return {
    buckets: new Map(),
    urgent: emptyHeap<Place<TaskNode>>((a, b) => a.target.task.order < b.target.task.order),
    limited: 0,
    fleet: emptyFleet(),
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
