/**
 * The rules for claims: an instance claims the next task, or a named one if nothing forbids that.
 */

import type { Context } from "../messages/commands.ts";
import type { EventOf } from "../messages/events.ts";
import { type Caller, sessionOf } from "../model/access.ts";
import { checkAll } from "../model/faults.ts";
import { MAX_NAMED } from "../model/limits.ts";
import { type Refusal, refuse } from "../model/refusal.ts";
import type { Remedy } from "../model/remedies.ts";
import { describePause } from "../model/project.ts";
import type { Task } from "../model/task.ts";
import { nameSome } from "../model/text.ts";
import { blockersOf, nameBlockerWithState } from "../state/blockers.ts";
import { isEligible, type Kind, missingOf, notAuthorOf, type Profile } from "../state/eligibility.ts";
import { countHeldBy, findGroup, findTask } from "../state/lookup.ts";
import { mayClaimMore, nextClaim, profileIn } from "../state/next_claim.ts";
import { untoldPreamble } from "../state/preamble.ts";
import { pointersNeeded } from "../state/result_needs.ts";
import { describeLimit, limitsOf } from "../state/readiness.ts";
import type { ReadonlyState, ReadonlyTaskNode } from "../state/state.ts";
import { timeAfter } from "../state/timers.ts";
import { clockWarning } from "../views/clock_warning.ts";
import { reasonOf, remediesForStatus } from "../views/explain.ts";
import { holdingOf } from "../views/holding.ts";
import { inputsOf } from "../views/inputs.ts";
import { newsFor, withNotesOn } from "../views/news.ts";
import { hintToFormerIds, hintToHolder } from "../views/not_connected.ts";
import { type Claiming, noTasks, noTasksReason } from "../views/no_tasks.ts";
import { type Asker, asksOf, remediesForLimit } from "../views/roots.ts";
import { checkNewInstance } from "./checks/instance.ts";
import { checkNames } from "./checks/settings.ts";
import { type Deciders, viewIn, wrongState } from "./decision.ts";
import { heldElsewhere, isOfOtherSession } from "../views/sessions.ts";
import { otherSessionRefusal } from "./sessions.ts";

export const claimDeciders: Deciders<"claim_task"> = {
  claim_task(state, command, context) {
    const { instance, id, group, roles, capabilities } = command;
    checkAll(
      () => checkNewInstance(state, instance),
      () => checkNames(roles ?? [], "Role", `of instance ${instance}`),
      () => checkNames(capabilities ?? [], "Capability", `of instance ${instance}`),
      () => id === undefined ? group !== undefined && findGroup(state, group) : findTask(state, id),
    );
    const profile = profileIn(state, instance, command);
    const claimer = { profile, group, caller: context.caller };
    const elsewhere = heldElsewhere(state, instance, context.caller);
    const shared = elsewhere !== undefined && { heldElsewhere: elsewhere };
    const node = id === undefined
      ? mayClaimMore(state, instance) ? nextClaim(state, profile, group) : undefined
      : requireClaimable(state, findTask(state, id), claimer);
    const news = newsFor(state, {
      instance,
      caller: context.caller,
      ...(node !== undefined && { about: node.task.id }),
    });
    if (node === undefined) {
      const warning = clockWarning(context);
      const answer = (after: ReadonlyState) => {
        const none = { ...noTasks(after, claimer, group), ...(warning !== undefined && { clockWarning: warning }) };
        return { task: undefined, none, ...news, ...shared };
      };
      return { events: [], answer };
    }
    const { task } = node;
    const previous = task.pastAttempts?.at(-1);
    const pointers = pointersNeeded(state, node);
    const isRepeated = task.status === "in_progress";
    // Who claims again what it holds may have lost its context.
    const preamble = isRepeated ? node.group?.group.preamble : untoldPreamble(node.group, instance);
    const claimed = {
      ...claimEvent(task, instance, context),
      ...(preamble !== undefined && { preamble: true as const }),
    };
    return {
      events: isRepeated ? [] : [claimed],
      answer: (after) => ({
        task: viewIn(after, task.id),
        ...inputsOf(findTask(after, task.id)),
        ...holdingOf(after, { instance, except: task.id, caller: context.caller }),
        ...(previous !== undefined && { previous }),
        ...(pointers.length > 0 && { resultMustHave: pointers }),
        ...(preamble !== undefined && { preamble }),
        ...(isRepeated ? { isRepeated } : formerIdsFor(after, instance, context.caller)),
        ...withNotesOn(task, news),
        ...shared,
      }),
    };
  },
};

/** For an instance that holds only what it has just claimed: the ids that it may have had before a restart. */
function formerIdsFor(after: ReadonlyState, instance: string, caller: Caller): { readonly formerIds?: string } {
  const formerIds = countHeldBy(after, instance) === 1 ? hintToFormerIds(after, instance, caller) : "";
  return formerIds === "" ? {} : { formerIds };
}

/** The claim of a task that `instance` may claim: kept by a lease, or else by the session of the client. */
function claimEvent(
  { id, attempt, timeoutMs }: Task,
  instance: string,
  { now, caller, leaseMs: defaultMs }: Context,
): EventOf<"task.claimed"> {
  const session = sessionOf(caller);
  const leaseMs = session === undefined ? defaultMs : undefined;
  const termMs = timeoutMs ?? leaseMs;
  return {
    type: "task.claimed",
    id,
    instance,
    attempt: attempt + 1,
    ...(termMs !== undefined && { leaseUntil: timeAfter(now, termMs) }),
    ...(leaseMs !== undefined && { leaseMs }),
    ...(session !== undefined && { session }),
  };
}

