/**
 * The tasks whose dependencies and times allow a claim, by what they ask for. Tasks that ask for the same form a
 * bucket; what an instance may claim is the least head among the buckets that it is eligible for and that no full
 * group and no taken lock closes. Every change and every claim is O(log n), however many kinds of tasks there are.
 *
 * Kinds of instances are few, so each gets a view: a heap of the buckets it is eligible for. A bucket found closed at
 * the top of a view is parked with the resource that closes it. When that opens, the least of what is parked there
 * comes back, and the next when that has moved: so each claim looks at few closed buckets, and no opening at many.
 */

import { add, emptyHeap, type Heap, type HeapEntry, inOrder, remove, reposition } from "./heap.ts";
import { MAX_EQUALS } from "./limits.ts";
import type { Priority } from "./model.ts";
import type { Bucket, Resource, TaskNode } from "./nodes.ts";
import { isEligible, type Profile, type Requirement } from "./routing.ts";

/** Most views that are kept; the oldest is forgotten, and made anew when it is asked for. */
const MAX_VIEWS = 64;

/** A bucket's place in a view: in its heap, or parked with the resource that closes it. */
interface Spot extends HeapEntry {
  readonly bucket: Bucket;
  /** Whether only one active instance is eligible for the bucket. */
  readonly isSpecial: boolean;
  /** Of the bucket's head, so that comparing spots looks at nothing else. */
  isUrgent: boolean;
  claimAt: number;
  order: number;
  parkedWith: Resource | undefined;
  /** The resource with which it was parked before. */
  cameFrom: Resource | undefined;
}

interface View {
  /** Whether a bucket belongs here, by what it asks for. */
  readonly accepts: (requirement: Requirement) => boolean;
  readonly heap: Heap<Spot>;
  readonly spots: Map<Bucket, Spot>;
  readonly parked: Map<Resource, Heap<Spot>>;
}

export interface ReadyTasks {
  readonly buckets: Map<string, Bucket>;
  /** By kind of instance, and by instance for what is reserved. A cache: made when first asked for. */
  readonly views: Map<string, View>;
  /** How many buckets are reserved for an instance. */
  readonly reservations: Map<string, number>;
  /** Ready tasks of the priority `urgent`. */
  readonly urgent: Set<TaskNode>;
  /** How many ready tasks there are. */
  size: number;
  /** How many active instances are eligible; asked once for each bucket, until `forgetViews`. */
  readonly eligibleCount: (requirement: Requirement) => number;
}

export function emptyReadyTasks(
  eligibleCount: (requirement: Requirement) => number,
): ReadyTasks {
  return {
    buckets: new Map(),
    views: new Map(),
    reservations: new Map(),
    urgent: new Set(),
    size: 0,
    eligibleCount,
  };
}

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

/** Adds a task that is not among the ready ones. `key` tells requirement and resources from others. */
export function addReady(
  ready: ReadyTasks,
  entry: TaskNode,
  kind: { readonly key: string; readonly requirement: Requirement; readonly resources: readonly Resource[] },
): void {
  let bucket = ready.buckets.get(kind.key);
  if (bucket === undefined) {
    bucket = { ...kind, heap: emptyHeap(isClaimedBefore) };
    ready.buckets.set(kind.key, bucket);
    countReservation(ready, kind.requirement, 1);
  }
  entry.bucket = bucket;
  add(bucket.heap, entry);
  ready.size++;
  if (entry.task.priority === "urgent") ready.urgent.add(entry);
  if (bucket.heap.entries[0] === entry) onHeadChanged(ready, bucket);
}

/** Removes a task if it is among the ready ones. Its `task` must still be the one that was added. */
export function removeReady(ready: ReadyTasks, entry: TaskNode): void {
  const { bucket } = entry;
  if (bucket === undefined) return;
  const wasHead = entry.heapIndex === 0;
  remove(bucket.heap, entry);
  entry.bucket = undefined;
  ready.size--;
  if (entry.task.priority === "urgent") ready.urgent.delete(entry);
  if (bucket.heap.entries.length === 0) {
    ready.buckets.delete(bucket.key);
    countReservation(ready, bucket.requirement, -1);
  }
  if (wasHead) onHeadChanged(ready, bucket);
}

/** Says whether one more task may run under a resource. */
export function setOpen(ready: ReadyTasks, resource: Resource, isOpen: boolean): void {
  if (resource.isOpen === isOpen) return;
  resource.isOpen = isOpen;
  if (isOpen) { for (const view of ready.views.values()) unparkNext(view, resource); }
}

/** Forgets what was worked out about kinds of instances, as the instances have changed. */
export function forgetViews(ready: ReadyTasks): void {
  ready.views.clear();
}

/**
 * The task that an instance claims next. Among tasks of equal rank, one that no other instance is eligible for goes
 * first, then one that `isWarm` (among the first few), then the one created first.
 */
export function nextFor(
  ready: ReadyTasks,
  profile: Profile,
  isWarm: (entry: TaskNode) => boolean,
): TaskNode | undefined {
  const general = firstOpen(viewFor(ready, profile.key, (requirement) => {
    return requirement.instance === undefined && isEligible(profile, requirement);
  }));
  const reserved = !ready.reservations.has(profile.instance) ? undefined : firstOpen(
    viewFor(ready, `@${profile.instance}`, (requirement) => requirement.instance === profile.instance),
  );
  const bucket = firstOf(general, reserved)?.bucket;
  const head = bucket?.heap.entries[0];
  // What waited for nothing continues nobody's work, and neither does what became ready with it.
  if (bucket === undefined || head === undefined || head.task.dependencies.length === 0) return head;
  let looked = 0;
  for (const entry of inOrder(bucket.heap)) {
    if (looked++ === MAX_EQUALS || rankDifference(head, entry) !== 0) break;
    if (isWarm(entry)) return entry;
  }
  return head;
}

