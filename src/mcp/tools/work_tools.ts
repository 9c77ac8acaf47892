/**
 * The tools of workers: claim a task, report progress, end or release it.
 */

import * as z from "zod";
import { isFutile } from "../../app/waiter.ts";
import type { WaitedClaim, Waiting } from "../../app/waiting.ts";
import type { Claim, Consequences, NoTasks, Urgent } from "../../core/messages/commands.ts";
import { isoTime, shortened } from "../../core/model/text.ts";
import type { Json } from "../page.ts";
import { presentNews } from "../present.ts";
import { presentAttempt, presentClaimed, presentCompact, presentHeld } from "../present_task.ts";
import { JSON_TEXT } from "../read_arguments.ts";
import { unlessRepeated } from "../request_id.ts";
import {
  adds,
  type CallContext,
  changes,
  defineTool,
  instanceOf,
  joinNotes,
  noteIgnored,
  type Tool,
  type ToolAnswer,
} from "../tool.ts";
import {
  attempt,
  briefDependencies,
  defined,
  instanceId,
  names,
  refs,
  taskId,
  toDependencies,
} from "./task_arguments.ts";

const holderShape = { task_id: taskId, instance_id: instanceId };

export const WORK_TOOLS: readonly Tool[] = [
  defineTool({
    name: "get_next_task",
    description:
      "Claim the next ready task, or task_id, for you alone. inputs has the results of its dependencies. If none is " +
      "ready, status is no_tasks and message says why; wait_ms waits for one: do not poll.",
    input: {
      instance_id: instanceId,
      task_id: taskId.optional(),
      group: z.string().optional(),
      wait_ms: z.int().min(0).optional(),
      roles: names.optional(),
      capabilities: names.optional(),
    },
    isAlwaysLoaded: true,
    annotations: adds,
    noteUnused: ({ task_id, group, wait_ms }) =>
      task_id === undefined ? undefined : joinNotes([
        noteIgnored({ group }, "task_id names the task"),
        noteIgnored({ wait_ms: wait_ms || undefined }, "a claim with task_id does not wait"),
      ]),
    async run({ task_id, group, wait_ms = 0, roles, capabilities }, context) {
      const { waiting, caller, request, signal } = context;
      const instance = instanceOf(context);
      const onWaiting = reporter(wait_ms, context);
      const { request: id, leaseMs } = request();
      const claim = unlessRepeated(
        await waiting.claim(
          { type: "claim_task", instance, ...defined({ id: task_id, group, roles, capabilities }) },
          caller,
          // A repeat may wait longer or shorter: the command tells it.
          {
            waitMs: wait_ms,
            request: { request: id, leaseMs },
            signal,
            ...(onWaiting !== undefined && { onWaiting }),
          },
        ),
      );
      return claimAnswer(claim, instance, [
        sharedNote(claim, instance),
        claim.formerIds && `Before you begin: ${claim.formerIds}.`,
        waitNote(claim, wait_ms, waiting),
        leaseNote(claim),
      ]);
    },
  }),
  defineTool({
    name: "report_progress",
    description: "Report progress of a task you hold and extend its lease. The next attempt gets message.",
    input: { ...holderShape, percent: z.number().optional(), message: z.string().optional(), attempt },
    isBrief: true,
    isAlwaysLoaded: true,
    annotations: changes,
    async run({ task_id, attempt, percent, message }, context) {
      const instance = instanceOf(context);
      const { task, urgent, ...news } = await context.execute({
        type: "report_progress",
        ...holderOf({ task_id, instance, attempt }),
        ...defined({ percent, message }),
      });
      return {
        json: { ...presentCompact(task), ...leaseOf(task.leaseUntil), ...urgentOf(urgent), ...presentNews(news) },
      };
    },
  }),
  defineTool({
    name: "complete_task",
    description: "Complete a task you hold. Its dependents get result as input. attempt is that of the claim.",
    input: { ...holderShape, result: z.string().register(JSON_TEXT, { isKeptAsJson: true }), attempt, refs },
    isBrief: true,
    isAlwaysLoaded: true,
    annotations: changes,
    async run({ task_id, result, attempt, refs }, context) {
      const instance = instanceOf(context);
      const { completed, urgent, ...rest } = await context.execute({
        type: "complete_task",
        ...holderOf({ task_id, instance, attempt }),
        result,
        ...defined({ refs }),
      });
      return {
        json: {
          completed_task: presentCompact(completed),
          unlocked_tasks: [],
          ...presentConsequences(rest),
          ...urgentOf(urgent),
          ...presentNews(rest),
        },
      };
    },
  }),
  defineTool({
    name: "fail_task",
    description:
      "Fail a task you hold; its dependents are blocked. retryable: true retries it after a pause, while attempts are " +
      "left.",
    input: { ...holderShape, error: z.string(), retryable: z.boolean().optional(), attempt },
    isBrief: true,
    annotations: changes,
    async run({ task_id, error, retryable, attempt }, context) {
      const instance = instanceOf(context);
      const { task, ...rest } = await context.execute({
        type: "fail_task",
        ...holderOf({ task_id, instance, attempt }),
        error,
        ...defined({ isRetryable: retryable }),
      });
      return { json: { ...presentCompact(task), ...presentConsequences(rest), ...presentNews(rest) } };
    },
  }),
  defineTool({
    name: "release_task",
    description:
      "Hand back a task you hold for others to claim; dependencies are added, and must be met first. To free " +
      "a dead worker's task, pass its instance_id.",
    input: { ...holderShape, reason: z.string().optional(), dependencies: briefDependencies, attempt },
    isBrief: true,
    isForOthers: true,
    annotations: adds,
    async run({ task_id, reason, dependencies, attempt }, context) {
      const instance = instanceOf(context);
      const { task, ...news } = await context.execute({
        type: "release_task",
        ...holderOf({ task_id, instance, attempt }),
        ...defined({ reason, dependencies: dependencies && toDependencies(dependencies) }),
      });
      return { json: { ...presentCompact(task), ...presentNews(news) } };
    },
  }),
  defineTool({
    name: "add_note",
    description: "Add a note to a task, for its holder and later ones. It informs, it orders nothing.",
    input: { task_id: taskId, text: z.string(), instance_id: instanceId },
    isBrief: true,
    annotations: adds,
    async run({ task_id, text }, context) {
      const command = { type: "add_note" as const, id: task_id, text, ...defined({ instance: context.instance }) };
      const { task: { id, status, assignedTo }, count } = await context.execute(command);
      return { json: { id, status, ...defined({ assignedTo }), note_count: count } };
    },
  }),
];

