/**
 * The queue of ready tasks. Tasks with the same requirement and group form a bucket; its tasks with the same locks form a
 * lane. When a group or lock opens or closes, only counters change; no task moves.
 *
 * A claim examines the first task of every bucket, past the lanes with a taken lock: some tens of nanoseconds each.
 * Claims cache nothing, so a change of a task is O(log n), and a lock that is taken or released costs one addition in
 * each lane that names it.
 */

import { MAX_EQUALS } from "../model/limits.ts";
import type { Priority } from "../model/task.ts";
import { isEligible, type Profile, type Requirement, unionOf } from "./eligibility.ts";
import { addDemand, type Demand, keyOf, removeDemand } from "./fleet.ts";
import { add, emptyHeap, inOrder, remove, reposition } from "./heap.ts";
import type { Bucket, GroupNode, Lane, LockNode, Ranked, ReadyTasks, State, TaskNode } from "./state.ts";
import { touchGroup } from "./touch.ts";

/** How much earlier a task with a priority is claimed, in milliseconds. `urgent` tasks also go before all others. */
export function claimBoostMs(priority: Priority | undefined): number {
  return BOOST_MS[priority ?? "normal"];
}

const BOOST_MS: Readonly<Record<Priority, number>> = {
  low: 0,
  normal: 10 * 60_000,
  high: 60 * 60_000,
  urgent: 60 * 60_000,
};

/** Adds a task that is not in the queue. O(log n), or O(different profiles) for the first task with its requirement. */
export function addReady(
  ready: ReadyTasks,
  node: TaskNode,
  { requirement, locks }: { readonly requirement: Requirement; readonly locks: readonly LockNode[] },
): void {
  if (node.task.priority === "urgent") {
    // Set before the task is added to its lane, as the order of the lane depends on it.
    node.urgent = { heapIndex: -1, target: node };
    add(ready.urgent, node.urgent);
  }
  const lane = laneFor(bucketFor(ready, requirement, node.group), locks);
  node.lane = lane;
  add(lane.tasks, node);
  countTask(ready, lane, 1);
  if (lane.tasks.entries[0] === node) placeLane(lane, node);
}

/** Removes a task if it is in the queue. Its `task` must still be the one that was added. O(log n). */
export function removeReady(ready: ReadyTasks, node: TaskNode): void {
  const { lane } = node;
  if (lane === undefined) return;
  // The lane may be gone before anybody has asked.
  node.changedAfter = Math.max(node.changedAfter, lane.takenChangedAfter);
  const wasFirst = node.heapIndex === 0;
  remove(lane.tasks, node);
  node.lane = undefined;
  countTask(ready, lane, -1);
  const first = lane.tasks.entries[0];
  if (first === undefined) removeLane(ready, lane);
  else if (wasFirst) placeLane(lane, first);
  if (node.urgent === undefined) return;
  remove(ready.urgent, node.urgent);
  node.urgent = undefined;
}

/** Sets whether one more task of a group may run. O(1). */
export function setGroupOpen(
  { ready, seq }: Pick<State, "ready" | "seq">,
  group: GroupNode,
  isOpen: boolean,
): void {
  if (group.isOpen === isOpen) return;
  ready.limited -= limitedIn(group);
  group.isOpen = isOpen;
  group.openChangedAfter = seq;
  ready.limited += limitedIn(group);
}

/** Opens or closes a lock after its holders have changed. O(lanes that name it). */
export function updateLock({ ready, seq }: Pick<State, "ready" | "seq">, lock: LockNode): void {
  const { size } = lock.holders;
  if (lock.held === size) return;
  const isOpen = size === 0;
  const isTurned = lock.isOpen !== isOpen;
  lock.held = size;
  lock.isOpen = isOpen;
  for (const lane of lock.lanes) {
    // Its members show who holds the lock.
    if (lane.bucket.group !== undefined) touchGroup(lane.bucket.group);
    if (!isTurned) continue;
    const before = lane.taken;
    lane.taken += isOpen ? -1 : 1;
    if (before > 0 && lane.taken > 0) continue;
    lane.takenChangedAfter = seq;
    countLocked(ready, lane.bucket, isOpen ? -lane.size : lane.size);
  }
}

