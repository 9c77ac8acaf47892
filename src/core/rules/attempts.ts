/**
 * The rules for attempts under way: their holder reports, completes or fails a task, or hands it back.
 */

import type { CommandOf, Holding } from "../messages/commands.ts";
import type { Event } from "../messages/events.ts";
import { normalize } from "../model/dependency.ts";
import { MAX_ERROR_BYTES, MAX_MESSAGE_BYTES, MAX_REASON_BYTES, MAX_RESULT_BYTES } from "../model/limits.ts";
import { Refusal, refuse } from "../model/refusal.ts";
import type { Remedy } from "../model/remedies.ts";
import type { Attempt, Task } from "../model/task.ts";
import { head } from "../model/text.ts";
import { checkText, hasJsonNumbers, printableNumber } from "../model/values.ts";
import { findTask } from "../state/lookup.ts";
import { profileIn, urgentFor } from "../state/next_claim.ts";
import type { ReadonlyState, ReadonlyTaskNode } from "../state/state.ts";
import { asksOf, endsAgain } from "../views/roots.ts";
import { unlockedBy } from "../views/unlocked.ts";
import { checkInstance } from "./checks/instance.ts";
import { checkNewDependencies } from "./checks/new_tasks.ts";
import { claimRefusal } from "./claims.ts";
import { type Deciders, viewIn, wrongState } from "./decision.ts";
import { endOfAttempt } from "./retry_policy.ts";

export const attemptDeciders: Deciders<"report_progress" | "complete_task" | "fail_task" | "release_task"> = {
  report_progress(state, command) {
    const { id, instance, percent, message } = command;
    const task = held(state, command, "report progress of", () => false);
    if (percent !== undefined && !isPercent(percent)) {
      const shown = printableNumber(percent);
      throw new Refusal("invalid_value", `percent of task ${id} must be a number from 0 to 100, it is ${shown}`, {
        id,
      });
    }
    if (message !== undefined) checkText(message, `Progress message of task ${id}`, MAX_MESSAGE_BYTES);
    return {
      events: [{
        type: "task.progressed",
        id,
        instance,
        attempt: task.attempt,
        ...(percent !== undefined && { percent }),
        ...(message !== undefined && { message }),
      }],
      answer: (after) => ({ task: viewIn(after, id), urgent: urgentFor(after, profileIn(after, instance)) }),
    };
  },

  complete_task(state, command) {
    const { id, instance, result } = command;
    const isSame = (ended: Task) => ended.status === "completed" && ended.result === result;
    const late = fenced(state, command, "complete");
    const task = lateAttempt(late, instance) === undefined ? held(state, command, "complete", isSame) : late;
    checkText(result, `Result of task ${id}`, MAX_RESULT_BYTES);
    return {
      events: task.status === "completed"
        ? []
        : [{ type: "task.completed", id, instance, attempt: task.attempt, result }],
      answer: (after) => ({
        completed: viewIn(after, id),
        ...unlockedBy(findTask(after, id)),
        urgent: urgentFor(after, profileIn(after, instance)),
      }),
    };
  },

  fail_task(state, command, { now }) {
    const { id, instance, error, isRetryable } = command;
    const answer = (after: ReadonlyState) => viewIn(after, id);
    if (isRetryable === true && hasFailedSo(fenced(state, command, "fail"), command)) return { events: [], answer };
    const task = held(state, command, "fail", (ended) => ended.status === "failed" && ended.error === error);
    checkText(error, `Error of task ${id}`, MAX_ERROR_BYTES);
    const end: Event = isRetryable === true
      ? endOfAttempt(task, "failed", now, error)
      : { type: "task.failed", id, instance, attempt: task.attempt, error };
    return { events: task.status === "failed" ? [] : [end], answer };
  },

  release_task(state, command) {
    const { id, reason, dependencies } = command;
    const task = held(state, command, "release", () => false);
    const normal = dependencies && normalize(dependencies);
    if (normal !== undefined) checkNewDependencies(state, id, normal);
    const [release] = releasing(task, reason);
    return {
      events: release === undefined ? [] : [{ ...release, ...(normal !== undefined && { dependencies: normal }) }],
      answer: (after) => viewIn(after, id),
    };
  },
};

export function isPercent(value: number): boolean {
  return hasJsonNumbers(value) && value >= 0 && value <= 100;
}

/** The handing back of a task, if somebody holds it. */
export function releasing({ id, assignedTo, attempt, status }: Task, reason: string | undefined) {
  if (reason !== undefined) checkText(reason, `Reason for releasing task ${id}`, MAX_REASON_BYTES);
  if (status !== "in_progress" || assignedTo === undefined) return [];
  return [{
    type: "task.released" as const,
    id,
    instance: assignedTo,
    attempt,
    ...(reason !== undefined && { reason }),
  }];
}

