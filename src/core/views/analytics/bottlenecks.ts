/**
 * What holds a plan up, the worst first: by the work that it holds up, as expected of the tasks that wait. Each is one
 * sentence, and one that says what would help.
 */

import type { Bottleneck, Plan, PlannedTask } from "../../messages/analysis.ts";
import type { InstanceMetrics, Metrics } from "../../messages/metrics.ts";
import { describePause } from "../../model/project.ts";
import type { Task } from "../../model/task.ts";
import { counted, head, inWords } from "../../model/text.ts";
import { firstOf } from "../../state/order.ts";
import { closedGroups, personsWaitedFor, shortRequirements, takenLocks } from "./closed_queues.ts";
import { estimateDownstream, reachedFrom } from "./downstream.ts";
import type { Remaining } from "./remaining.ts";

/** How many tasks are examined exactly for the work that they hold up. */
const MAX_EXAMINED = 10;

/** Failed attempts from which on a task is called flaky. */
const MIN_FAILURES = 2;

/** Completed attempts from which on an instance is compared with the others, and how much slower a slow one is. */
const MIN_COMPLETED = 5;
const SLOW_FACTOR = 2;

/** Most characters of an error or a reason that a sentence quotes. */
const MAX_QUOTED_CHARACTERS = 80;

/**
 * The worst bottlenecks, at most `limit`. Yields where the caller can pause. O(nodes + edges + what waits for the tasks that
 * are examined).
 */
export function* bottlenecksOf(
  plan: Plan,
  { remaining, metrics }: { readonly remaining: Remaining; readonly metrics: Pick<Metrics, "instances" | "runMs"> },
  limit: number,
): Generator<void, readonly Bottleneck[]> {
  let all = yield* holdingTasks(remaining, plan.now);
  yield;
  for (const find of [shortRequirements, personsWaitedFor, takenLocks, closedGroups]) {
    all = [...all, ...find(plan, remaining)];
    yield;
  }
  all = [...all, ...flakyTasks(remaining), ...slowInstances(metrics, plan)];
  const ranked = all.toSorted((a, b) => b.heldUpMs - a.heldUpMs || (a.subject < b.subject ? -1 : 1));
  return [...pauseOf(plan, remaining), ...ranked].slice(0, limit);
}

/** The pause of the project, if it keeps any task from being claimed. First, as nothing else helps before it is over. */
function pauseOf({ paused }: Plan, { planned, durationMs }: Remaining): readonly Bottleneck[] {
  if (paused === undefined) return [];
  const waiting = [...planned.keys()].filter((node) => planned[node]?.task.status === "pending");
  if (waiting.length === 0) return [];
  const heldUpMs = Math.round(waiting.reduce((sum, node) => sum + durationMs[node]!, 0));
  const pause = describePause({ ...paused, reason: head(paused.reason, MAX_QUOTED_CHARACTERS) });
  const heldUp = `${counted(waiting.length, "task")} of ${inWords(heldUpMs)} ${
    waiting.length === 1 ? "waits" : "wait"
  }`;
  return [{
    kind: "project",
    subject: "project",
    heldUpMs,
    what: `Nothing can be claimed as ${pause}; ${heldUp}`,
    remedy: "Ask the operator to resume it with the command resume",
  }];
}

/** Tasks that could go on, or could be tried again, and for which others wait. */
function* holdingTasks({ graph, planned, durationMs }: Remaining, now: number): Generator<void, readonly Bottleneck[]> {
  const estimates = yield* estimateDownstream(graph, durationMs);
  const { before, after } = graph;
  const isFirst = (node: number) =>
    planned[node] !== undefined && before.start[node] === before.start[node + 1] &&
    after.start[node]! < after.start[node + 1]!;
  const examined = firstOf(planned.keys(), MAX_EXAMINED, {
    compare: (a, b) => estimates[b]! - estimates[a]! || a - b,
    isWanted: isFirst,
  });
  yield;
  const found: Bottleneck[] = [];
  for (const node of examined) {
    const holder = planned[node];
    const waiting = reachedFrom(graph, [node]).slice(1).filter((each) => planned[each] !== undefined);
    if (holder === undefined || waiting.length === 0) continue;
    const workMs = waiting.reduce((sum, each) => sum + durationMs[each]!, 0);
    const { what, remedy } = describeHolder(holder, now);
    const heldUp = `${counted(waiting.length, "task")} of ${inWords(workMs)} ${
      waiting.length === 1 ? "waits" : "wait"
    } for it`;
    const subject = holder.task.id;
    found.push({ kind: "task", subject, heldUpMs: Math.round(workMs), what: `${what}, and ${heldUp}`, remedy });
    yield;
  }
  return found;
}