/**
 * The task that an instance claims next. Of tasks with equal rank, one that no other instance may claim goes first, then
 * one that `continuesWork` (of the first `MAX_EQUALS`), then the one created first. O(buckets + lanes with a taken lock).
 */
export function nextFor(
  buckets: Iterable<Bucket>,
  profile: Profile,
  continuesWork: (node: TaskNode) => boolean,
): TaskNode | undefined {
  let best: Lane | undefined;
  for (const bucket of buckets) {
    if (!hasOpen(bucket) || (best !== undefined && !goesBefore(bucket, best))) continue;
    if (isEligible(profile, bucket)) best = firstOpen(bucket.queue.entries, best);
  }
  const first = best?.tasks.entries[0];
  // A task without dependencies continues no work. The tasks of equal rank behind it rarely do, so they are not examined.
  if (first?.lane === undefined || first.task.dependencies.length === 0) return first;
  let examined = 0;
  for (const node of inOrder(first.lane.tasks)) {
    if (examined++ === MAX_EQUALS || rankDifference(first, node) !== 0) break;
    if (continuesWork(node)) return node;
  }
  return first;
}

/**
 * The index of the first profile for which there is a task; undefined if there is none for any. Most buckets are ruled out
 * by comparing them with the union of all profiles, so the usual cost is O(profiles + buckets).
 */
export function firstServable(buckets: Iterable<Bucket>, profiles: readonly Profile[]): number | undefined {
  const instances = new Set(profiles.map(({ instance }) => instance));
  const union = unionOf(profiles);
  let unserved = profiles;
  for (const bucket of buckets) {
    if (unserved.length === 0) break;
    if (!hasOpen(bucket)) continue;
    const { instance } = bucket.requirement;
    if (instance === undefined ? !isEligible(union, bucket) : !instances.has(instance)) continue;
    const index = unserved.findIndex((profile) => isEligible(profile, bucket));
    if (index >= 0) unserved = profiles.slice(0, index);
  }
  return unserved.length < profiles.length ? unserved.length : undefined;
}

/** Whether at least one task of a bucket is limited neither by its group nor by a lock. */
function hasOpen({ locked, size, group }: Bucket): boolean {
  return locked < size && group?.isOpen !== false;
}

/** Whether the tasks of a lane cannot be claimed as their group is paused or full, or one of their locks is taken. */
export function isLimited({ bucket: { group }, taken }: Pick<Lane, "bucket" | "taken">): boolean {
  return taken > 0 || group?.isOpen === false;
}

/** How many ready tasks of a group are limited. */
export function limitedIn({ isOpen, standings, locked }: Pick<GroupNode, "isOpen" | "standings" | "locked">): number {
  return isOpen ? locked : standings.ready;
}

/** Orders buckets by their first tasks. Buckets whose tasks all wait for locks come last. */
export function compareBuckets(a: Bucket, b: Bucket): number {
  const isLocked = a.locked === a.size;
  return (isLocked === (b.locked === b.size) ? goesBefore(a, b) : !isLocked) ? -1 : 1;
}

/** The first task of a bucket whose locks are free; if there is none, the first task. O(lanes with a taken lock). */
export function firstTaskOf(bucket: Bucket): TaskNode {
  const { entries } = bucket.queue;
  // Neither a bucket nor a lane is ever empty.
  return (firstOpen(entries, undefined) ?? entries[0]!).tasks.entries[0]!;
}

/**
 * The first lane without a taken lock in the subtree of a heap at `index`, or `best` if that goes before it. Entries below
 * another one come after it, so the search descends only below lanes with a taken lock.
 */
function firstOpen(lanes: readonly Lane[], best: Lane | undefined, index = 0): Lane | undefined {
  const lane = lanes[index];
  if (lane === undefined || (best !== undefined && !goesBefore(lane, best))) return best;
  if (lane.taken === 0) return lane;
  return firstOpen(lanes, firstOpen(lanes, best, 2 * index + 1), 2 * index + 2);
}

/** Whether a task goes before another one of its bucket: by rank, then in the order of creation. */
function isClaimedBefore(a: TaskNode, b: TaskNode): boolean {
  return (rankDifference(a, b) || a.task.order - b.task.order) < 0;
}

