/**
 * Applies the events of instances: their status, what they offer, and when they expire.
 */

import type { EventOf } from "../messages/events.ts";
import type { Instance, LostTask } from "../model/instance.ts";
import { MAX_INSTANCES, MAX_SCANNED } from "../model/limits.ts";
import { type Profile, profileOf } from "./eligibility.ts";
import { changeFleet } from "./fleet.ts";
import { isToldTo, noteTold } from "./news.ts";
import { add, remove } from "./heap.ts";
import type { InstanceNode, State } from "./state.ts";
import { reindexTask } from "./task_index.ts";
import { touch } from "./touch.ts";
import { extended, leaseTermOf, tasksToRenew } from "./timers.ts";

type InstanceEvent = EventOf<
  "instance.registered" | "instance.renewed" | "instance.drained" | "instance.left" | "instance.lost"
>;

/** Applies an event of an instance that happened at `at` (milliseconds since the Unix epoch). */
export function onInstanceEvent(state: State, event: InstanceEvent, at: number): void {
  const node = state.instances.get(event.instance);
  switch (event.type) {
    case "instance.registered":
      return register(state, event, at);
    case "instance.renewed":
      extendLeases(state, event, at);
      if (event.isTold === true) noteTold(state, event);
      if (node !== undefined) renew(state, node, event, at);
      return;
    case "instance.drained":
      if (node === undefined) return;
      setInstance(state, node, { ...node.instance, status: "draining" });
      if (!state.held.has(event.instance)) state.drained.add(node);
      return;
    case "instance.left":
      if (node === undefined) return;
      state.drained.delete(node);
      return setInstance(state, node, { ...node.instance, status: "left" });
    case "instance.lost":
      if (node === undefined) return;
      return lose(state, node, event);
    default:
      event satisfies never;
  }
}

/** Adds an instance to the state. */
export function addInstance(state: State, instance: Instance): void {
  const node: InstanceNode = { instance, profile: profileOf(instance.id, instance), expiryTimer: undefined };
  state.instances.set(instance.id, node);
  changeFleet(state.ready.fleet, undefined, offerOf(node));
  setInstance(state, node, instance);
}

function register(state: State, event: EventOf<"instance.registered">, at: number): void {
  const { instance: id, settings } = event;
  const known = state.instances.get(id);
  const instance: Instance = {
    ...settings,
    id,
    status: "active",
    registeredAt: known?.instance.registeredAt ?? at,
    seenAt: at,
    ...(settings.ttlMs !== undefined && { expiresAt: at + settings.ttlMs }),
    // A session was told of its own: those that are left are for the clients that had claimed them, or for other audiences.
    ...lossOf(
      (known?.instance.lostTasks ?? []).filter((task) => task.session !== undefined || !isToldTo(state, task, event)),
    ),
  };
  if (known === undefined) addInstance(state, instance);
  else {
    state.drained.delete(known);
    setInstance(state, known, instance, profileOf(id, instance));
  }
  if (state.instances.size > MAX_INSTANCES) forgetOne(state);
}

/** A lost instance cannot leave after finishing its tasks: it drains again when it calls. */
function lose(state: State, node: InstanceNode, { tasks, sessions = {} }: EventOf<"instance.lost">): void {
  state.drained.delete(node);
  const { lostTasks = [], ...instance } = node.instance;
  const isDraining = instance.status === "draining";
  const lost = tasks.map((id): LostTask => {
    const session = Object.hasOwn(sessions, id) ? sessions[id] : undefined;
    return { id, ...(session !== undefined && { session }) };
  });
  const before = lostTasks.filter(({ id }) => !tasks.includes(id));
  setInstance(state, node, {
    ...instance,
    status: "lost",
    ...(isDraining && { wasDraining: true }),
    ...lossOf([...before, ...lost]),
  });
}

/** The field for tasks that an instance has not been told to have lost: absent if there are none. */
function lossOf(tasks: readonly LostTask[]): Pick<Instance, "lostTasks"> {
  return tasks.length === 0 ? {} : { lostTasks: tasks.slice(0, MAX_SCANNED) };
}

/** Applies a heartbeat; a lost instance is active or draining again. */
function renew(state: State, node: InstanceNode, event: EventOf<"instance.renewed">, at: number): void {
  const { expiresAt, isTold, isDraining } = event;
  const { lostTasks = [], wasDraining: _, ...instance } = node.instance;
  const status = isDraining === true ? "draining" : instance.status === "lost" ? "active" : instance.status;
  setInstance(state, node, {
    ...instance,
    status,
    seenAt: at,
    ...(expiresAt !== undefined && { expiresAt }),
    ...lossOf(isTold === true ? lostTasks.filter((task) => !isToldTo(state, task, event)) : lostTasks),
  });
  if (isDraining === true && !state.held.has(event.instance)) state.drained.add(node);
}

/** Extends the leases that a heartbeat lists, or else those of its instance that run out. O(tasks that it holds). */
function extendLeases(state: State, event: EventOf<"instance.renewed">, at: number): void {
  const { instance, session, reported, leases } = event;
  if (leases === undefined) {
    for (const { task } of tasksToRenew(state.held.get(instance), { session, reported, now: at })) {
      extendLease(state, task.id, extended(at, leaseTermOf(task) ?? 0));
    }
  } else for (const { id, until } of leases) extendLease(state, id, until);
}

function extendLease(state: State, id: string, until: number): void {
  const node = state.tasks.get(id);
  if (node?.task.status !== "in_progress") return;
  node.task = { ...node.task, leaseUntil: until };
  touch(state, node);
  reindexTask(state, node);
}

/** Replaces the instance of a node, and updates the fleet and its timer. */
function setInstance(state: State, node: InstanceNode, instance: Instance, profile: Profile = node.profile): void {
  const before = offerOf(node);
  node.instance = instance;
  node.profile = profile;
  changeFleet(state.ready.fleet, before, offerOf(node));
  if (node.expiryTimer !== undefined) remove(state.expiryTimers, node.expiryTimer);
  node.expiryTimer = undefined;
  const isPresent = instance.status === "active" || instance.status === "draining";
  if (isPresent && instance.expiresAt !== undefined) {
    node.expiryTimer = { at: instance.expiresAt, heapIndex: -1, target: node };
    add(state.expiryTimers, node.expiryTimer);
  }
}

/** The profile of an active instance; undefined of any other, as it gets no tasks. */
function offerOf({ instance, profile }: InstanceNode): Profile | undefined {
  return instance.status === "active" ? profile : undefined;
}

/** Forgets one instance that left or was lost: the one whose last recorded call is oldest. */
function forgetOne(state: State): void {
  let oldest: Instance | undefined;
  for (const { instance } of state.instances.values()) {
    const isGone = instance.status === "left" || instance.status === "lost";
    if (isGone && (oldest === undefined || instance.seenAt < oldest.seenAt)) oldest = instance;
  }
  if (oldest !== undefined) state.instances.delete(oldest.id);
}