/** The task that a call speaks for, unless its attempt is over. */
export function fenced(state: ReadonlyState, { id, attempt, instance }: Holding, action: string): Task {
  const { task } = findTask(state, id);
  if (attempt === undefined || attempt === task.attempt) return task;
  const isHolder = task.status === "in_progress" && task.assignedTo === instance;
  throw refuse(
    "stale_attempt",
    `Cannot ${action} attempt ${attempt} of task ${id} as it is at attempt ${task.attempt}` +
      (isHolder ? ": you hold that one" : `: ${whatBecameOf(task, instance)}; drop this work`),
    {
      ...(isHolder && { remedies: [{ type: "speak_for", id, attempt: task.attempt }] }),
      data: { id, attempt, current: task.attempt },
    },
  );
}

/**
 * The task that the caller holds. Where `isSame` says that the task has ended just as the caller now says again,
 * the ended task: a repeated call gets the same answer.
 */
export function held(state: ReadonlyState, holding: Holding, action: string, isSame: (ended: Task) => boolean): Task {
  const { instance, id } = holding;
  checkInstance(state, instance);
  const task = fenced(state, holding, action);
  if (task.assignedTo !== instance) throw notHolder(state, findTask(state, id), instance);
  if (task.status === "in_progress" || isSame(task)) return task;
  // What was given up for lost is taken from its last holder once the task is retried.
  const isLate = action === "complete" && lateAttempt({ ...task, status: "pending" }, instance) !== undefined;
  const isTaken = task.status === "failed" && isLate && !endsAgain(findTask(state, id));
  const became = whatBecameOf(task, instance);
  if (!isTaken) throw wrongState(action, task, `${became}; drop this work`);
  throw wrongState(action, task, `${became}; complete_task works once it is retried`, [{ type: "retry_task", id }]);
}

/** Who else has a task or had it, and how it ended. */
function whatBecameOf({ status, assignedTo, error, reason }: Task, caller: string): string {
  const other = assignedTo === undefined || assignedTo === caller ? "" : `${assignedTo} had it, and `;
  switch (status) {
    case "pending":
      return "nobody holds it now";
    case "in_progress":
      return `${assignedTo} holds it now`;
    case "completed":
      return assignedTo === undefined ? "it is completed" : `${assignedTo} completed it`;
    case "failed":
      return `${other}it failed: ${brief(error || "no error was given")}`;
    case "cancelled":
      return `${other}it was cancelled: ${brief(reason || "no reason was given")}`;
    case "skipped":
      return `${other}it was skipped: ${brief(reason || "its dependencies could not be met")}`;
  }
}

/** Most characters of an error or a reason that a refusal quotes. */
const MAX_QUOTED_CHARACTERS = 200;

function brief(text: string): string {
  return text.length <= MAX_QUOTED_CHARACTERS ? text : `${head(text, MAX_QUOTED_CHARACTERS)}…`;
}

function notHolder(state: ReadonlyState, node: ReadonlyTaskNode, instance: string): Refusal {
  const { task } = node;
  const { id, status, assignedTo } = task;
  const isLate = lateAttempt(task, instance) !== undefined;
  const why = isLate
    ? "it is pending, as its lease expired; complete_task works until somebody else claims it"
    : status === "pending"
    ? "it is pending"
    : status === "in_progress"
    ? `${assignedTo} holds it`
    : `${whatBecameOf(task, instance)}; drop this work`;
  const canClaim = status === "pending" && claimRefusal(state, node, profileIn(state, instance)) === undefined;
  const remedies: readonly Remedy[] = [
    ...(isLate ? [{ type: "end_task", id, how: "completed", instance } as const] : []),
    ...(canClaim ? [{ type: "claim_task", id, asks: { ...asksOf(node), instance } } as const] : []),
  ];
  // From whom it was taken, and who was followed by another, speaks for an attempt that is over.
  const wasFollowed = task.pastAttempts?.some((past) => {
    const wasTaken = past.outcome === "expired" || past.outcome === "lost";
    return wasTaken && past.instance === instance && past.attempt < task.attempt;
  });
  const code = wasFollowed === true ? "stale_attempt" : "not_holder";
  return refuse(code, `Task ${id} is not assigned to instance ${instance}: ${why}`, {
    remedies,
    data: { id, instance, ...(assignedTo !== undefined && { assignedTo }) },
  });
}

/** Whether the call's instance has said the same of this attempt before, and the task waits for another one. */
export function hasFailedSo(task: Task, { instance, error }: CommandOf<"fail_task">): boolean {
  const last = task.pastAttempts?.at(-1);
  return task.status === "pending" && last?.attempt === task.attempt && last.outcome === "failed" &&
    last.instance === instance && last.message === error;
}

/**
 * The attempt that an instance may still complete, though it was taken for over: the task is pending, so nobody has
 * claimed it since, and nobody has acted on its failure.
 */
export function lateAttempt({ status, attempt, pastAttempts }: Task, instance: string): Attempt | undefined {
  const last = pastAttempts?.at(-1);
  if (last === undefined || last.attempt !== attempt || last.instance !== instance) return undefined;
  const isOver = last.outcome === "expired" || last.outcome === "lost";
  return isOver && status === "pending" ? last : undefined;
}
