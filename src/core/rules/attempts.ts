/**
 * The rules for tasks in progress: their holder reports progress, completes, fails or releases them.
 */

import type { CommandOf, Consequences, Context, Holding } from "../messages/commands.ts";
import type { Event } from "../messages/events.ts";
import { union } from "../model/dependency.ts";
import { checkAll } from "../model/faults.ts";
import { MAX_ERROR_BYTES, MAX_MESSAGE_BYTES, MAX_REASON_BYTES, MAX_RESULT_BYTES } from "../model/limits.ts";
import { Refusal, refuse } from "../model/refusal.ts";
import { describeCancellation, type News } from "../model/news.ts";
import type { Remedy } from "../model/remedies.ts";
import { fencedValue, valueOf } from "../model/result.ts";
import type { Attempt, Task } from "../model/task.ts";
import { head } from "../model/text.ts";
import { checkText, hasJsonNumbers, printableNumber } from "../model/values.ts";
import { findTask } from "../state/lookup.ts";
import { profileIn, urgentFor } from "../state/next_claim.ts";
import type { ReadonlyState, ReadonlyTaskNode } from "../state/state.ts";
import { newsFor, withNewNotesOn } from "../views/news.ts";
import { hintToHolder } from "../views/not_connected.ts";
import { type Asker, asksOf, endsAgain } from "../views/roots.ts";
import { skippedBy } from "../views/skipped.ts";
import { unlockedBy } from "../views/unlocked.ts";
import { checkChange } from "./checks/audience.ts";
import { checkInstance } from "./checks/instance.ts";
import { checkNewDependencies } from "./checks/new_tasks.ts";
import { checkDecides } from "./checks/result.ts";
import { checkRefs } from "./checks/settings.ts";
import { claimRefusal, hindranceOf } from "./claims.ts";
import { type Deciders, viewIn, wrongState } from "./decision.ts";
import { endOfAttempt } from "./retry_policy.ts";
import { isOfOtherSession } from "../views/sessions.ts";
import { otherSessionRefusal } from "./sessions.ts";

export const attemptDeciders: Deciders<"report_progress" | "complete_task" | "fail_task" | "release_task"> = {
  report_progress(state, command, context) {
    const { id, instance, percent, message } = command;
    const task = heldTask(state, command, { action: "report progress of", isRepeat: () => false, ...context });
    checkAll(
      () => {
        if (percent === undefined || isPercent(percent)) return;
        const shown = printableNumber(percent);
        throw new Refusal("invalid_value", `percent of task ${id} must be a number from 0 to 100, it is ${shown}`, {
          id,
        });
      },
      () => message !== undefined && checkText(message, `Progress message of task ${id}`, MAX_MESSAGE_BYTES),
    );
    const news = newsOfReport(state, task, { instance, ...context });
    return {
      events: [{
        type: "task.progressed",
        id,
        instance,
        attempt: task.attempt,
        ...(percent !== undefined && { percent }),
        ...(message !== undefined && { message }),
      }],
      answer: (after) => ({
        task: viewIn(after, id),
        urgent: urgentFor(after, profileIn(after, instance)),
        ...news,
      }),
    };
  },

  complete_task(state, command, context) {
    const { id, instance, result, refs = {} } = command;
    const isRepeat = (ended: Task) => ended.status === "completed" && ended.result === result;
    const named = taskAtAttempt(state, command, "complete");
    const isLate = lateAttempt(named, instance) !== undefined;
    const task = isLate ? named : heldTask(state, command, { action: "complete", isRepeat, ...context });
    const allRefs = { ...task.refs, ...refs };
    const { attempt, status } = task;
    const value = fencedValue(result);
    const read = { result, ...(value !== undefined && { value }) };
    checkAll(
      () => {
        checkText(result, `Result of task ${id}`, MAX_RESULT_BYTES);
        if (status !== "completed") checkDecides(state, findTask(state, id), () => valueOf(read));
      },
      () => checkRefs(allRefs, id),
    );
    const news = newsOfReport(state, task, { instance, ...context });
    const given = Object.keys(refs).length > 0 && { refs: allRefs };
    return {
      events: status === "completed"
        ? newRefsEvents(task, refs)
        : [{ type: "task.completed", id, instance, attempt, ...read, ...given }],
      answer: (after) => ({
        completed: viewIn(after, id),
        ...consequencesIn(after, id),
        urgent: urgentFor(after, profileIn(after, instance)),
        ...news,
      }),
    };
  },

  fail_task(state, command, context) {
    const { id, instance, error, isRetryable } = command;
    const answering = (task: Task) => {
      const news = newsOfReport(state, task, { instance, ...context });
      return (after: ReadonlyState) => ({ task: viewIn(after, id), ...consequencesIn(after, id), ...news });
    };
    if (isRetryable === true) {
      const named = taskAtAttempt(state, command, "fail");
      if (isRepeatedFailure(named, command)) return { events: [], answer: answering(named) };
    }
    const isRepeat = (ended: Task) => ended.status === "failed" && ended.error === error;
    const task = heldTask(state, command, { action: "fail", isRepeat, ...context });
    checkText(error, `Error of task ${id}`, MAX_ERROR_BYTES);
    const end: Event = isRetryable === true
      ? endOfAttempt(task, "failed", context.now, error)
      : { type: "task.failed", id, instance, attempt: task.attempt, error };
    return { events: task.status === "failed" ? [] : [end], answer: answering(task) };
  },

  release_task(state, command, context) {
    const { id, instance, reason, dependencies } = command;
    const task = heldTask(state, command, { action: "release", isRepeat: () => false, ...context });
    const normal = dependencies && union(task.dependencies, dependencies);
    checkAll(
      () => reason !== undefined && checkReason(reason, id),
      () => normal !== undefined && checkNewDependencies(state, id, normal),
      () => normal !== undefined && checkChange(state, findTask(state, id), { ...context, dependencies: normal }),
    );
    const [release] = releaseEvents(task, reason);
    return {
      events: release === undefined ? [] : [{ ...release, ...(normal !== undefined && { dependencies: normal }) }],
      // Anybody may release a task in the name of its holder, who is told the other news by another answer.
      answer: (after) => ({ task: viewIn(after, id), ...withNewNotesOn(task, {}, instance) }),
    };
  },
};

