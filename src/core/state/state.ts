/**
 * The state: linked nodes of tasks, groups, locks and instances, with the indexes that make claims and completions cheap.
 * Only `evolve` and `restore` change it; all other code reads it through {@link ReadonlyState}.
 */

import type { Dependency, Outcome, ResultCondition, Verdict } from "../model/dependency.ts";
import type { Group } from "../model/group.ts";
import { IdMap, type ReadonlyIdMap } from "../model/id_map.ts";
import type { Instance } from "../model/instance.ts";
import type { CancelledTasks } from "../model/news.ts";
import type { ProjectPause } from "../model/project.ts";
import type { PastRequest } from "../model/request.ts";
import type { Standing, TaskStatus } from "../model/status.ts";
import type { Task } from "../model/task.ts";
import type { Template } from "../model/template.ts";
import type { Token } from "../model/token.ts";
import type { Webhook } from "../model/webhook.ts";
import type { Kind, Profile } from "./eligibility.ts";
import { type Demand, emptyFleet, type Fleet } from "./fleet.ts";
import { emptyHeap, type Heap, type HeapEntry, type ReadonlyHeap } from "./heap.ts";
import type { PastAudiences, ReadonlyPastAudiences } from "./past_audiences.ts";
import type { ReadonlyRemovedAttempts, RemovedAttempts } from "./removed_attempts.ts";
import type { Statistics } from "./statistics.ts";

export interface State {
  /** Nothing is hidden in it: see `ReadonlyState`. */
  readonly sight?: undefined;
  /** By id, in the order of creation. */
  readonly tasks: IdMap<TaskNode>;
  readonly groups: IdMap<GroupNode>;
  /** The groups that not all see. */
  readonly restricted: Set<GroupNode>;
  readonly instances: IdMap<InstanceNode>;
  /** The saved templates, without the built-in ones. */
  readonly templates: IdMap<TemplateNode>;
  /** The tokens that were not revoked, in the order in which they were issued. */
  readonly tokens: IdMap<Token>;
  /** The same tokens by the digests of their secrets. */
  readonly digests: Map<string, Token>;
  /** The webhooks that were not removed, in the order in which they were added. */
  readonly webhooks: IdMap<Webhook>;
  /** The newest requests of callers, the oldest first. */
  readonly requests: Map<string, PastRequest>;
  readonly locks: Map<string, LockNode>;
  readonly ready: ReadyTasks;
  /** Pending tasks with the standing `waiting`, in the order of creation. */
  readonly waiting: Heap<TaskNode>;
  /** Pending tasks with the standing `blocked`, in the order of creation. */
  readonly blocked: Heap<TaskNode>;
  /** Tasks in progress, in the order of creation. */
  readonly running: Heap<TaskNode>;
  /**
   * Pending tasks that must end, as their dependencies cannot be met. After a command, only those are left that its
   * record had no room for.
   */
  readonly unreachable: Set<TaskNode>;
  /** Draining instances that hold no tasks. After a command, only those are left that its record had no room for. */
  readonly drained: Set<InstanceNode>;
  /** Ready tasks that no event has announced. After a command, only those are left that its record had no room for. */
  readonly unannounced: Set<TaskNode>;
  /** Tasks in progress by the instance that holds them. */
  readonly held: IdMap<Set<TaskNode>>;
  /** Tasks in progress by the session of their holder. */
  readonly sessions: Map<string, Set<TaskNode>>;
  /** Tasks that were cancelled under their holders, by instance, until it is told; last the one with the newest. */
  readonly cancelled: Map<string, CancelledTasks>;
  /** The tasks that the authors of a task may not claim, by the id of the latter: see `authors.ts`. */
  readonly notBy: Map<string, Set<TaskNode>>;
  readonly counts: Record<TaskStatus, number>;
  readonly standings: Record<Standing, number>;
  /** The last attempts of removed tasks. */
  readonly removed: RemovedAttempts;
  /** The earlier audiences of groups. */
  readonly pastAudiences: PastAudiences;
  /** Whether any task was ever archived: if not, an id that is unknown need not be looked for in the journal. */
  hasArchive: boolean;
  /** Whether what is done is counted: not in a forecast, which asks for none of it. */
  isMeasured: boolean;
  /** What was done with the tasks that are in no group. */
  statistics: Statistics | undefined;
  /** How many open tasks are overdue. */
  overdue: number;
  /** Undefined unless the project is paused. */
  pause: ProjectPause | undefined;
  /** The ends of delays and reservations. They cause no events: `advanceClock` updates the indexes. */
  readonly delayTimers: Heap<Timer<TaskNode>>;
  /** The times at which leases and instances expire and deadlines pass. `sweep` writes the events. */
  readonly expiryTimers: Heap<Timer<TaskNode | InstanceNode>>;
  /** The `seq` of the last record that was applied; 0 if there is none. */
  seq: number;
  /** The latest time of a record, in milliseconds since the Unix epoch. Later records never have an earlier time. */
  recordedAt: number;
  /** The time that the indexes stand for, in milliseconds since the Unix epoch. Only `rewindClock` sets it back. */
  now: number;
  /** The `order` of the next task created. */
  nextOrder: number;
  /** The `born` of the next group created. */
  nextGroup: number;
  /** How often this process has replaced its state by one that it loaded: part of every version. */
  readonly epoch: number;
}

