/**
 * Corrects the times in a state whose latest record was written by a clock that stood in the future. All indexes depend on
 * them, so the state is replaced by one that is restored from a corrected snapshot. O(tasks).
 */

import type { EventOf } from "../messages/events.ts";
import type { Instance } from "../model/instance.ts";
import type { Note } from "../model/news.ts";
import type { Attempt, Task } from "../model/task.ts";
import type { Webhook } from "../model/webhook.ts";
import { restore, type Snapshot, snapshotOf } from "./snapshot.ts";
import type { State } from "./state.ts";
import { correctedStatistics } from "./statistics.ts";

/** Applies the correction; the state then is as of `to`. */
export function correctClock(state: State, correction: EventOf<"clock.corrected">): void {
  // Nothing keeps a part of a state beyond one event, so all parts can be replaced. Versions of another epoch differ.
  Object.assign(state, restore(corrected(snapshotOf(state), correction), state.epoch + 1));
}

/** The right time for a time of the journal. */
type Correct = (time: number) => number;

function corrected(snapshot: Snapshot, { from, to }: EventOf<"clock.corrected">): Snapshot {
  // What happened after `to` happened by then; what lay ahead of the wrong clock lies as far ahead of the right one.
  const correct: Correct = (time) => time <= to ? time : Math.max(to, time - (from - to));
  return {
    ...snapshot,
    tasks: snapshot.tasks.map((task) => correctedTask(task, correct, to)),
    groups: snapshot.groups.map((group) => withTimes(group, GROUP_TIMES, correct)),
    instances: snapshot.instances.map((instance) => withTimes(instance, INSTANCE_TIMES, correct)),
    templates: snapshot.templates.map(({ versions, ...template }) => {
      return { ...template, versions: versions.map((version) => withTimes(version, GROUP_TIMES, correct)) };
    }),
    ...(snapshot.pause !== undefined && { pause: withTimes(snapshot.pause, ["at"], correct) }),
    webhooks: snapshot.webhooks.map((webhook) => correctedWebhook(webhook, correct)),
    statistics: snapshot.statistics.map((each) => correctedStatistics(each, to)),
    recordedAt: to,
  };
}

const GROUP_TIMES = ["createdAt"] as const;

const INSTANCE_TIMES = ["registeredAt", "seenAt", "expiresAt"] as const satisfies readonly (keyof Instance)[];

/** The times that the journal's clock gave a task. `deadline` and `notBefore` come from its users, and are kept. */
const TASK_TIMES = [
  "createdAt",
  "pendingAt",
  "readyAt",
  "retryAt",
  "startedAt",
  "leaseUntil",
  "finishedAt",
] as const satisfies readonly (keyof Task)[];

const NOTE_TIMES = ["at"] as const satisfies readonly (keyof Note)[];

const ATTEMPT_TIMES = ["startedAt", "endedAt"] as const satisfies readonly (keyof Attempt)[];

function correctedTask(task: Task, correct: Correct, to: number): Task {
  const { overdue, ...rest } = withTimes(task, TASK_TIMES, correct);
  const { progress, pastAttempts, notes, deadline = 0 } = rest;
  return {
    ...rest,
    ...(progress !== undefined && { progress: withTimes(progress, ["at"], correct) }),
    ...(pastAttempts !== undefined && {
      pastAttempts: pastAttempts.map((past) => withTimes(past, ATTEMPT_TIMES, correct)),
    }),
    ...(notes !== undefined && { notes: notes.map((note) => withTimes(note, NOTE_TIMES, correct)) }),
    // A deadline that only the wrong clock has passed is still to come.
    ...(overdue === true && deadline <= to && { overdue }),
  };
}

function correctedWebhook(webhook: Webhook, correct: Correct): Webhook {
  const { previousSecret, disabled, ...rest } = withTimes(webhook, GROUP_TIMES, correct);
  return {
    ...rest,
    ...(previousSecret !== undefined && { previousSecret: withTimes(previousSecret, ["until"], correct) }),
    ...(disabled !== undefined && { disabled: withTimes(disabled, ["at"], correct) }),
  };
}

/** The value with some of its times corrected; the same value if none of them changes. */
function withTimes<T extends object>(value: T, keys: readonly (keyof T)[], correct: Correct): T {
  const changes: Partial<Record<keyof T, number>> = {};
  for (const key of keys) {
    const time = value[key];
    if (typeof time === "number" && correct(time) !== time) changes[key] = correct(time);
  }
  return Object.keys(changes).length === 0 ? value : { ...value, ...changes };
}
