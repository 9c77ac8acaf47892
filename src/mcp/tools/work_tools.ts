/**
 * The tools of whoever does the tasks.
 */

import { z } from "zod";
import { isFutile } from "../../app/waiter.ts";
import { MAX_WAITERS, type WaitedClaim } from "../../app/waiting.ts";
import type { Claim, NoTasks, Urgent } from "../../core/messages/commands.ts";
import { shortened } from "../../core/model/text.ts";
import { isoTime, type Json, presentAttempt, presentCompact, presentTask } from "../present.ts";
import { JSON_TEXT } from "../read_arguments.ts";
import { adds, type CallContext, changes, defineTool, noEffectOf, type Tool, type ToolAnswer } from "../tool.ts";
import { attempt, defined, dependencies, instanceId, names, taskId, toDependencies } from "./task_arguments.ts";
import { taskAnswer } from "./task_tools.ts";

const holding = { task_id: taskId, instance_id: instanceId };

export const WORK_TOOLS: readonly Tool[] = [
  defineTool({
    name: "get_next_task",
    description:
      "Claim the next ready task, or the one named by task_id, for you alone. inputs are the results of its " +
      "dependencies. If there is none, status is no_tasks and message says why; with wait_ms it waits for one first, " +
      "which beats asking again.",
    input: {
      instance_id: instanceId,
      task_id: taskId.optional(),
      wait_ms: z.int().min(0).optional(),
      roles: names.optional(),
      capabilities: names.optional(),
    },
    annotations: adds,
    withoutEffect: ({ task_id, wait_ms }) =>
      task_id !== undefined && wait_ms !== undefined && wait_ms > 0
        ? noEffectOf({ wait_ms }, "a task named by task_id is claimed at once or not at all")
        : undefined,
    async run({ instance_id, task_id, wait_ms = 0, roles, capabilities }, context) {
      const { waiting, caller, signal } = context;
      const onWaiting = reporter(wait_ms, context);
      const claim = await waiting.claim(
        { type: "claim_task", instance: instance_id, ...defined({ id: task_id, roles, capabilities }) },
        caller,
        { waitMs: wait_ms, signal, ...(onWaiting !== undefined && { onWaiting }) },
      );
      return claimAnswer(claim, waitNote(claim, wait_ms, waiting.maxWaitMs));
    },
  }),
  defineTool({
    name: "report_progress",
    description:
      "Say how far a task you hold is. Extends its lease; others see it, and the next attempt gets the message.",
    input: { ...holding, percent: z.number().optional(), message: z.string().optional(), attempt },
    isBrief: true,
    annotations: changes,
    async run({ task_id, instance_id, attempt, percent, message }, { execute }) {
      const { task, urgent } = await execute({
        type: "report_progress",
        ...holdingOf({ task_id, instance_id, attempt }),
        ...defined({ percent, message }),
      });
      return { json: { ...presentCompact(task), ...leaseOf(task.leaseUntil), ...urgentOf(urgent) } };
    },
  }),
  defineTool({
    name: "complete_task",
    description: "Finish a task you hold, with a result that the tasks depending on it get as input.",
    input: { ...holding, result: z.string().register(JSON_TEXT, { isKeptAsJson: true }), attempt },
    annotations: changes,
    async run({ task_id, instance_id, result, attempt }, { execute }) {
      const { completed, unlocked, unlockedCount, urgent } = await execute({
        type: "complete_task",
        ...holdingOf({ task_id, instance_id, attempt }),
        result,
      });
      return {
        json: {
          completed_task: presentCompact(completed),
          unlocked_tasks: unlocked.map((task) => presentCompact(task)),
          ...(unlockedCount > unlocked.length && { unlocked_count: unlockedCount }),
          ...urgentOf(urgent),
        },
      };
    },
  }),
  defineTool({
    name: "fail_task",
    description: "End a task you hold as failed. What depends on it is blocked until retry_task. retryable: try it " +
      "again after a pause, while attempts are left.",
    input: { ...holding, error: z.string(), retryable: z.boolean().optional(), attempt },
    isBrief: true,
    annotations: changes,
    async run({ task_id, instance_id, error, retryable, attempt }, { execute }) {
      return taskAnswer(
        await execute({
          type: "fail_task",
          ...holdingOf({ task_id, instance_id, attempt }),
          error,
          ...defined({ isRetryable: retryable }),
        }),
      );
    },
  }),
  defineTool({
    name: "release_task",
    description: "Hand back a task you hold, so that another can claim it; with dependencies, once these are met. " +
      "Also frees a dead worker's task: give its id.",
    input: { ...holding, reason: z.string().optional(), dependencies, attempt },
    isBrief: true,
    isForOthers: true,
    annotations: adds,
    async run({ task_id, instance_id, reason, dependencies, attempt }, { execute }) {
      return taskAnswer(
        await execute({
          type: "release_task",
          ...holdingOf({ task_id, instance_id, attempt }),
          ...defined({ reason, dependencies: dependencies && toDependencies(dependencies) }),
        }),
      );
    },
  }),
];

