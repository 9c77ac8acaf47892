/**
 * The ready tasks, by who may claim them. Tasks with the same requirement and group form a bucket, and inside it tasks
 * with the same locks a lane, so that a group or a lock that opens or closes moves lanes and never single tasks.
 *
 * A claim looks at the first task of every bucket: O(buckets), some tens of nanoseconds each. Nothing is remembered from
 * one claim to the next, so a change of a task is O(log n) and a lock that is taken or released O(lanes that name it).
 */

import { MAX_EQUALS } from "../model/limits.ts";
import type { Priority } from "../model/task.ts";
import { isEligible, type Profile, type Requirement } from "./eligibility.ts";
import { countAble, discharge, enlist } from "./fleet.ts";
import { add, emptyHeap, inOrder, remove, reposition } from "./heap.ts";
import type { Bucket, GroupNode, Lane, LockNode, ReadyTasks, TaskNode } from "./state.ts";

/** By how much a priority brings a claim forward, in milliseconds. `urgent` goes before everything else besides. */
export function claimBoostMs(priority: Priority | undefined): number {
  return BOOST_MS[priority ?? "normal"];
}

const BOOST_MS: Readonly<Record<Priority, number>> = {
  low: 0,
  normal: 10 * 60_000,
  high: 60 * 60_000,
  urgent: 60 * 60_000,
};

/** Adds a task that is not among the ready ones. O(log n), in a new bucket O(different profiles). */
export function addReady(
  ready: ReadyTasks,
  node: TaskNode,
  { requirement, locks }: { readonly requirement: Requirement; readonly locks: readonly LockNode[] },
): void {
  if (node.task.priority === "urgent") {
    // Ranks ask for it: so it comes first.
    node.urgent = { heapIndex: -1, target: node };
    add(ready.urgent, node.urgent);
  }
  const lane = laneFor(bucketFor(ready, requirement, node), locks);
  node.lane = lane;
  add(lane.tasks, node);
  lane.bucket.size++;
  if (lane.tasks.entries[0] === node) placeLane(lane);
  countTask(ready, lane, 1);
}

/** Removes a task if it is among the ready ones. Its `task` must still be the one that was added. O(log n). */
export function removeReady(ready: ReadyTasks, node: TaskNode): void {
  const { lane } = node;
  if (lane === undefined) return;
  const wasFirst = node.heapIndex === 0;
  remove(lane.tasks, node);
  node.lane = undefined;
  lane.bucket.size--;
  countTask(ready, lane, -1);
  if (lane.tasks.entries.length === 0) removeLane(ready, lane);
  else if (wasFirst) placeLane(lane);
  if (node.urgent === undefined) return;
  remove(ready.urgent, node.urgent);
  node.urgent = undefined;
}

/** Says whether one more task of a group may run. O(1). */
export function setGroupOpen(ready: ReadyTasks, group: GroupNode, isOpen: boolean): void {
  if (group.isOpen === isOpen) return;
  ready.limited -= limitedIn(group);
  group.isOpen = isOpen;
  ready.limited += limitedIn(group);
}

/** Says whether a lock is free. O(lanes that name it). */
export function setLockOpen(ready: ReadyTasks, lock: LockNode, isOpen: boolean): void {
  if (lock.isOpen === isOpen) return;
  lock.isOpen = isOpen;
  for (const lane of lock.lanes) {
    const before = lane.taken;
    lane.taken += isOpen ? -1 : 1;
    if (before > 0 && lane.taken > 0) continue;
    placeLane(lane);
    countLocked(ready, lane, isOpen ? -lane.tasks.entries.length : lane.tasks.entries.length);
  }
}

/** Puts what an active instance offers in the place of what it offered before; undefined while it is not active. O(buckets). */
export function changeFleet(ready: ReadyTasks, before: Profile | undefined, after: Profile | undefined): void {
  if (before === after) return;
  if (before !== undefined) discharge(ready.fleet, before);
  if (after !== undefined) enlist(ready.fleet, after);
  if (before?.key === after?.key) return;
  for (const bucket of ready.buckets.values()) {
    if (before !== undefined && isEligible(before, bucket)) bucket.able--;
    if (after !== undefined && isEligible(after, bucket)) bucket.able++;
  }
}

/**
 * The task that an instance claims next. Among tasks of equal rank, one that no other instance is eligible for goes
 * first, then one that `isWarm` (among the first few), then the one created first. O(buckets).
 */
export function nextFor(
  ready: ReadyTasks,
  profile: Profile,
  isWarm: (node: TaskNode) => boolean,
): TaskNode | undefined {
  let best: Bucket | undefined;
  for (const bucket of ready.buckets.values()) {
    if (bucket.isLocked || (best !== undefined && !goesBefore(bucket, best))) continue;
    if (bucket.group?.isOpen !== false && isEligible(profile, bucket)) best = bucket;
  }
  const first = best?.first;
  // What waited for nothing continues nobody's work, and neither does what became ready with it.
  if (first?.lane === undefined || first.task.dependencies.length === 0) return first;
  let looked = 0;
  for (const node of inOrder(first.lane.tasks)) {
    if (looked++ === MAX_EQUALS || rankDifference(first, node) !== 0) break;
    if (isWarm(node)) return node;
  }
  return first;
}