/** The fields about tasks that the end of another one made ready or skipped; absent if there are none. */
function presentConsequences({ unlocked, unlockedCount, skipped, skippedCount }: Consequences): Json {
  return {
    ...(unlockedCount > 0 && { unlocked_tasks: unlocked.map(presentCompact) }),
    ...(unlockedCount > unlocked.length && { unlocked_count: unlockedCount }),
    ...(skippedCount > 0 && { skipped_tasks: skipped }),
    ...(skippedCount > skipped.length && { skipped_count: skippedCount }),
  };
}

/** The field `urgent`: urgent tasks that the instance could do instead; absent if there are none. */
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

/** A note if the call waited less than `wait_ms`, with the reason. */
function waitNote(claim: WaitedClaim, waitMs: number, { maxWaitMs, maxWaiters }: Waiting): string | undefined {
  if (claim.task !== undefined || waitMs === 0 || claim.none.reason === "superseded") return undefined;
  if (isFutile(claim)) return "wait_ms was ignored: waiting would not change this.";
  if (claim.isCrowded === true) {
    return `wait_ms was ignored, as ${maxWaiters} claims already wait in this server: call again later, or have ` +
      "fewer instances wait.";
  }
  if (Object.keys(presentNews(claim)).length > 0) return "News ended the wait: call again to wait on.";
  return waitMs > maxWaitMs
    ? `wait_ms was shortened to ${maxWaitMs}, the maximum: call again to wait longer.`
    : undefined;
}

