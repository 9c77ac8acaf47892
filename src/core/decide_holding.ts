/**
 * The rules for instances that hold tasks: claiming, reporting, completing, failing, handing back.
 */

import { endOfAttempt, lateAttempt, timeAfter } from "./attempts.ts";
import { checkInstance, checkNewInstance } from "./check_instance.ts";
import { checkNames } from "./check_settings.ts";
import { clockWarning } from "./clock_warning.ts";
import type { CommandOf, Holding } from "./commands.ts";
import { culpritsOf, nameCulpritWithState, wantedOf } from "./culprits.ts";
import { type Deciders, viewIn, WAY_OUT, wrongState } from "./decision.ts";
import { normalize } from "./dependency.ts";
import type { Event } from "./events.ts";
import { checkNewDependencies, nameSome } from "./graph.ts";
import { MAX_ERROR_BYTES, MAX_MESSAGE_BYTES, MAX_NAMED, MAX_REASON_BYTES, MAX_RESULT_BYTES } from "./limits.ts";
import type { Task } from "./model.ts";
import { noTasks } from "./no_tasks.ts";
import { describeLimit, limitsOf } from "./readiness.ts";
import { Refusal } from "./refusal.ts";
import { isEligible, missingOf, type Profile } from "./routing.ts";
import type { ReadonlyState, ReadonlyTaskNode } from "./state.ts";
import { checkText, hasJsonNumbers, printableNumber } from "./validate.ts";
import { findTask, inputsOf, isFree, nextClaim, profileIn, unlockedBy, urgentFor } from "./views.ts";

export const holdingDeciders: Deciders<
  "claim_task" | "report_progress" | "complete_task" | "fail_task" | "release_task"
