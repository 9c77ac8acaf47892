/**
 * The rules for sessions. A task that a client on stdio claimed is of its session: no other connected client may end it
 * without its attempt. Without `timeout_ms` it is also kept for its holder as long as that client is connected: when the
 * session ends, the task goes back after a grace, unless its instance calls in another session before. With `timeout_ms` it
 * goes by its lease alone. Either is of the session in which its instance calls next.
 */

import type { CommandOf, CommandType, Context } from "../messages/commands.ts";
import type { Event, EventOf } from "../messages/events.ts";
import { type Caller, sessionOf } from "../model/access.ts";
import { MAX_DURATION_MS, MAX_RECORD_TASKS } from "../model/limits.ts";
import { Refusal, refuse } from "../model/refusal.ts";
import type { Task } from "../model/task.ts";
import { isOpenTo } from "../state/evolve_sessions.ts";
import { nameSome } from "../model/text.ts";
import { firstCreated } from "../state/lookup.ts";
import { sessionsWithNews } from "../state/news.ts";
import { UNSEEN, wholeOf } from "../state/sight.ts";
import type { ReadonlyState } from "../state/state.ts";
import { heldElsewhere } from "../views/sessions.ts";
import { checkNumber } from "./checks/settings.ts";
import type { Deciders } from "./decision.ts";
import { signOfLife } from "./heartbeat.ts";
import { timeAfter } from "../state/timers.ts";

export const sessionDeciders: Deciders<"end_session" | "resume_tasks"> = {
  end_session(state, { session, how, graceMs }, { now }) {
    checkNumber(graceMs, "The grace of a session", { least: 0, most: MAX_DURATION_MS });
    const tasks = firstCreated(state.sessions.get(session) ?? NONE, MAX_RECORD_TASKS).map(({ task }) => task.id);
    const hasEnded = tasks.length > 0 || Iterator.from(sessionsWithNews(state)).some((each) => each === session);
    return {
      events: !hasEnded ? NONE : [{ type: `session.${how}`, session, until: timeAfter(now, graceMs), tasks }],
      answer: (after) => ({ ended: tasks.length, remaining: after.sessions.get(session)?.size ?? 0 }),
    };
  },

  resume_tasks(state, { session, calls }) {
    const events: Event[] = [];
    let resumed = 0;
    const lastCalls = new Map(calls.map(({ instance, at }) => [instance, at]));
    for (const [instance, at] of lastCalls) {
      for (const event of resumption(state, { session, instance, at, limit: MAX_RECORD_TASKS - resumed })) {
        events.push(event);
        resumed += event.tasks.length;
      }
    }
    return { events, answer: () => ({ resumed }) };
  },
};

/** The events of a call of an instance in a session: its tasks whose sessions ended are of this one. */
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
    : resumption(state, { session, ...sign, at: Infinity, limit: MAX_RECORD_TASKS });
}

interface Return {
  readonly session: string;
  readonly instance: string;
  /** When the instance called in the session: it holds what it claimed before. */
  readonly at: number;
  readonly limit: number;
  readonly endedTask?: string | undefined;
}

function resumption(
  state: ReadonlyState,
  { session, instance, at, limit, endedTask }: Return,
): readonly EventOf<"session.resumed">[] {
  const isWanted = ({ task }: { readonly task: Task }) => isOpenTo(task, at) && task.id !== endedTask;
  const tasks = firstCreated(state.held.get(instance) ?? NONE, limit, isWanted).map(({ task }) => task.id);
  return tasks.length === 0 ? NONE : [{ type: "session.resumed", session, instance, tasks }];
}

/** Refuses to leave in the name of an instance for which another connected client holds tasks. */
export function checkNotInUse(state: ReadonlyState, instance: string, caller: Caller): void {
  const shown = heldElsewhere(state, instance, caller);
  const tasks = shown ?? (heldElsewhere(wholeOf(state), instance, caller) && [UNSEEN]);
  if (tasks === undefined) return;
  throw new Refusal(
    "instance_in_use",
    `Cannot leave as instance id ${instance} is in use in two connected clients, and the other one holds ` +
      `${nameSome(tasks)}: leave there, or call release_task for each`,
    { instance, tasks: shown ?? [] },
  );
}

/**
 * The refusal of a call about a task that another connected client claimed under the same instance id. It does not tell
 * the attempt, which only the client that claimed the task was told; but anybody may take a task from a worker that hangs.
 */
export function otherSessionRefusal({ id, assignedTo = "", attempt }: Task, action: string): Refusal {
  const inUse = `instance id ${assignedTo} is in use in two connected clients, and the other one claimed this task`;
  const data = { id, instance: assignedTo };
  if (action === "claim") {
    return new Refusal("instance_in_use", `Cannot claim task ${id} as ${inUse}: use another instance_id`, data);
  }
  const why = `Cannot ${action} task ${id} without its attempt: ${inUse}`;
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