/**
 * A task in the graph. It is in one heap at most: its lane if it is ready, `waiting`, `blocked` or `running`, or the
 * failed and cancelled tasks of its group.
 */
export interface TaskNode extends HeapEntry {
  task: Task;
  /** How often what is shown of it has changed in this state, apart from what limits it. Changed by `touch` only. */
  changes: number;
  /** The `seq` of the last record before its last such change. */
  changedAfter: number;
  group: GroupNode | undefined;
  /** The tasks that it depends on by their plain ids. */
  dependencies: readonly TaskNode[];
  /** Its dependency expressions; {@link NOTHING} if there are none. */
  conditions: readonly Condition[];
  /** The tasks that depend on this one by its plain id; {@link NO_NODES} until there is one, as most tasks have none. */
  dependents: ReadonlySet<TaskNode>;
  /** The conditions that subscribe to this task; {@link NO_CONDITIONS} until there is one. */
  subscribers: ReadonlySet<TaskCondition>;
  /** How many dependencies and conditions are not true. */
  unmet: number;
  /** How many of these are blocked. */
  blocked: number;
  /** How many of these are not taken. */
  notTaken: number;
  /** Undefined unless the task is pending; `readinessOf` tells whether a ready one is limited. */
  standing: Standing | undefined;
  /** Whether `tasks.ready` has announced the ready task. */
  isAnnounced: boolean;
  /** When a ready task became ready, less the boost of its priority, in milliseconds since the Unix epoch. */
  claimAt: number;
  /** The lane of a ready task. */
  lane: Lane | undefined;
  /** The entry of a ready task with the priority `urgent` in the heap of all such tasks. */
  urgent: Place<TaskNode> | undefined;
  /** The end of its delay or reservation. */
  delayTimer: Timer<TaskNode> | undefined;
  /** The end of its lease, or its deadline, whichever is first. */
  expiryTimer: Timer<TaskNode> | undefined;
}

/** An entry that stands for `target` in one more heap, as a node itself can be in one heap only. */
export interface Place<T> extends HeapEntry {
  readonly target: T;
}

/** A time at which a task or an instance must be updated. */
export interface Timer<T> extends Place<T> {
  /** Milliseconds since the Unix epoch. */
  at: number;
}

