/**
 * Signs of life. Any call of an instance is one: it extends the instance's own time and the leases of its tasks.
 */

import type { CommandOf, CommandType, Context, Heartbeat } from "../messages/commands.ts";
import type { Event } from "../messages/events.ts";
import { MAX_RECORD_TASKS, MAX_SCANNED, MAX_TIME_MS } from "../model/limits.ts";
import { heldBy, inOrderOfCreation } from "../state/lookup.ts";
import { profileIn, urgentFor } from "../state/next_claim.ts";
import type { ReadonlyState, ReadonlyTaskNode } from "../state/state.ts";
import { timeAfter } from "./retry_policy.ts";

/**
 * By how much more than what was asked for a sign of life extends a time: so that whoever called has all of that time
 * after it, though only every second half of it is written down.
 */
const MARGIN = 0.5;

/**
 * What follows from the fact that an instance called: nothing, while all of its times are still before it.
 *
 * @param isAnswered whether the command is carried out, and so can tell of what was lost
 */
export function heartbeatEvents<K extends CommandType>(
  state: ReadonlyState,
  command: CommandOf<K>,
  { now }: Omit<Context, "clock">,
  isAnswered = true,
): readonly Event[] {
  // Others may release the task of a dead instance in its name.
  const isSilent = !("instance" in command) || command.type === "release_task" || command.type === "leave";
  if (isSilent) return NONE;
  const { instance: id } = command;
  // An end of a task ends its lease.
  const isEnd = isAnswered && (command.type === "complete_task" || command.type === "fail_task");
  const ended = isEnd && "id" in command ? command.id : undefined;
  const due: ReadonlyTaskNode[] = [];
  for (const node of state.held.get(id) ?? NONE) {
    const { timeoutMs, leaseUntil = Infinity } = node.task;
    if (timeoutMs !== undefined && isRunningOut(leaseUntil, timeoutMs, now) && node.task.id !== ended) due.push(node);
  }
  const leases = inOrderOfCreation(firstToEnd(due, MAX_RECORD_TASKS)).map(({ task: { id, timeoutMs = 0 } }) => {
    return { id, until: extended(now, timeoutMs) };
  });
  // Registering says all of the instance itself.
  const instance = command.type === "register_instance" ? undefined : state.instances.get(id)?.instance;
  const { ttlMs, expiresAt = Infinity, status, lostTasks } = instance ?? {};
  const isBack = status === "lost";
  const isThere = status === "active" || status === "draining";
  const isExpiring = ttlMs !== undefined && (isBack || (isThere && isRunningOut(expiresAt, ttlMs, now)));
  const isTelling = isAnswered && (command.type === "claim_task" || command.type === "heartbeat");
  const isTold = isTelling && lostTasks !== undefined;
  if (leases.length === 0 && !isBack && !isExpiring && !isTold) return NONE;
  return [{
    type: "instance.renewed",
    instance: id,
    ...(isExpiring && { expiresAt: extended(now, ttlMs) }),
    ...(isTold && { isTold }),
    leases,
  }];
}

/**
 * From when on a call of an instance has a sign of life written, in milliseconds since the Unix epoch; undefined if
 * nothing of it can expire.
 */
export function heartbeatDueAt(state: ReadonlyState, id: string): number | undefined {
  const { ttlMs, expiresAt, status } = state.instances.get(id)?.instance ?? {};
  let first = Infinity;
  if ((status === "active" || status === "draining") && ttlMs !== undefined && expiresAt !== undefined) {
    first = expiresAt - ttlMs;
  }
  for (const { task: { timeoutMs, leaseUntil } } of state.held.get(id) ?? NONE) {
    if (timeoutMs !== undefined && leaseUntil !== undefined) first = Math.min(first, leaseUntil - timeoutMs);
  }
  return first === Infinity ? undefined : first + 1;
}

/** Whether a time is to be extended; one that is at the end of all dates cannot be. */
function isRunningOut(until: number, termMs: number, now: number): boolean {
  return until - now < termMs && until < MAX_TIME_MS;
}

function extended(now: number, termMs: number): number {
  return timeAfter(now, Math.ceil(termMs * (1 + MARGIN)));
}

/** The tasks whose leases end first, at most `limit`. */
function firstToEnd(nodes: readonly ReadonlyTaskNode[], limit: number): readonly ReadonlyTaskNode[] {
  if (nodes.length <= limit) return nodes;
  const endOf = ({ task: { leaseUntil = Infinity } }: ReadonlyTaskNode) => leaseUntil;
  return nodes.toSorted((a, b) => endOf(a) - endOf(b) || a.task.order - b.task.order).slice(0, limit);
}

const NONE: readonly never[] = [];

/**
 * How things stand for an instance.
 *
 * @param lostTasks what it had lost before it called
 */
export function heartbeatOf(state: ReadonlyState, id: string, lostTasks: readonly string[] = NONE): Heartbeat {
  const instance = state.instances.get(id)?.instance;
  const holding = heldBy(state, id).slice(0, MAX_SCANNED);
  return {
    instance: id,
    ...(instance !== undefined && { status: instance.status }),
    ...(instance?.expiresAt !== undefined && { expiresAt: instance.expiresAt }),
    holding: holding.map(({ task: { id, attempt, leaseUntil } }) => {
      return { id, attempt, ...(leaseUntil !== undefined && { leaseUntil }) };
    }),
    lostTasks,
    urgent: urgentFor(state, profileIn(state, id)),
  };
}
