/**
 * What the state is made of: tasks, groups, locks and instances in their places, tied to each other. Only `evolve` and
 * what it calls change them.
 */

import type { Condition, Dependency, Outcome, Verdict } from "../model/dependency.ts";
import type { Heap, HeapEntry } from "./heap.ts";
import type { Group, Instance, Task, Template } from "../model/task.ts";
import type { Kind, Profile } from "./eligibility.ts";
import type { Standing, TaskStatus } from "../model/status.ts";

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
  gates: readonly Gate[];
  /** The tasks that wait for this one by its plain id; {@link NO_NODES} until there is one: most tasks are leaves. */
  dependents: ReadonlySet<TaskNode>;
  /** The expressions that watch this task; {@link NO_GATES} until there is one. */
  watchers: ReadonlySet<TaskGate>;
  /** Of dependencies and gates: those that are not true, and of these the blocked and the not taken ones. */
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
  wake: Timer<TaskNode> | undefined;
  /** When its lease or deadline is over. */
  due: Timer<TaskNode> | undefined;
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
  /** The expressions that watch this group, by what they ask of it. */
  readonly watches: Map<string, GroupWatch>;
}

/** Expressions that ask the same of a group, so that what is known of it is worked out once for all of them. */
export interface GroupWatch {
  readonly gates: Set<GroupGate>;
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
  due: Timer<InstanceNode> | undefined;
}

/** The versions of a template, the first one first. */
export interface TemplateNode {
  readonly versions: Template[];
  isArchived: boolean;
}

/** An expression, or a part of one. */
export type Gate = TaskGate | GroupGate | Branch;

/** What all gates have. */
export interface GateBase {
  /** The expression as it was written. */
  readonly dependency: Dependency;
  /** The task that waits. */
  readonly root: TaskNode;
  /** What it is a part of. */
  readonly owner: TaskNode | Branch;
  verdict: Verdict;
}

/** Waits for a task. */
export interface TaskGate extends GateBase {
  readonly type: "task";
  readonly source: TaskNode;
  readonly on: Outcome;
  readonly when: Condition | undefined;
}

/** Waits for so many members of a group. */
export interface GroupGate extends GateBase {
  readonly type: "group";
  readonly source: GroupNode;
  readonly on: Outcome;
  /** A number, or a share such as `"60%"`. */
  readonly atLeast: number | string;
}

/** Waits for so many of its parts. */
export interface Branch extends GateBase {
  readonly type: "branch";
  readonly need: number;
  parts: readonly Gate[];
  unmet: number;
  blocked: number;
  notTaken: number;
}

/** Ready tasks of one group, or of none, that ask the same of an instance. */
export interface Bucket extends Kind {
  readonly key: string;
  readonly group: GroupNode | undefined;
  /** Whether not everybody may claim them. */
  readonly isDemanding: boolean;
  /** How many active instances may claim them. */
  able: number;
  /** By the locks that their tasks name; none is empty. */
  readonly lanes: Map<string, Lane>;
  /** The same by their first tasks, those with a taken lock after the others. */
  readonly queue: Heap<Lane>;
  /** How many tasks there are in all lanes. */
  size: number;
  /** The first task of the first lane, whether it waits for a lock, and its rank: a claim looks at nothing else. */
  first: TaskNode;
  isLocked: boolean;
  isUrgent: boolean;
  claimAt: number;
  order: number;
}

/** Tasks of a bucket that name the same locks. */
export interface Lane extends HeapEntry {
  readonly key: string;
  readonly bucket: Bucket;
  /** Each once. */
  readonly locks: readonly LockNode[];
  /** How many of its locks are taken. */
  taken: number;
  /** The first to be claimed comes first. */
  readonly tasks: Heap<TaskNode>;
}

/** The empty collections that all nodes share which have nothing to put there. */
export const NO_NODES: ReadonlySet<TaskNode> = new Set();
export const NO_GATES: ReadonlySet<TaskGate> = new Set();
export const NOTHING: readonly never[] = [];