/** A group in the graph. */
export interface GroupNode {
  group: Group;
  /** Distinguishes it from an earlier group of the same id in this state. */
  readonly born: number;
  /** How often what is shown of it and its members has changed in this state. Changed by `touchGroup` only. */
  changes: number;
  /** Whether it is neither paused nor full. Changed by `setGroupOpen` only. */
  isOpen: boolean;
  /** The `seq` of the last record before `isOpen` changed; -1 if it never did in this state. */
  openChangedAfter: number;
  /** The same of the audience that sees it. */
  audienceChangedAfter: number;
  readonly members: Set<TaskNode>;
  /** Of its members; `countsOf` in `group_counts.ts` adds the archived tasks. */
  readonly counts: Record<TaskStatus, number>;
  readonly standings: Record<Standing, number>;
  /** Its ready tasks. Changed by `ready_queue.ts` only. */
  readonly buckets: Set<Bucket>;
  /** How many of its ready tasks wait for a lock. */
  locked: number;
  /** How many of its open tasks are overdue. */
  overdue: number;
  /** Its failed and cancelled tasks, in the order of creation. */
  readonly failing: Heap<TaskNode>;
  /** The conditions that subscribe to this group, by outcome and needed number. */
  readonly subscriptions: Map<string, GroupSubscription>;
  /** What was done with its tasks while they were in it. */
  statistics: Statistics | undefined;
}

/** Conditions on a group with the same outcome and needed number, which share one verdict. */
export interface GroupSubscription {
  readonly conditions: Set<GroupCondition>;
  verdict: Verdict;
}

/** A lock that tasks name. */
export interface LockNode {
  readonly name: string;
  /** Whether no task holds it. Changed by `updateLock` only. */
  isOpen: boolean;
  /** How many tasks held it at the last `updateLock`. */
  held: number;
  /** The tasks in progress that hold it: one or none, or several after an import. */
  readonly holders: Set<TaskNode>;
  /** How many tasks name it. */
  users: number;
  /** The lanes of ready tasks that name it. */
  readonly lanes: Set<Lane>;
}

/** A registered instance, and its profile. */
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
  /** The task that has the dependency. */
  readonly root: TaskNode;
  /** The branch that it is a part of, or the task. */
  readonly owner: TaskNode | Branch;
  verdict: Verdict;
}

/** Requires an end of a task. */
export interface TaskCondition extends ConditionBase {
  readonly type: "task";
  readonly source: TaskNode;
  readonly on: Outcome;
  readonly when: ResultCondition | undefined;
}

/** Requires an end of at least `atLeast` members of a group. */
export interface GroupCondition extends ConditionBase {
  readonly type: "group";
  readonly source: GroupNode;
  readonly on: Outcome;
  /** A number, or a share such as `"60%"`. */
  readonly atLeast: number | string;
}

/** Requires at least `need` of its parts. */
export interface Branch extends ConditionBase {
  readonly type: "branch";
  readonly need: number;
  parts: readonly Condition[];
  unmet: number;
  blocked: number;
  notTaken: number;
}

/** The rank of a bucket or lane: a copy of that of its first task, as finding that costs more than comparing. */
export interface Ranked {
  /** The requirement of the tasks, and how many instances meet it. */
  readonly demand: Demand;
  isUrgent: boolean;
  claimAt: number;
  order: number;
}

/** The ready tasks with the same requirement and group. */
export interface Bucket extends Kind, Ranked {
  readonly key: string;
  readonly group: GroupNode | undefined;
  /** The lanes, by the locks that their tasks name; none is empty. */
  readonly lanes: Map<string, Lane>;
  /** The same lanes in the order of their first tasks, with or without a taken lock. */
  readonly queue: Heap<Lane>;
  /** The number of tasks in all lanes. */
  size: number;
  /** How many of these tasks wait for a lock. */
  locked: number;
}

/** The tasks of a bucket that name the same locks. */
export interface Lane extends HeapEntry, Ranked {
  readonly key: string;
  readonly bucket: Bucket;
  /** Each once. */
  readonly locks: readonly LockNode[];
  /** How many of its locks are taken. */
  taken: number;
  /** The `seq` of the last record before `taken` became 0 or ceased to be; -1 if it never did since the lane was made. */
  takenChangedAfter: number;
  /** In the order in which they are claimed. */
  readonly tasks: Heap<TaskNode>;
  /** The number of tasks. */
  size: number;
}