> = {
  claim_task(state, command, context) {
    const { instance, id, roles, capabilities } = command;
    checkNewInstance(state, instance);
    checkNames(roles ?? [], "Role", `of instance ${instance}`);
    checkNames(capabilities ?? [], "Capability", `of instance ${instance}`);
    const profile = profileIn(state, instance, command);
    const lostTasks = state.instances.get(instance)?.instance.lostTasks;
    const lost = lostTasks !== undefined && { lostTasks };
    const node = id === undefined
      ? isFree(state, instance) ? nextClaim(state, profile) : undefined
      : claimable(state, findTask(state, id), profile);
    if (node === undefined) {
      const warning = clockWarning(context);
      const answer = (after: ReadonlyState) => {
        const none = { ...noTasks(after, profile), ...(warning !== undefined && { clockWarning: warning }) };
        return { task: undefined, none, ...lost };
      };
      return { events: [], answer };
    }
    const { task } = node;
    const previous = task.pastAttempts?.at(-1);
    return {
      events: task.status === "in_progress" ? [] : [claiming(task, instance, context.now)],
      answer: (after) => ({
        task: viewIn(after, task.id),
        ...inputsOf(findTask(after, task.id)),
        ...(previous !== undefined && { previous }),
        ...lost,
      }),
    };
  },

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

function isPercent(value: number): boolean {
  return hasJsonNumbers(value) && value >= 0 && value <= 100;
}

/** The claim of a task that `instance` may claim. */
function claiming({ id, attempt, timeoutMs }: Task, instance: string, now: number): Event {
  return {
    type: "task.claimed",
    id,
    instance,
    attempt: attempt + 1,
    ...(timeoutMs !== undefined && { leaseUntil: timeAfter(now, timeoutMs) }),
  };
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

/** The node if the instance may claim it by name, or holds it already: asking twice gives the same task. */
function claimable(state: ReadonlyState, node: ReadonlyTaskNode, profile: Profile): ReadonlyTaskNode {
  const { task, standing, lane } = node;
  const { instance } = profile;
  if (task.status === "in_progress") {
    if (task.assignedTo === instance) return node;
    throw wrongState(
      "claim",
      task,
      `it is assigned to instance ${task.assignedTo}; get_next_task without task_id gives another`,
    );
  }
  if (task.status !== "pending") {
    throw wrongState("claim", task, task.status === "completed" ? "it is done" : "retry_task makes it pending again");
  }
  if (standing !== "ready") throw notReady(node);
  const missing = lane === undefined || isEligible(profile, lane.bucket) ? [] : missingOf(profile, lane.bucket);
  if (missing.length > 0) {
    throw new Refusal(
      "not_eligible",
      `Cannot claim task ${task.id} as instance ${instance} lacks ${missing.join(" and ")}: give roles and ` +
        "capabilities with register_instance or with the call, or take another task",
      { id: task.id, missing },
    );
  }
  if (!isFree(state, instance)) {
    throw new Refusal("limit_reached", `Cannot claim task ${task.id}: ${noTasks(state, profile).message}`, {
      instance,
    });
  }
  const closed = limitsOf(node).map(describeLimit);
  if (closed.length > 0) {
    throw new Refusal("limit_reached", `Cannot claim task ${task.id} now as ${closed.join(" and ")}`, {
      id: task.id,
      reasons: closed,
    });
  }
  return node;
}

function notReady(node: ReadonlyTaskNode): Refusal {
  const { task, standing: readiness, wake } = node;
  if (readiness === "delayed") {
    return new Refusal(
      "not_ready",
      `Cannot claim task ${task.id} as it is delayed until ${new Date(wake?.at ?? 0).toISOString()}: ask again then`,
      { id: task.id, readiness, ...(wake !== undefined && { delayedUntil: wake.at }) },
    );
  }
  const culprits = culpritsOf(node);
  const names = culprits.map(nameCulpritWithState);
  const isPlain = culprits.every((culprit) => wantedOf(culprit) === "completed");
  const wayOut = readiness === "blocked"
    ? "retry the failed or cancelled ones"
    : isPlain
    ? "they must be completed first"
    : "explain_task says what must happen first";
  return new Refusal(
    "not_ready",
    `Cannot claim task ${task.id} as it is ${readiness === "blocked" ? "blocked by" : "waiting for"} ${
      nameSome(names)
    }; ${wayOut}`,
    { id: task.id, readiness, dependencies: names.slice(0, MAX_NAMED), count: names.length },
  );
}

/** The task that a call speaks for, unless its attempt is over. */
function fenced(state: ReadonlyState, { id, attempt }: Holding, action: string): Task {
  const { task } = findTask(state, id);
  if (attempt === undefined || attempt === task.attempt) return task;
  throw new Refusal(
    "stale_attempt",
    `Cannot ${action} attempt ${attempt} of task ${id} as it is at attempt ${task.attempt}: drop this work, or ` +
      "claim the task again",
    { id, attempt, current: task.attempt },
  );
}

/**
 * The task that the caller holds. Where `isSame` says that the task has ended just as the caller now says again,
 * the ended task: a repeated call gets the same answer.
 */
function held(state: ReadonlyState, holding: Holding, action: string, isSame: (ended: Task) => boolean): Task {
  const { instance } = holding;
  checkInstance(state, instance);
  const task = fenced(state, holding, action);
  if (task.assignedTo !== instance) throw notHolder(task, instance);
  if (task.status === "in_progress" || isSame(task)) return task;
  throw wrongState(action, task, `it has ended, and differently; ${WAY_OUT[task.status]}`);
}

function notHolder(task: Task, instance: string): Refusal {
  const { id, status, assignedTo } = task;
  const isLate = lateAttempt(task, instance) !== undefined;
  const hint = isLate
    ? ", as its lease expired; complete_task still works until somebody else claims it"
    : status === "pending"
    ? "; claim it with get_next_task first"
    : "";
  const how = assignedTo === undefined
    ? `it is ${status}${hint}`
    : `${assignedTo} ${status === "in_progress" ? "holds it" : `had it, and it is ${status}`}`;
  // From whom it was taken, and who was followed by another, speaks for an attempt that is over.
  const wasFollowed = task.pastAttempts?.some((past) => {
    const wasTaken = past.outcome === "expired" || past.outcome === "lost";
    return wasTaken && past.instance === instance && past.attempt < task.attempt;
  });
  const code = wasFollowed === true ? "stale_attempt" : "not_holder";
  return new Refusal(code, `Task ${id} is not assigned to instance ${instance}: ${how}`, {
    id,
    instance,
    ...(assignedTo !== undefined && { assignedTo }),
  });
}

/** Whether the call's instance has said the same of this attempt before, and the task waits for another one. */
function hasFailedSo(task: Task, { instance, error }: CommandOf<"fail_task">): boolean {
  const last = task.pastAttempts?.at(-1);
  return task.status === "pending" && last?.attempt === task.attempt && last.outcome === "failed" &&
    last.instance === instance && last.message === error;
}