/** Whether a group that is paused or full, or a taken lock, keeps the tasks of a lane from being claimed. */
export function isLimited({ bucket: { group }, taken }: Pick<Lane, "bucket" | "taken">): boolean {
  return taken > 0 || group?.isOpen === false;
}

/** How many ready tasks of a group cannot be claimed. */
export function limitedIn({ isOpen, standings, locked }: Pick<GroupNode, "isOpen" | "standings" | "locked">): number {
  return isOpen ? locked : standings.ready;
}

/** Orders buckets by their first claimable task. Buckets whose tasks all wait for locks come last. */
export function compareBuckets(a: Bucket, b: Bucket): number {
  return (a.isLocked === b.isLocked ? goesBefore(a, b) : b.isLocked) ? -1 : 1;
}

/** Whether a task goes before another one of its bucket: by rank, then in the order of creation. */
function isClaimedBefore(a: TaskNode, b: TaskNode): boolean {
  return (rankDifference(a, b) || a.task.order - b.task.order) < 0;
}

/** By the ranks of their first tasks; of equals the one that only one instance is eligible for; then by creation. */
function goesBefore(a: Bucket, b: Bucket): boolean {
  if (a.claimAt !== b.claimAt || a.isUrgent !== b.isUrgent) {
    return a.isUrgent === b.isUrgent ? a.claimAt < b.claimAt : a.isUrgent;
  }
  const isForOne = a.isDemanding && a.able <= 1;
  return isForOne === (b.isDemanding && b.able <= 1) ? a.order < b.order : isForOne;
}

/** Urgent before everything else, then by time. */
function rankDifference(a: TaskNode, b: TaskNode): number {
  if ((a.urgent === undefined) !== (b.urgent === undefined)) return a.urgent === undefined ? 1 : -1;
  return a.claimAt - b.claimAt;
}

function isLaneBefore(a: Lane, b: Lane): boolean {
  if ((a.taken > 0) !== (b.taken > 0)) return b.taken > 0;
  // A lane in a queue is never empty.
  return isClaimedBefore(a.tasks.entries[0]!, b.tasks.entries[0]!);
}

/** The bucket for a task, made if there is none. */
function bucketFor(ready: ReadyTasks, requirement: Requirement, first: TaskNode): Bucket {
  const { group } = first;
  const { instance = null, roles, capabilities } = requirement;
  const isDemanding = instance !== null || roles.length > 0 || capabilities.length > 0;
  const key = isDemanding || group !== undefined
    ? JSON.stringify([instance, roles, capabilities, group?.group.id ?? null])
    : "";
  const known = ready.buckets.get(key);
  if (known !== undefined) return known;
  const bucket: Bucket = {
    key,
    requirement,
    group,
    isDemanding,
    able: countAble(ready.fleet, { requirement }),
    lanes: new Map(),
    queue: emptyHeap(isLaneBefore),
    size: 0,
    first,
    isLocked: false,
    isUrgent: false,
    claimAt: 0,
    order: 0,
  };
  ready.buckets.set(key, bucket);
  return bucket;
}

function laneFor(bucket: Bucket, locks: readonly LockNode[]): Lane {
  const key = locks.length === 0 ? "" : JSON.stringify(locks.map(({ name }) => name).sort());
  const known = bucket.lanes.get(key);
  if (known !== undefined) return known;
  const taken = locks.filter(({ isOpen }) => !isOpen).length;
  const lane: Lane = { heapIndex: -1, key, bucket, locks, taken, tasks: emptyHeap(isClaimedBefore) };
  bucket.lanes.set(key, lane);
  for (const lock of locks) lock.lanes.add(lane);
  return lane;
}

function removeLane(ready: ReadyTasks, lane: Lane): void {
  const { bucket } = lane;
  remove(bucket.queue, lane);
  for (const lock of lane.locks) lock.lanes.delete(lane);
  bucket.lanes.delete(lane.key);
  if (bucket.lanes.size === 0) ready.buckets.delete(bucket.key);
  else readFirst(bucket);
}

/** Puts a lane that is new, or whose first task or taken locks have changed, where it belongs. */
function placeLane(lane: Lane): void {
  const { bucket } = lane;
  if (lane.heapIndex < 0) add(bucket.queue, lane);
  else reposition(bucket.queue, lane);
  readFirst(bucket);
}

function readFirst(bucket: Bucket): void {
  const lane = bucket.queue.entries[0];
  const first = lane?.tasks.entries[0];
  if (lane === undefined || first === undefined) return;
  bucket.first = first;
  bucket.isLocked = lane.taken > 0;
  bucket.isUrgent = first.urgent !== undefined;
  bucket.claimAt = first.claimAt;
  bucket.order = first.task.order;
}

function countTask(ready: ReadyTasks, lane: Lane, change: 1 | -1): void {
  if (lane.taken > 0) countLocked(ready, lane, change);
  if (lane.bucket.group?.isOpen === false) ready.limited += change;
}

/** Counts tasks of a lane that wait for a lock. In a closed group all tasks are limited anyway. */
function countLocked(ready: ReadyTasks, { bucket: { group } }: Lane, change: number): void {
  if (group !== undefined) group.locked += change;
  if (group?.isOpen !== false) ready.limited += change;
}