/** A note that says what the lease of the claimed task is, if it has one. */
function leaseNote({ task }: Claim): string | undefined {
  return task?.leaseUntil === undefined
    ? undefined
    : "leaseUntil: unless you call before, another gets the task; each call with your instance_id moves it on.";
}

/** A note if another connected client holds tasks under the same instance id. */
function sharedNote({ heldElsewhere }: Claim, instance: string): string | undefined {
  if (heldElsewhere === undefined) return undefined;
  return `instance_id ${instance} is in use in another connected client, which holds ${
    heldElsewhere.join(", ")
  } under ` +
    "it: use an id of your own.";
}

function claimAnswer(claim: Claim, you: string, notes: readonly (string | undefined)[]): ToolAnswer {
  if (claim.task === undefined) {
    return {
      json: { ...presentNoTasks(claim.none), ...presentNews(claim), you },
      ...noteOf(notes),
    };
  }
  const { task, inputs, moreInputs, archivedInputs, previous, preamble, resultMustHave } = claim;
  const { holding = [], holdingCount = 0 } = claim;
  return {
    json: {
      ...presentClaimed(task),
      ...(preamble !== undefined && { preamble }),
      ...(inputs.length > 0 && { inputs }),
      ...(moreInputs > 0 && { more_inputs: moreInputs }),
      ...(archivedInputs !== undefined && { archived_inputs: archivedInputs }),
      ...(previous !== undefined && { previous: presentAttempt(previous) }),
      ...(resultMustHave !== undefined && { result_must_have: resultMustHave }),
      ...(holding.length > 0 && { holding: holding.map(presentHeld) }),
      ...(holdingCount > holding.length && { holding_count: holdingCount }),
      ...presentNews(claim),
      you,
    },
    ...noteOf([
      ...notes,
      moreInputs > 0 || inputs.some((input) => input.truncated)
        ? 'Some results of dependencies are cut or left out: get_task_details with part: "result" reads them, or ' +
          '"error" of one that failed.'
        : undefined,
      archivedInputs !== undefined
        ? "archived_inputs tasks of groups that this one depends on are archived, and their results with them: " +
          'get_history with group and type: ["task.completed"] has these.'
        : undefined,
      claim.moreNotes !== undefined ? 'get_task_details with part: "notes" has the other notes.' : undefined,
    ]),
  };
}

function noteOf(notes: readonly (string | undefined)[]): { readonly note?: string } {
  const note = joinNotes(notes);
  return note === undefined ? {} : { note };
}

function presentNoTasks(none: NoTasks): Json {
  const { reason, message, running, runningCount, blockedBy, blockedCount, unmatched, nextAt, clockWarning } = none;
  const { holding, holdingCount } = none;
  return {
    status: "no_tasks",
    reason,
    message,
    running,
    running_count: runningCount,
    blocked_by: blockedBy,
    blocked_count: blockedCount,
    holding: holding.map(presentHeld),
    ...(holdingCount > holding.length && { holding_count: holdingCount }),
    ...(unmatched.length > 0 && { unmatched }),
    ...(nextAt !== undefined && { next_at: isoTime(nextAt) }),
    ...(clockWarning !== undefined && { clock_warning: clockWarning }),
  };
}

/** Reports a waiting claim to the client as progress; undefined if the client did not ask for progress. */
function reporter(waitMs: number, { report, waiting }: CallContext) {
  if (report === undefined) return undefined;
  const total = Math.min(waitMs, waiting.maxWaitMs);
  return (waitedMs: number, claim: Claim) => {
    const message = claim.task === undefined ? claim.none.message : "";
    report({ progress: Math.round(waitedMs), total, message });
  };
}

function holderOf(args: { task_id: string; instance: string; attempt: number | undefined }) {
  const { task_id, instance, attempt } = args;
  return { id: task_id, instance, ...defined({ attempt }) };
}
