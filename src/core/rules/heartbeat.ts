/**
 * Heartbeats. Every call of an instance is one: it extends the instance's own time and the leases of its tasks.
 */

import type { CommandOf, CommandType, Context, Heartbeat } from "../messages/commands.ts";
import type { Event } from "../messages/events.ts";
import { type Caller, sessionOf } from "../model/access.ts";
import { MAX_SCANNED } from "../model/limits.ts";
import type { News } from "../model/news.ts";
import { heldBy } from "../state/lookup.ts";
import { hasNews } from "../state/news.ts";
import { profileIn, urgentFor } from "../state/next_claim.ts";
import type { ReadonlyState } from "../state/state.ts";
import { isOfOtherSession } from "../views/sessions.ts";
import { extended, isRunningOut, tasksToRenew } from "../state/timers.ts";
import { heldTaskOf } from "../views/holding.ts";

/**
 * The events that a call of an instance causes by itself: none while all of its times are at least a term away.
 *
 * @param seen the state as the caller sees it, if the command is carried out: only then its answer can tell news
 */
export function heartbeatEvents<K extends CommandType>(
  state: ReadonlyState,
  command: CommandOf<K>,
  { now, caller }: Pick<Context, "now" | "caller">,
  seen?: ReadonlyState,
): readonly Event[] {
  const sign = signOfLife(command, seen !== undefined);
  if (sign === undefined) return NONE;
  const { instance: id, endedTask } = sign;
  const session = sessionOf(caller);
  const reported = seen !== undefined ? reportedElsewhere(state, command, caller) : undefined;
  // A command that ends a task ends its lease.
  const isRenewing = tasksToRenew(state.held.get(id), { session, reported, now })
    .some(({ task }) => task.id !== endedTask);
  // `instance.registered` sets all fields of the instance.
  const instance = command.type === "register_instance" ? undefined : state.instances.get(id)?.instance;
  const { ttlMs, expiresAt = Infinity, status, wasDraining } = instance ?? {};
  const wasLost = status === "lost";
  const isPresent = status === "active" || status === "draining";
  const isExpiring = ttlMs !== undefined && (wasLost || (isPresent && isRunningOut(expiresAt, ttlMs, now)));
  const isUnread = "isUnread" in command && command.isUnread === true;
  const isTold = seen !== undefined && !isUnread && tellsAllNews(command.type) &&
    hasNews(seen, { instance: id, session, about: reportedTask(command) });
  if (!isRenewing && !wasLost && !isExpiring && !isTold) return NONE;
  return [{
    type: "instance.renewed",
    instance: id,
    ...(isExpiring && { expiresAt: extended(now, ttlMs) }),
    ...(isTold && { isTold, ...audiencesIn(seen) }),
    ...(session !== undefined && (isTold || isShared(state, id, caller)) && { session }),
    ...(reported !== undefined && { reported }),
    ...(wasLost && wasDraining === true && { isDraining: true }),
  }];
}

/** The audiences of the caller who sees a state, as a field of events; none if it has none. */
export function audiencesIn({ sight }: Pick<ReadonlyState, "sight">): { readonly audiences?: readonly string[] } {
  return sight === undefined ? {} : { audiences: sight.audiences };
}

/** Whether another connected client has tasks of an instance. O(tasks that it holds). */
function isShared(state: ReadonlyState, instance: string, caller: Caller): boolean {
  return Iterator.from(state.held.get(instance) ?? []).some(({ task }) => isOfOtherSession(task, caller));
}

/** The task of another connected client that an accepted report of progress is about: it names the attempt. */
function reportedElsewhere(state: ReadonlyState, command: CommandOf<CommandType>, caller: Caller): string | undefined {
  if (command.type !== "report_progress" || !("id" in command)) return undefined;
  const task = state.tasks.get(command.id)?.task;
  return task !== undefined && isOfOtherSession(task, caller) ? task.id : undefined;
}

/** The commands that report on a held task. */
const REPORTS: readonly CommandType[] = ["report_progress", "complete_task", "fail_task"];

/**
 * The commands whose answers tell an instance all news. `release_task` is none of them: anybody may release a task in the
 * name of its holder, and the holder would not read that answer.
 */
const TELLING: ReadonlySet<CommandType> = new Set<CommandType>([
  "claim_task",
  "heartbeat",
  "register_instance",
  ...REPORTS,
]);

/** Whether the answer to a command tells its instance all news. */
export function tellsAllNews(type: CommandType): boolean {
  return TELLING.has(type);
}

/** The task that a command reports on: its own events say that the notes on it were told. */
function reportedTask(command: CommandOf<CommandType>): string | undefined {
  return REPORTS.includes(command.type) && "id" in command ? command.id : undefined;
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
  if (!("instance" in command) || command.type === "release_task" || command.type === "leave") return undefined;
  // Of notes and cancellations, the instance may be unknown.
  if (command.instance === undefined) return undefined;
  const isEnd = isAccepted && (command.type === "complete_task" || command.type === "fail_task");
  return { instance: command.instance, endedTask: isEnd && "id" in command ? command.id : undefined };
}

const NONE: readonly never[] = [];

/**
 * The answer to a heartbeat of an instance.
 *
 * @param news what it had not been told before it called
 * @param caller is not told of what another client of the same instance id holds
 */
export function heartbeatOf(
  state: ReadonlyState,
  id: string,
  { caller, news: { lostTasks = NONE, ...news } }: Pick<Context, "caller"> & { readonly news: News },
): Heartbeat {
  const instance = state.instances.get(id)?.instance;
  const holding = heldBy(state, id).filter(({ task }) => !isOfOtherSession(task, caller)).slice(0, MAX_SCANNED);
  return {
    instance: id,
    ...(instance !== undefined && { status: instance.status }),
    ...(instance?.expiresAt !== undefined && { expiresAt: instance.expiresAt }),
    holding: holding.map(({ task }) => heldTaskOf(task)),
    lostTasks,
    ...news,
    urgent: urgentFor(state, profileIn(state, id)),
  };
}