/** Urgent tasks that could be taken up instead, where there are any. */
export function urgentOf(urgent: readonly Urgent[]): Json {
  return urgent.length === 0 ? {} : { urgent: urgent.map(({ id, description }) => presentUrgent(id, description)) };
}

function presentUrgent(id: string, description: string): Json {
  return { id, description: shortened(description, MAX_URGENT_CHARACTERS) };
}

/** Most characters of an urgent task's description in a hint. */
const MAX_URGENT_CHARACTERS = 100;

function leaseOf(leaseUntil: number | undefined): Json {
  return leaseUntil === undefined ? {} : { leaseUntil: isoTime(leaseUntil) };
}

/** What became of a wait that was not carried out as asked for. */
function waitNote(claim: WaitedClaim, waitMs: number, maxWaitMs: number): string | undefined {
  if (claim.task !== undefined || waitMs === 0 || claim.none.reason === "superseded") return undefined;
  if (isFutile(claim)) return "wait_ms had no effect: waiting does not change that.";
  if (claim.isCrowded === true) {
    return `wait_ms had no effect, as ${MAX_WAITERS} claims wait in this server already: call again once one of them has ` +
      "been answered, or let fewer instances wait.";
  }
  return waitMs > maxWaitMs ? `wait_ms can be ${maxWaitMs} at most: call again to wait longer.` : undefined;
}

function claimAnswer(claim: Claim, waited: string | undefined): ToolAnswer {
  const lost = claim.lostTasks === undefined ? {} : { lost_tasks: claim.lostTasks };
  if (claim.task === undefined) {
    return {
      json: { ...presentNoTasks(claim.none), ...lost },
      ...(waited !== undefined && { note: waited }),
    };
  }
  const { task, inputs, moreInputs, previous } = claim;
  return {
    json: {
      ...presentTask(task),
      ...(inputs.length > 0 && { inputs }),
      ...(moreInputs > 0 && { more_inputs: moreInputs }),
      ...(previous !== undefined && { previous: presentAttempt(previous) }),
      ...lost,
    },
    ...((moreInputs > 0 || inputs.some((input) => input.truncated)) && {
      note: "Some results of dependencies are cut or left out: get_task_details has them whole.",
    }),
  };
}

function presentNoTasks(none: NoTasks): Json {
  const { reason, message, running, runningCount, blockedBy, blockedCount, holding, unmatched, nextAt, clockWarning } =
    none;
  return {
    status: "no_tasks",
    reason,
    message,
    running,
    running_count: runningCount,
    blocked_by: blockedBy,
    blocked_count: blockedCount,
    holding,
    ...(unmatched.length > 0 && { unmatched }),
    ...(nextAt !== undefined && { next_at: isoTime(nextAt) }),
    ...(clockWarning !== undefined && { clock_warning: clockWarning }),
  };
}

/** Tells the client that it waits and for what, if it asked to be told. */
function reporter(waitMs: number, { report, waiting }: CallContext) {
  if (report === undefined) return undefined;
  const total = Math.min(waitMs, waiting.maxWaitMs);
  return (waitedMs: number, claim: Claim) => {
    const message = claim.task === undefined ? claim.none.message : "";
    report({ progress: Math.round(waitedMs), total, message });
  };
}

function holdingOf(args: { task_id: string; instance_id: string; attempt: number | undefined }) {
  const { task_id, instance_id, attempt } = args;
  return { id: task_id, instance: instance_id, ...defined({ attempt }) };
}