function consequencesIn(after: ReadonlyState, id: string): Consequences {
  const node = findTask(after, id);
  return { ...unlockedBy(after, node), ...skippedBy(after, node) };
}

/** The change by a repeated completion: the references that it adds or changes. */
function newRefsEvents({ id, refs: before = {} }: Task, refs: Readonly<Record<string, string>>): readonly Event[] {
  const isNew = Object.entries(refs).some(([name, value]) => !Object.hasOwn(before, name) || before[name] !== value);
  return isNew ? [{ type: "task.updated", id, settings: { refs: { ...before, ...refs } } }] : [];
}

/** The news for who reports on a task. An end of its attempt leaves the notes on it untold: a repeated call gets them again. */
function newsOfReport(
  state: ReadonlyState,
  task: Task,
  { instance, caller }: Pick<Context, "caller"> & { readonly instance: string },
): News {
  return withNewNotesOn(task, newsFor(state, { instance, caller, about: task.id }), instance);
}

function isPercent(value: number): boolean {
  return hasJsonNumbers(value) && value >= 0 && value <= 100;
}

/** The release of a task that an instance holds; empty if none does. */
export function releaseEvents({ id, assignedTo, attempt, status }: Task, reason: string | undefined) {
  if (reason !== undefined) checkReason(reason, id);
  if (status !== "in_progress" || assignedTo === undefined) return [];
  return [{
    type: "task.released" as const,
    id,
    instance: assignedTo,
    attempt,
    ...(reason !== undefined && { reason }),
  }];
}

function checkReason(reason: string, id: string): void {
  checkText(reason, `Reason for releasing task ${id}`, MAX_REASON_BYTES);
}

/** The task that a call names. Throws a `Refusal` if the call names an attempt that is not the current or last one. */
function taskAtAttempt(state: ReadonlyState, { id, attempt, instance }: Holding, action: string): Task {
  const { task } = findTask(state, id);
  if (attempt === undefined || attempt === task.attempt) return task;
  const isHolder = task.status === "in_progress" && task.assignedTo === instance;
  throw refuse(
    "stale_attempt",
    `Cannot ${action} attempt ${attempt} of task ${id} as it is at attempt ${task.attempt}` +
      (isHolder ? ": you hold that attempt" : `: ${describeStatus(task, instance)}; drop this work`),
    {
      ...(isHolder && { remedies: [{ type: "speak_for", id, attempt: task.attempt }] }),
      data: { id, attempt, current: task.attempt },
    },
  );
}

/** A call about a held task. `isRepeat` recognizes the call that ended it. */
interface HolderCall extends Pick<Context, "caller"> {
  readonly action: string;
  readonly isRepeat: (ended: Task) => boolean;
}

/**
 * The task that the caller holds, or held until it ended if the call repeats the one that ended it: a repeated call gets
 * the same answer.
 */