function describeHolder({ task, readiness }: PlannedTask, now: number): Pick<Bottleneck, "what" | "remedy"> {
  const { id, status, assignedTo = "an instance", priority } = task;
  if (status === "in_progress") {
    return { what: `${id} is in progress by ${assignedTo}`, remedy: `See how far it is: get_task_details ${id}` };
  }
  if (status === "failed" || status === "cancelled") {
    return { what: `${id} is ${status}`, remedy: remedyForEnded(task) };
  }
  switch (readiness) {
    case "delayed":
      return { what: `${id} is delayed`, remedy: remedyForDelay(task, now) };
    case "limited":
      return { what: `${id} is limited by its group or a lock`, remedy: `See by which: explain_task ${id}` };
    case "ready":
      return {
        what: `${id} is ready and unclaimed`,
        remedy: priority === "urgent"
          ? `It is urgent: have an instance claim it with get_next_task task_id ${id}`
          : `Have it claimed first: update_task ${id} priority urgent`,
      };
    default:
      return { what: `${id} can't start as things stand`, remedy: `See why: explain_task ${id}` };
  }
}

function remedyForEnded({ id, dependencies, ifUnreachable }: Task): string {
  // If its dependencies ended it, they would do so again at once, and a retry would be refused.
  const mayEndAgain = ifUnreachable === "fail" && dependencies.length > 0;
  return mayEndAgain
    ? `See what helps: explain_task ${id}`
    : `Try it again, or take it out of the dependencies: retry_task ${id}`;
}

/** A delay comes from the task's own setting, from a failed attempt, or from both. */
function remedyForDelay({ id, notBefore = 0, retryAt = 0 }: Task, now: number): string {
  const calls = [
    ...(notBefore > now ? [`update_task ${id} with clear not_before`] : []),
    ...(retryAt > now ? [`retry_task ${id}`] : []),
  ];
  return calls.length === 0 ? `See until when: explain_task ${id}` : `Start it now: ${calls.join(", and ")}`;
}

/** Open or failed tasks whose attempts failed, expired or were lost again and again. */
function flakyTasks({ planned, durationMs }: Remaining): readonly Bottleneck[] {
  return planned.flatMap((each, node) => {
    const { id, status, error, pastAttempts = [] } = each?.task ?? NO_TASK;
    const bad = pastAttempts.filter(({ outcome }) =>
      outcome === "failed" || outcome === "expired" || outcome === "lost"
    );
    if (bad.length < MIN_FAILURES) return [];
    const message = bad.at(-1)?.message ?? error ?? "";
    const last = message === "" ? "" : `, the last one with: ${head(message, MAX_QUOTED_CHARACTERS)}`;
    const lostMs = bad.reduce((sum, { startedAt, endedAt }) => sum + Math.max(0, endedAt - startedAt), 0);
    return [{
      kind: "flaky" as const,
      subject: id,
      heldUpMs: Math.round(lostMs + durationMs[node]!),
      what: `${bad.length} attempts at ${id} failed, expired or were lost${last}`,
      remedy: status === "in_progress"
        ? `Tell its holder what went wrong: add_note ${id}`
        : `Say in its description what went wrong, or split it: update_task ${id} description`,
    }];
  });
}

/** Stands for the task of a group. */
const NO_TASK: Pick<Task, "id" | "status" | "error" | "pastAttempts"> = { id: "", status: "pending" };

/** Instances that hold tasks and take much longer than all others together. */
function slowInstances(
  { instances, runMs }: Pick<Metrics, "instances" | "runMs">,
  plan: Plan,
): readonly Bottleneck[] {
  const registered = new Set(plan.instances.map(({ id }) => id));
  const usual = runMs.p50 ?? 0;
  const isSlow = ({ runMs: { count, p50 = 0 }, holding }: InstanceMetrics) =>
    holding > 0 && count >= MIN_COMPLETED && usual > 0 && p50 >= SLOW_FACTOR * usual;
  return instances.filter(isSlow).map(({ instance, runMs: { p50 = 0 }, holding }) => ({
    kind: "instance" as const,
    subject: instance,
    heldUpMs: Math.round(holding * (p50 - usual)),
    what: `${instance} takes ${inWords(p50)} for half of its tasks, where ${inWords(usual)} is usual, and holds ${
      counted(holding, "task")
    }`,
    remedy: registered.has(instance)
      ? `Have it claim no more: leave with instance_id ${instance} and drain true`
      : `See what it holds, and have it release what others can do: get_task_status assigned_to ${instance}`,
  }));
}
