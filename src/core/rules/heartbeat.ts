/**
 * Heartbeats. Every call of an instance is one: it extends the instance's own time and the leases of its tasks.
 */

import type { CommandOf, CommandType, Context, Heartbeat } from "../messages/commands.ts";
import type { Event, EventOf } from "../messages/events.ts";
import { MAX_RECORD_TASKS, MAX_SCANNED } from "../model/limits.ts";
import { heldBy, inOrderOfCreation } from "../state/lookup.ts";
import { profileIn, urgentFor } from "../state/next_claim.ts";
import type { ReadonlyState, ReadonlyTaskNode } from "../state/state.ts";
import { isRunningOut } from "../state/timers.ts";
import { timeAfter } from "./retry_policy.ts";

/**
 * By which share of its term a time is extended beyond the term. A call within this margin writes nothing and still
 * leaves the instance its whole term.
 */
const MARGIN = 0.5;

/**
 * The events that a call of an instance causes by itself: none while all of its times are at least a term away.
 *
 * @param isAccepted whether the command is carried out; only then its answer can name lost tasks
 */
export function heartbeatEvents<K extends CommandType>(
  state: ReadonlyState,
  command: CommandOf<K>,
  { now }: Pick<Context, "now">,
  isAccepted = true,
): readonly Event[] {
  const sign = signOfLife(command, isAccepted);
  if (sign === undefined) return NONE;
  const { instance: id, endedTask } = sign;
  // A command that ends a task ends its lease.
  const leases = extendedLeases(state, id, { now, endedTask });
  // `instance.registered` sets all fields of the instance.
  const instance = command.type === "register_instance" ? undefined : state.instances.get(id)?.instance;
  const { ttlMs, expiresAt = Infinity, status, lostTasks } = instance ?? {};
  const wasLost = status === "lost";
  const isPresent = status === "active" || status === "draining";
  const isExpiring = ttlMs !== undefined && (wasLost || (isPresent && isRunningOut(expiresAt, ttlMs, now)));
  const namesLostTasks = isAccepted && (command.type === "claim_task" || command.type === "heartbeat");
  const isTold = namesLostTasks && lostTasks !== undefined;
  if (leases.length === 0 && !wasLost && !isExpiring && !isTold) return NONE;
  return [{
    type: "instance.renewed",
    instance: id,
    ...(isExpiring && { expiresAt: extended(now, ttlMs) }),
    ...(isTold && { isTold }),
    leases,
  }];
}

/** An instance that a command shows to be alive, and the task that the command ends. */
export interface SignOfLife {
  readonly instance: string;
  readonly endedTask: string | undefined;
}

/**
 * The sign of life that a command gives; undefined if it gives none. Anybody may release a task, or leave, in the name of a
 * dead instance: neither shows that it is alive.
 *
 * @param isAccepted whether the command is carried out
 */
export function signOfLife<K extends CommandType>(command: CommandOf<K>, isAccepted: boolean): SignOfLife | undefined {
  const isSign = "instance" in command && command.type !== "release_task" && command.type !== "leave";
  if (!isSign) return undefined;
  const isEnd = isAccepted && (command.type === "complete_task" || command.type === "fail_task");
  return { instance: command.instance, endedTask: isEnd && "id" in command ? command.id : undefined };
}

/** The leases of an instance that its call extends, at most `MAX_RECORD_TASKS`, in the order of creation. */
function extendedLeases(
  state: ReadonlyState,
  instance: string,
  { now, endedTask }: { readonly now: number; readonly endedTask: string | undefined },
): EventOf<"instance.renewed">["leases"] {
  const due: ReadonlyTaskNode[] = [];
  for (const node of state.held.get(instance) ?? NONE) {
    const { id, timeoutMs, leaseUntil = Infinity } = node.task;
    if (timeoutMs !== undefined && isRunningOut(leaseUntil, timeoutMs, now) && id !== endedTask) due.push(node);
  }
  return inOrderOfCreation(firstToEnd(due, MAX_RECORD_TASKS)).map(({ task: { id, timeoutMs = 0 } }) => {
    return { id, until: extended(now, timeoutMs) };
  });
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
 * The answer to a heartbeat of an instance.
 *
 * @param lostTasks the tasks that it lost before it called
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