/** Whether a bucket's group or locks keep its tasks from being claimed. */
export function isClosed(bucket: Bucket): boolean {
  return closedResource(bucket) !== undefined;
}

function closedResource({ resources }: Bucket): Resource | undefined {
  for (const resource of resources) if (!resource.isOpen) return resource;
  return undefined;
}

function isClaimedBefore(a: TaskNode, b: TaskNode): boolean {
  return (rankDifference(a, b) || a.task.order - b.task.order) < 0;
}

/** Urgent before everything else, then by time. */
function rankDifference(a: TaskNode, b: TaskNode): number {
  return Number(b.task.priority === "urgent") - Number(a.task.priority === "urgent") || a.claimAt - b.claimAt;
}

function isSpotBefore(a: Spot, b: Spot): boolean {
  if (a.isUrgent !== b.isUrgent) return a.isUrgent;
  if (a.claimAt !== b.claimAt) return a.claimAt < b.claimAt;
  return a.isSpecial === b.isSpecial ? a.order < b.order : a.isSpecial;
}

function firstOf(a: Spot | undefined, b: Spot | undefined): Spot | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return isSpotBefore(a, b) ? a : b;
}

/** The least spot of a view whose bucket is open. Parks the closed ones that it meets. */
function firstOpen(view: View): Spot | undefined {
  for (let spot = view.heap.entries[0]; spot !== undefined; spot = view.heap.entries[0]) {
    const closed = closedResource(spot.bucket);
    if (closed === undefined) return spot;
    remove(view.heap, spot);
    const { cameFrom } = spot;
    spot.cameFrom = undefined;
    spot.parkedWith = closed;
    let parked = view.parked.get(closed);
    if (parked === undefined) view.parked.set(closed, parked = emptyHeap(isSpotBefore));
    add(parked, spot);
    if (cameFrom !== undefined) unparkNext(view, cameFrom);
  }
  return undefined;
}

/**
 * Brings the least spot that is parked with an open resource back into the view. This is done whenever one that came
 * back has moved, so that of each open resource the least spot is always in the view, or one before it.
 */
function unparkNext(view: View, resource: Resource): void {
  if (!resource.isOpen) return;
  const spot = view.parked.get(resource)?.entries[0];
  if (spot === undefined) view.parked.delete(resource);
  else unpark(view, spot, resource);
}

function unpark(view: View, spot: Spot, resource: Resource): void {
  const parked = view.parked.get(resource);
  if (parked !== undefined) remove(parked, spot);
  spot.parkedWith = undefined;
  spot.cameFrom = resource;
  add(view.heap, spot);
}

/** Puts a bucket, whose head is another one or gone, where it belongs in every view. */
function onHeadChanged(ready: ReadyTasks, bucket: Bucket): void {
  const isEmpty = bucket.heap.entries.length === 0;
  for (const view of ready.views.values()) {
    const spot = view.spots.get(bucket);
    if (spot === undefined) {
      if (!isEmpty && view.accepts(bucket.requirement)) addSpot(ready, view, bucket);
      continue;
    }
    const { parkedWith, cameFrom } = spot;
    const heap = parkedWith === undefined ? view.heap : view.parked.get(parkedWith);
    if (heap === undefined) continue;
    if (isEmpty) {
      view.spots.delete(bucket);
      remove(heap, spot);
    } else {
      readHead(spot);
      if (parkedWith?.isOpen === true) unpark(view, spot, parkedWith);
      else reposition(heap, spot);
    }
    if (cameFrom !== undefined) unparkNext(view, cameFrom);
  }
}

function viewFor(
  ready: ReadyTasks,
  key: string,
  accepts: (requirement: Requirement) => boolean,
): View {
  const known = ready.views.get(key);
  if (known !== undefined) {
    // The last one asked for is the last one to be forgotten.
    if (ready.views.size === MAX_VIEWS) {
      ready.views.delete(key);
      ready.views.set(key, known);
    }
    return known;
  }
  const view: View = { accepts, heap: emptyHeap(isSpotBefore), spots: new Map(), parked: new Map() };
  for (const bucket of ready.buckets.values()) {
    if (accepts(bucket.requirement)) addSpot(ready, view, bucket);
  }
  const [oldest] = ready.views.keys();
  if (ready.views.size === MAX_VIEWS && oldest !== undefined) ready.views.delete(oldest);
  ready.views.set(key, view);
  return view;
}

function addSpot(ready: ReadyTasks, view: View, bucket: Bucket): void {
  const spot: Spot = {
    heapIndex: -1,
    bucket,
    isSpecial: isDemanding(bucket.requirement) && ready.eligibleCount(bucket.requirement) <= 1,
    isUrgent: false,
    claimAt: 0,
    order: 0,
    parkedWith: undefined,
    cameFrom: undefined,
  };
  readHead(spot);
  view.spots.set(bucket, spot);
  add(view.heap, spot);
}

function readHead(spot: Spot): void {
  const head = spot.bucket.heap.entries[0];
  if (head === undefined) return;
  spot.isUrgent = head.task.priority === "urgent";
  spot.claimAt = head.claimAt;
  spot.order = head.task.order;
}

function isDemanding({ instance, roles, capabilities }: Requirement): boolean {
  return instance !== undefined || roles.length > 0 || capabilities.length > 0;
}

function countReservation(ready: ReadyTasks, { instance }: Requirement, change: number): void {
  if (instance === undefined) return;
  const count = (ready.reservations.get(instance) ?? 0) + change;
  if (count === 0) ready.reservations.delete(instance);
  else ready.reservations.set(instance, count);
}