function heldTask(state: ReadonlyState, holding: Holding, { action, isRepeat, caller }: HolderCall): Task {
  const { instance, id } = holding;
  checkInstance(state, instance);
  const task = taskAtAttempt(state, holding, action);
  if (task.assignedTo !== instance) throw notHolder(state, findTask(state, id), { instance, caller });
  if (task.status === "in_progress" && holding.attempt === undefined && isOfOtherSession(task, caller)) {
    throw otherSessionRefusal(task, action);
  }
  if (task.status === "in_progress" || isRepeat(task)) return task;
  // After a retry, the last holder may still complete an attempt that expired or was lost.
  const isLate = action === "complete" && lateAttempt({ ...task, status: "pending" }, instance) !== undefined;
  const isAcceptedAfterRetry = task.status === "failed" && isLate && !endsAgain(findTask(state, id));
  const status = describeStatus(task, instance);
  if (!isAcceptedAfterRetry) throw wrongState(action, task, `${status}; drop this work`);
  throw wrongState(action, task, `${status}; complete_task works once it is retried`, [{ type: "retry_task", id }]);
}

/** The status of a task in words, with its holder or last holder if that is not the caller. */
function describeStatus({ status, assignedTo, error, reason, cancelledBy }: Task, caller: string): string {
  const other = assignedTo === undefined || assignedTo === caller ? "" : `${assignedTo} had it, and `;
  switch (status) {
    case "pending":
      return "nobody holds it now";
    case "in_progress":
      return `${assignedTo} holds it now`;
    case "completed":
      return assignedTo === undefined ? "it is completed" : `${assignedTo} completed it`;
    case "failed":
      return `${other}it failed: ${quoted(error || "no error was given")}`;
    case "cancelled":
      return `${other}it ${describeCancellation(cancelledBy)}: ${quoted(reason || "no reason was given")}`;
    case "skipped":
      return `${other}it was skipped: ${quoted(reason || "its dependencies could not be met")}`;
  }
}

/** Most characters of an error or a reason that a refusal quotes. */
const MAX_QUOTED_CHARACTERS = 200;

function quoted(text: string): string {
  return text.length <= MAX_QUOTED_CHARACTERS ? text : `${head(text, MAX_QUOTED_CHARACTERS)}…`;
}

function notHolder(state: ReadonlyState, node: ReadonlyTaskNode, { instance, caller }: Asker): Refusal {
  const { task } = node;
  const { id, status, assignedTo } = task;
  const isLate = lateAttempt(task, instance) !== undefined;
  // The caller lost its attempt, and another attempt followed: its call is about an attempt that is over.
  const isStale = task.pastAttempts?.some((past) => {
    const wasLost = past.outcome === "expired" || past.outcome === "lost";
    return wasLost && past.instance === instance && past.attempt < task.attempt;
  }) === true;
  // Claiming it first would be refused, too.
  const hindrance = status === "pending" && node.standing !== "ready"
    ? hindranceOf(state, node, { instance, caller })
    : undefined;
  const why = isLate
    ? "it is pending, as its lease expired; complete_task works until somebody else claims it"
    : status === "pending"
    ? hindrance?.why ?? "it is pending"
    : status === "in_progress"
    ? `${assignedTo} holds it${isStale ? "" : hintToHolder(task)}`
    : `${describeStatus(task, instance)}; drop this work`;
  const canClaim = status === "pending" &&
    claimRefusal(state, node, { profile: profileIn(state, instance), caller }) === undefined;
  const remedies: readonly Remedy[] = [
    ...(isLate ? [{ type: "end_task", id, how: "completed", instance } as const] : []),
    ...(canClaim ? [{ type: "claim_task", id, asks: { ...asksOf(state, node), instance } } as const] : []),
    ...(isLate ? [] : hindrance?.remedies ?? []),
  ];
  return refuse(
    isStale ? "stale_attempt" : "not_holder",
    `Task ${id} is not assigned to instance ${instance}: ${why}`,
    {
      remedies,
      data: { id, instance, ...(assignedTo !== undefined && { assignedTo }) },
    },
  );
}

/** Whether the call repeats the failure that ended the last attempt, and no attempt has followed. */
function isRepeatedFailure(task: Task, { instance, error }: CommandOf<"fail_task">): boolean {
  const last = task.pastAttempts?.at(-1);
  return task.status === "pending" && last?.attempt === task.attempt && last.outcome === "failed" &&
    last.instance === instance && last.message === error;
}

/**
 * The attempt that an instance may still complete although it expired or was lost: the task is pending, so nobody has
 * claimed it since, and nobody has acted on its failure.
 */
function lateAttempt({ status, attempt, pastAttempts }: Task, instance: string): Attempt | undefined {
  const last = pastAttempts?.at(-1);
  if (last === undefined || last.attempt !== attempt || last.instance !== instance) return undefined;
  const wasLost = last.outcome === "expired" || last.outcome === "lost";
  return wasLost && status === "pending" ? last : undefined;
}