/** A claim by name, and the group that a claim without an id would be of. */
interface Claimer extends Claiming {
  readonly group?: string | undefined;
}

/**
 * Returns the node if the instance may claim it by name, or holds it already: a repeated call gets the same answer.
 *
 * @throws Refusal otherwise
 */
function requireClaimable(
  state: ReadonlyState,
  node: ReadonlyTaskNode,
  claimer: Claimer,
): ReadonlyTaskNode {
  const { task } = node;
  const isOwn = task.status === "in_progress" && task.assignedTo === claimer.profile.instance;
  if (isOwn && isOfOtherSession(task, claimer.caller)) throw otherSessionRefusal(task, "claim");
  const refusal = claimRefusal(state, node, claimer);
  if (refusal !== undefined) throw refusal;
  return node;
}

/** The refusal of a claim by name; undefined if the instance may claim the task or holds it already. */
export function claimRefusal(
  state: ReadonlyState,
  node: ReadonlyTaskNode,
  { profile, caller, group }: Claimer,
): Refusal | undefined {
  const { task, standing, lane } = node;
  const { id } = task;
  const { instance } = profile;
  const asker = { instance, caller };
  if (task.status === "in_progress") {
    if (task.assignedTo === instance) return undefined;
    const hasOther = mayClaimMore(state, instance) && nextClaim(state, profile, group) !== undefined;
    const remedies: readonly Remedy[] = hasOther ? [{ type: "claim_next" }] : [];
    return wrongState("claim", task, `it is assigned to instance ${task.assignedTo}${hintToHolder(task)}`, remedies);
  }
  if (task.status !== "pending") {
    const { why, remedies } = reasonOf(state, node, asker);
    return task.status === "completed"
      ? wrongState("claim", task, "it is done", remediesForStatus(state, node))
      : wrongState("claim", task, why, remedies);
  }
  if (standing !== "ready") return notReady(state, node, asker);
  if (lane !== undefined && !isEligible(profile, lane.bucket)) {
    return notEligible(state, node, { profile, bucket: lane.bucket });
  }
  if (!mayClaimMore(state, instance)) {
    const { reason, why, remedies } = noTasksReason(state, { profile, caller });
    const code = reason === "at_capacity" ? "limit_reached" : "not_eligible";
    return refuse(code, `Cannot claim task ${id} as ${why}`, { remedies, data: { id, instance } });
  }
  if (state.pause !== undefined) {
    const why = describePause(state.pause);
    return refuse("limit_reached", `Cannot claim task ${id} as ${why}`, {
      remedies: [{ type: "resume_project" }],
      data: { id, reasons: [why] },
    });
  }
  const limits = limitsOf(state, node);
  if (limits.length === 0) return undefined;
  const reasons = limits.map(describeLimit);
  return refuse("limit_reached", `Cannot claim task ${id} now as ${reasons.join(" and ")}`, {
    remedies: limits.flatMap((limit) => remediesForLimit(state, limit, asker)),
    data: { id, reasons },
  });
}

function notEligible(
  state: ReadonlyState,
  node: ReadonlyTaskNode,
  { profile, bucket }: { readonly profile: Profile; readonly bucket: Kind },
): Refusal {
  const { id } = node.task;
  const { instance } = profile;
  const { instance: reservedFor, roles, capabilities, notBy = [] } = asksOf(state, node);
  const lacking = missingOf(profile, bucket);
  const own = notBy.filter((author) => author.instance === instance);
  const why = [
    ...(lacking.length > 0 ? [`lacks ${lacking.join(" and ")}`] : []),
    ...(own.length > 0
      ? [`is the ${nameSome(own.map(({ as, task }) => `${as} of ${task}`))}, which not_by names`]
      : []),
  ];
  return refuse("not_eligible", `Cannot claim task ${id} as instance ${instance} ${why.join(" and ")}`, {
    remedies: [
      ...(reservedFor === undefined && own.length === 0 ? [{ type: "offer", roles, capabilities } as const] : []),
      { type: "update_task", id, change: "requirements" },
    ],
    data: { id, missing: [...lacking, ...own.map(notAuthorOf)] },
  });
}

function notReady(state: ReadonlyState, node: ReadonlyTaskNode, asker: Asker): Refusal {
  const { task: { id }, standing: readiness, delayTimer } = node;
  const { why, names, remedies } = hindranceOf(state, node, asker);
  return refuse("not_ready", `Cannot claim task ${id} as ${why}`, {
    remedies,
    data: {
      id,
      readiness,
      ...(readiness !== "delayed"
        ? { dependencies: names.slice(0, MAX_NAMED), count: names.length }
        : delayTimer !== undefined && { delayedUntil: delayTimer.at }),
    },
  });
}

/** Why a pending task is not ready, in words, and what would make it ready. */
export function hindranceOf(
  state: ReadonlyState,
  node: ReadonlyTaskNode,
  asker: Asker,
): { readonly why: string; readonly names: readonly string[]; readonly remedies: readonly Remedy[] } {
  const { remedies } = reasonOf(state, node, asker);
  if (node.standing === "delayed") {
    const until = new Date(node.delayTimer?.at ?? 0).toISOString();
    return { why: `it is delayed until ${until}`, names: [], remedies };
  }
  const names = blockersOf(node).map(nameBlockerWithState);
  const how = node.standing === "blocked" ? "blocked by" : "waiting for";
  return { why: `it is ${how} ${nameSome(names)}`, names, remedies };
}
