/**
 * The rules for sessions. A task that a client on stdio claimed without `timeout_ms` is kept for its holder as long as that
 * client is connected. When its session ends, the task goes back after a grace, unless its instance calls in another
 * session before.
 */

import type { CommandOf, CommandType, Context } from "../messages/commands.ts";
import type { Event, EventOf } from "../messages/events.ts";
import { type Caller, sessionOf } from "../model/access.ts";
import { MAX_DURATION_MS, MAX_NAMED, MAX_RECORD_TASKS } from "../model/limits.ts";
import { Refusal, refuse } from "../model/refusal.ts";
import type { Task } from "../model/task.ts";
import { isLeft } from "../state/evolve_sessions.ts";
import { firstCreated } from "../state/lookup.ts";
import type { ReadonlyState } from "../state/state.ts";
import { checkNumber } from "./checks/settings.ts";
import type { Deciders } from "./decision.ts";
import { signOfLife } from "./heartbeat.ts";
import { timeAfter } from "../state/timers.ts";

export const sessionDeciders: Deciders<"end_session" | "resume_tasks"> = {
  end_session(state, { session, how, graceMs }, { now }) {
    checkNumber(graceMs, "The grace of a session", { least: 0, most: MAX_DURATION_MS });
    const tasks = firstCreated(state.sessions.get(session) ?? NONE, MAX_RECORD_TASKS).map(({ task }) => task.id);
    return {
      events: tasks.length === 0 ? NONE : [{ type: `session.${how}`, session, until: timeAfter(now, graceMs), tasks }],
      answer: (after) => ({ ended: tasks.length, remaining: after.sessions.get(session)?.size ?? 0 }),
    };
  },

  resume_tasks(state, { session, instances }) {
    const events: Event[] = [];
    let resumed = 0;
    for (const instance of new Set(instances)) {
      for (const event of resumption(state, { session, instance, limit: MAX_RECORD_TASKS - resumed })) {
        events.push(event);
        resumed += event.tasks.length;
      }
    }
    return { events, answer: () => ({ resumed }) };
  },
};

/** The events of a call of an instance in a session: tasks whose sessions ended are kept for this one. */
export function returnEvents<K extends CommandType>(
  state: ReadonlyState,
  command: CommandOf<K>,
  { caller }: Pick<Context, "caller">,
  isAccepted = true,
): readonly Event[] {
  const session = sessionOf(caller);
  const sign = signOfLife(command, isAccepted);
  // A task that the command ends need not be kept.
  return session === undefined || sign === undefined
    ? NONE
    : resumption(state, { session, ...sign, limit: MAX_RECORD_TASKS });
}

interface Return {
  readonly session: string;
  readonly instance: string;
  readonly limit: number;
  readonly endedTask?: string | undefined;
}

function resumption(
  state: ReadonlyState,
  { session, instance, limit, endedTask }: Return,
): readonly EventOf<"session.resumed">[] {
  const isWanted = ({ task }: { readonly task: Task }) => isLeft(task) && task.id !== endedTask;
  const tasks = firstCreated(state.held.get(instance) ?? NONE, limit, isWanted).map(({ task }) => task.id);
  return tasks.length === 0 ? NONE : [{ type: "session.resumed", session, instance, tasks }];
}

/** Whether another connected client than the caller's claimed a task. False for callers without a session. */
export function isOfOtherSession({ session }: Task, caller: Caller): boolean {
  const own = sessionOf(caller);
  return own !== undefined && session !== undefined && session !== own;
}

/** The tasks that other connected clients hold under an instance id (the first few); undefined if there are none. */
export function heldElsewhere(state: ReadonlyState, instance: string, caller: Caller): readonly string[] | undefined {
  if (sessionOf(caller) === undefined) return undefined;
  const isWanted = ({ task }: { readonly task: Task }) => isOfOtherSession(task, caller);
  const nodes = firstCreated(state.held.get(instance) ?? NONE, MAX_NAMED, isWanted);
  return nodes.length === 0 ? undefined : nodes.map(({ task }) => task.id);
}

/**
 * The refusal of a call about a task that another connected client claimed under the same instance id. It does not tell
 * the attempt, which only the client that claimed the task was told; but anybody may take a task from a worker that hangs.
 */
export function otherSessionRefusal({ id, assignedTo = "", attempt }: Task, action: string): Refusal {
  const why = `Cannot ${action} task ${id} without its attempt: instance id ${assignedTo} is in use in two connected ` +
    "clients, and the other one claimed this task";
  const data = { id, instance: assignedTo };
  if (action === "release") {
    return refuse("instance_in_use", why, { remedies: [{ type: "speak_for", id, attempt }], data });
  }
  return new Refusal(
    "instance_in_use",
    `${why}. If it is yours, repeat the call with the attempt that your claim returned; if not, leave it, and use ` +
      "another instance_id",
    data,
  );
}

const NONE: readonly never[] = [];
