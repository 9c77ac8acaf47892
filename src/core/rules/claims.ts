/**
 * The rules for instances that hold tasks: claiming, reporting, completing, failing, handing back.
 */

import type { CommandOf, Holding } from "../messages/commands.ts";
import type { Event } from "../messages/events.ts";
import { normalize } from "../model/dependency.ts";
import { MAX_ERROR_BYTES, MAX_MESSAGE_BYTES, MAX_NAMED, MAX_REASON_BYTES, MAX_RESULT_BYTES } from "../model/limits.ts";
import { Refusal, refuse } from "../model/refusal.ts";
import type { Remedy } from "../model/remedies.ts";
import type { Task } from "../model/task.ts";
import { head, nameSome } from "../model/text.ts";
import { checkText, hasJsonNumbers, printableNumber } from "../model/values.ts";
import { blockersOf, nameBlockerWithState } from "../state/blockers.ts";
import { isEligible, missingOf, type Profile } from "../state/eligibility.ts";
import { findTask } from "../state/lookup.ts";
import { isFree, nextClaim, profileIn, urgentFor } from "../state/next_claim.ts";
import { describeLimit, limitsOf } from "../state/readiness.ts";
import type { ReadonlyState, ReadonlyTaskNode } from "../state/state.ts";
import { clockWarning } from "../views/clock_warning.ts";
import { reasonOf, remediesFor } from "../views/explain.ts";
import { inputsOf } from "../views/inputs.ts";
import { noTasks, noTasksReason } from "../views/no_tasks.ts";
import { asksOf, endsAgain, reliefOf } from "../views/roots.ts";
import { unlockedBy } from "../views/unlocked.ts";
import { endOfAttempt, lateAttempt, timeAfter } from "./attempts.ts";
import { checkInstance, checkNewInstance } from "./checks/instance.ts";
import { checkNewDependencies } from "./checks/new_tasks.ts";
import { checkNames } from "./checks/settings.ts";
import { type Deciders, viewIn, wrongState } from "./decision.ts";

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
  const refusal = claimRefusal(state, node, profile);
  if (refusal !== undefined) throw refusal;
  return node;
}

/** Why an instance may not claim a task by name. */
function claimRefusal(state: ReadonlyState, node: ReadonlyTaskNode, profile: Profile): Refusal | undefined {
  const { task, standing, lane } = node;
  const { id } = task;
  const { instance } = profile;
  if (task.status === "in_progress") {
    if (task.assignedTo === instance) return undefined;
    const hasOther = isFree(state, instance) && nextClaim(state, profile) !== undefined;
    const remedies: readonly Remedy[] = hasOther ? [{ type: "claim_next" }] : [];
    return wrongState("claim", task, `it is assigned to instance ${task.assignedTo}`, remedies);
  }
  if (task.status !== "pending") {
    const { why, remedies } = reasonOf(state, node);
    return task.status === "completed"
      ? wrongState("claim", task, "it is done", remediesFor(state, node))
      : wrongState("claim", task, why, remedies);
  }
  if (standing !== "ready") return notReady(state, node);
  if (lane !== undefined && !isEligible(profile, lane.bucket)) {
    const missing = missingOf(profile, lane.bucket);
    const { instance: reservedFor, roles, capabilities } = asksOf(node);
    return refuse("not_eligible", `Cannot claim task ${id} as instance ${instance} lacks ${missing.join(" and ")}`, {
      remedies: [
        ...(reservedFor === undefined ? [{ type: "offer", roles, capabilities } as const] : []),
        { type: "update_task", id, change: "requirements" },
      ],
      data: { id, missing },
    });
  }
  if (!isFree(state, instance)) {
    const { reason, why, remedies } = noTasksReason(state, profile);
    const code = reason === "at_capacity" ? "limit_reached" : "not_eligible";
    return refuse(code, `Cannot claim task ${id} as ${why}`, { remedies, data: { id, instance } });
  }
  const limits = limitsOf(node);
  if (limits.length === 0) return undefined;
  const reasons = limits.map(describeLimit);
  return refuse("limit_reached", `Cannot claim task ${id} now as ${reasons.join(" and ")}`, {
    remedies: limits.flatMap((limit) => reliefOf(state, limit)),
    data: { id, reasons },
  });
}

function notReady(state: ReadonlyState, node: ReadonlyTaskNode): Refusal {
  const { task: { id }, standing: readiness, delayTimer } = node;
  const { remedies } = reasonOf(state, node);
  if (readiness === "delayed") {
    const until = new Date(delayTimer?.at ?? 0).toISOString();
    return refuse("not_ready", `Cannot claim task ${id} as it is delayed until ${until}`, {
      remedies,
      data: { id, readiness, ...(delayTimer !== undefined && { delayedUntil: delayTimer.at }) },
    });
  }
  const names = blockersOf(node).map(nameBlockerWithState);
  const how = readiness === "blocked" ? "blocked by" : "waiting for";
  return refuse("not_ready", `Cannot claim task ${id} as it is ${how} ${nameSome(names)}`, {
    remedies,
    data: { id, readiness, dependencies: names.slice(0, MAX_NAMED), count: names.length },
  });
}

/** The task that a call speaks for, unless its attempt is over. */
function fenced(state: ReadonlyState, { id, attempt, instance }: Holding, action: string): Task {
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
function held(state: ReadonlyState, holding: Holding, action: string, isSame: (ended: Task) => boolean): Task {
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
function hasFailedSo(task: Task, { instance, error }: CommandOf<"fail_task">): boolean {
  const last = task.pastAttempts?.at(-1);
  return task.status === "pending" && last?.attempt === task.attempt && last.outcome === "failed" &&
    last.instance === instance && last.message === error;
}