/** The queue of ready tasks. Only `ready_queue.ts` changes it. */
export interface ReadyTasks {
  readonly buckets: Map<string, Bucket>;
  /** Ready tasks of the priority `urgent`, in the order of creation. */
  readonly urgent: Heap<Place<TaskNode>>;
  /** How many ready tasks cannot be claimed, as their group is paused or full or one of their locks is taken. */
  limited: number;
  readonly fleet: Fleet;
}

/** The queue of ready tasks, for reading. */
export interface ReadonlyReadyTasks {
  readonly buckets: ReadonlyMap<string, Bucket>;
  readonly urgent: ReadonlyHeap<Place<TaskNode>>;
  readonly limited: number;
}

/** A task in the graph, for reading. */
export type ReadonlyTaskNode =
  & {
    readonly [
      K in
        | ("task" | "changes" | "changedAfter" | "unmet" | "blocked" | "notTaken" | "standing" | "conditions")
        | ("subscribers" | "claimAt")
    ]: TaskNode[K];
  }
  & {
    readonly group: ReadonlyGroupNode | undefined;
    readonly dependencies: readonly ReadonlyTaskNode[];
    readonly dependents: ReadonlySet<ReadonlyTaskNode>;
    readonly delayTimer: Readonly<Timer<unknown>> | undefined;
    readonly lane: Readonly<Lane> | undefined;
  };

/** A group in the graph, for reading. */
export interface ReadonlyGroupNode {
  readonly born: number;
  readonly changes: number;
  readonly isOpen: boolean;
  readonly openChangedAfter: number;
  readonly audienceChangedAfter: number;
  readonly group: Group;
  readonly members: ReadonlySet<ReadonlyTaskNode>;
  readonly counts: Readonly<Record<TaskStatus, number>>;
  readonly standings: Readonly<Record<Standing, number>>;
  readonly buckets: ReadonlySet<Bucket>;
  readonly locked: number;
  readonly overdue: number;
  readonly failing: ReadonlyHeap<TaskNode>;
  readonly statistics: Readonly<Statistics> | undefined;
  readonly subscriptions: ReadonlyMap<string, { readonly conditions: ReadonlySet<GroupCondition> }>;
}

/** What a caller does not see, and the state with it. */
export interface Sight {
  readonly whole: ReadonlyState;
  /** Those of the caller. */
  readonly audiences: readonly string[];
  /** Whether a task of this group, or of none, is hidden. */
  readonly hides: (group: ReadonlyGroupNode | undefined) => boolean;
}