/** Orders by the rank of the first task; then a task that at most one instance may claim; then by creation. */
function goesBefore(a: Ranked, b: Ranked): boolean {
  if (a.claimAt !== b.claimAt || a.isUrgent !== b.isUrgent) {
    return a.isUrgent === b.isUrgent ? a.claimAt < b.claimAt : a.isUrgent;
  }
  const isForOne = isForOnlyOne(a.demand);
  return isForOne === isForOnlyOne(b.demand) ? a.order < b.order : isForOne;
}

function isForOnlyOne({ isDemanding, able }: Demand): boolean {
  return isDemanding && able <= 1;
}

/** Orders urgent tasks first, then by `claimAt`. */
function rankDifference(a: TaskNode, b: TaskNode): number {
  if ((a.urgent === undefined) !== (b.urgent === undefined)) return a.urgent === undefined ? 1 : -1;
  return a.claimAt - b.claimAt;
}

/** The bucket for a task, made if there is none. */
function bucketFor(ready: ReadyTasks, requirement: Requirement, group: GroupNode | undefined): Bucket {
  const demandKey = keyOf(requirement);
  const key = group === undefined ? demandKey : JSON.stringify([demandKey, group.group.id]);
  const known = ready.buckets.get(key);
  if (known !== undefined) return known;
  const demand = addDemand(ready.fleet, requirement);
  const bucket: Bucket = {
    ...UNRANKED,
    key,
    requirement: demand.requirement,
    group,
    demand,
    lanes: new Map(),
    queue: emptyHeap<Lane>(goesBefore),
    size: 0,
    locked: 0,
  };
  ready.buckets.set(key, bucket);
  group?.buckets.add(bucket);
  return bucket;
}

function laneFor(bucket: Bucket, locks: readonly LockNode[]): Lane {
  const key = locks.length === 0 ? "" : JSON.stringify(locks.map(({ name }) => name).sort());
  const known = bucket.lanes.get(key);
  if (known !== undefined) return known;
  const lane: Lane = {
    ...UNRANKED,
    demand: bucket.demand,
    heapIndex: -1,
    key,
    bucket,
    locks,
    taken: locks.filter(({ isOpen }) => !isOpen).length,
    takenChangedAfter: -1,
    tasks: emptyHeap(isClaimedBefore),
    size: 0,
  };
  bucket.lanes.set(key, lane);
  for (const lock of locks) lock.lanes.add(lane);
  return lane;
}

function removeLane(ready: ReadyTasks, lane: Lane): void {
  const { bucket } = lane;
  remove(bucket.queue, lane);
  for (const lock of lane.locks) lock.lanes.delete(lane);
  bucket.lanes.delete(lane.key);
  if (bucket.lanes.size > 0) return rankBucket(bucket);
  ready.buckets.delete(bucket.key);
  bucket.group?.buckets.delete(bucket);
  removeDemand(ready.fleet, bucket.demand);
}

/** Places a lane that is new or has another first task in the queue of its bucket. */
function placeLane(lane: Lane, first: TaskNode): void {
  lane.isUrgent = first.urgent !== undefined;
  lane.claimAt = first.claimAt;
  lane.order = first.task.order;
  const { queue } = lane.bucket;
  if (lane.heapIndex < 0) add(queue, lane);
  else reposition(queue, lane);
  rankBucket(lane.bucket);
}

function rankBucket(bucket: Bucket): void {
  const first = bucket.queue.entries[0];
  if (first === undefined) return;
  bucket.isUrgent = first.isUrgent;
  bucket.claimAt = first.claimAt;
  bucket.order = first.order;
}

/** The rank of a bucket or lane before it has its first task. */
const UNRANKED = { isUrgent: false, claimAt: 0, order: 0 };

function countTask(ready: ReadyTasks, lane: Lane, change: 1 | -1): void {
  const { bucket } = lane;
  lane.size += change;
  bucket.size += change;
  if (lane.taken > 0) countLocked(ready, bucket, change);
  if (bucket.group?.isOpen === false) ready.limited += change;
}

/** Counts tasks of a bucket that wait for a lock. In a closed group all tasks are limited anyway. */
function countLocked(ready: ReadyTasks, bucket: Bucket, change: number): void {
  const { group } = bucket;
  bucket.locked += change;
  if (group !== undefined) group.locked += change;
  if (group?.isOpen !== false) ready.limited += change;
}