/** The state as `decide` and the views see it. */
export interface ReadonlyState {
  /** Present if the caller has audiences, by which something may be hidden from it: see `sight.ts`. */
  readonly sight?: Sight | undefined;
  readonly tasks: ReadonlyIdMap<ReadonlyTaskNode>;
  readonly groups: ReadonlyIdMap<ReadonlyGroupNode>;
  readonly restricted: ReadonlySet<ReadonlyGroupNode>;
  readonly instances: ReadonlyIdMap<Readonly<InstanceNode>>;
  readonly templates: ReadonlyIdMap<Readonly<TemplateNode>>;
  readonly tokens: ReadonlyIdMap<Token>;
  readonly webhooks: ReadonlyIdMap<Webhook>;
  readonly digests: ReadonlyMap<string, Token>;
  readonly requests: ReadonlyMap<string, PastRequest>;
  readonly locks: ReadonlyMap<string, Readonly<LockNode>>;
  readonly ready: ReadonlyReadyTasks;
  readonly waiting: ReadonlyHeap<TaskNode>;
  readonly blocked: ReadonlyHeap<TaskNode>;
  readonly running: ReadonlyHeap<TaskNode>;
  readonly unreachable: ReadonlySet<ReadonlyTaskNode>;
  readonly drained: ReadonlySet<Readonly<InstanceNode>>;
  readonly unannounced: ReadonlySet<ReadonlyTaskNode>;
  readonly held: ReadonlyIdMap<ReadonlySet<ReadonlyTaskNode>>;
  readonly sessions: ReadonlyMap<string, ReadonlySet<ReadonlyTaskNode>>;
  readonly cancelled: ReadonlyMap<string, CancelledTasks>;
  readonly notBy: ReadonlyMap<string, ReadonlySet<ReadonlyTaskNode>>;
  readonly counts: Readonly<Record<TaskStatus, number>>;
  readonly standings: Readonly<Record<Standing, number>>;
  readonly removed: ReadonlyRemovedAttempts;
  readonly pastAudiences: ReadonlyPastAudiences;
  readonly hasArchive: boolean;
  readonly statistics: Readonly<Statistics> | undefined;
  readonly overdue: number;
  readonly pause: ProjectPause | undefined;
  readonly delayTimers: ReadonlyHeap<Timer<TaskNode>>;
  readonly expiryTimers: Heap<Timer<TaskNode | InstanceNode>>;
  readonly seq: number;
  readonly recordedAt: number;
  readonly now: number;
  readonly nextOrder: number;
  readonly epoch: number;
}

/** Empty collections that nodes share, to save memory. */
export const NO_NODES: ReadonlySet<TaskNode> = new Set();
export const NO_CONDITIONS: ReadonlySet<TaskCondition> = new Set();
export const NOTHING: readonly never[] = [];

/** The state before the first event. */
export function emptyState(epoch = 0): State {
  return {
    tasks: new IdMap(),
    groups: new IdMap(),
    restricted: new Set(),
    instances: new IdMap(),
    templates: new IdMap(),
    tokens: new IdMap(),
    webhooks: new IdMap(),
    digests: new Map(),
    requests: new Map(),
    locks: new Map(),
    ready: emptyReadyTasks(),
    waiting: emptyHeap(isCreatedBefore),
    blocked: emptyHeap(isCreatedBefore),
    running: emptyHeap(isCreatedBefore),
    unreachable: new Set(),
    drained: new Set(),
    unannounced: new Set(),
    held: new IdMap(),
    sessions: new Map(),
    cancelled: new Map(),
    notBy: new Map(),
    counts: noCounts(),
    standings: noStandings(),
    removed: { last: new Map(), floor: 0 },
    pastAudiences: { groups: new Map(), floor: 0 },
    hasArchive: false,
    isMeasured: true,
    statistics: undefined,
    overdue: 0,
    pause: undefined,
    delayTimers: emptyHeap<Timer<TaskNode>>(isEarlier),
    expiryTimers: emptyHeap<Timer<TaskNode | InstanceNode>>(isEarlier),
    seq: 0,
    recordedAt: 0,
    now: 0,
    nextOrder: 1,
    nextGroup: 1,
    epoch,
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

/** Adds a group without members. */
export function addGroup(state: State, group: Group): void {
  const node: GroupNode = {
    group,
    born: state.nextGroup++,
    changes: 0,
    isOpen: group.paused !== true,
    openChangedAfter: -1,
    audienceChangedAfter: -1,
    members: new Set(),
    counts: noCounts(),
    standings: noStandings(),
    buckets: new Set(),
    locked: 0,
    overdue: 0,
    failing: emptyHeap(isCreatedBefore),
    subscriptions: new Map(),
    statistics: undefined,
  };
  state.groups.set(group.id, node);
  noteAudience(state, node);
}

/** Notes whether all see a group. */
export function noteAudience(state: State, node: GroupNode): void {
  if (node.group.visibleTo === undefined) state.restricted.delete(node);
  else state.restricted.add(node);
}

/** Removes a group without members. */
export function removeGroup(state: State, id: string): void {
  const node = state.groups.get(id);
  if (node !== undefined) state.restricted.delete(node);
  state.groups.delete(id);
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
