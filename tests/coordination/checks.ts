/**
 * What must be true of a history, whatever else was to happen in it, and of one in which every task was handed out
 * once and finished. Pure: each check reads the records of a journal and says what is wrong with them, so that tests
 * can show it doctored ones.
 */

import type { Verification } from "../../src/store/file/maintenance.ts";
import { describe } from "../../src/core/model/dependency.ts";
import type { EventOf, JournalRecord } from "../../src/core/messages/events.ts";
import type { NewTask } from "../../src/core/model/task.ts";
import { TASK_STATUSES } from "../../src/core/model/status.ts";
import { type Check, createdTasks, findAll, happeningsOf } from "./check.ts";
import { enter, isMet, type Ledger } from "./ledger.ts";

/** A worker's process that was killed while the worker held a task. Times are milliseconds since the Unix epoch. */
export interface Crash {
  readonly worker: string;
  readonly task: string;
  readonly killedAt: number;
  readonly restartedAt: number;
}

/** Every planned task was created, and is completed in the end. */
export function checkAllCompleted(records: readonly JournalRecord[], plan: readonly NewTask[]): Check {
  const created = new Set(createdTasks(records).map(({ id }) => id));
  const completed = new Set(findAll(records, "task.completed").map(({ event }) => event.id));
  const done = plan.filter(({ id }) => created.has(id) && completed.has(id));
  return {
    title: `all tasks completed: ${done.length} of ${plan.length}`,
    complaints: plan.filter((task) => !done.includes(task)).map(({ id }) =>
      `${id} was ${created.has(id) ? "created but never completed" : "never created"}`
    ),
  };
}

/** Every task that was created has ended, whichever way. */
export function checkAllEnded(records: readonly JournalRecord[]): Check {
  const ledger: Ledger = new Map();
  for (const { event } of happeningsOf(records)) enter(ledger, event);
  const counts = Map.groupBy(ledger.values(), ({ status }) => status);
  const isOpen = (status: string) => status === "pending" || status === "in_progress";
  const ends = TASK_STATUSES.filter((status) => !isOpen(status) && counts.has(status))
    .map((status) => `${counts.get(status)?.length} ${status}`);
  return {
    title: `no task is left open: ${ends.join(", ")}`,
    complaints: Array.from(ledger.values())
      .filter(({ status }) => isOpen(status))
      .map(({ task, status }) => `${task.id} is ${status}`),
  };
}

/** Every task was claimed once, by one instance, and completed once, by that instance in that attempt. */
export function checkExactlyOnce(records: readonly JournalRecord[]): Check {
  const claims = Map.groupBy(findAll(records, "task.claimed").map(({ event }) => event), ({ id }) => id);
  const completions = Map.groupBy(findAll(records, "task.completed").map(({ event }) => event), ({ id }) => id);
  const ids = new Set([...createdTasks(records).map(({ id }) => id), ...claims.keys(), ...completions.keys()]);
  return {
    title: "every task executed exactly once: claimed and completed by one worker",
    complaints: Array.from(ids).flatMap((id) => complaintsOfTask(id, claims.get(id) ?? [], completions.get(id) ?? [])),
  };
}

/** At any time at most one instance held a task, and only that one reported on it or ended it. */
export function checkOneHolder(records: readonly JournalRecord[]): Check {
  const ledger: Ledger = new Map();
  const complaints: string[] = [];
  for (const { seq, event } of happeningsOf(records)) {
    if ("id" in event && "attempt" in event) {
      const { holder, attempt = 0 } = ledger.get(event.id) ?? {};
      const isClaim = event.type === "task.claimed";
      const isRight = isClaim
        ? holder === undefined && event.attempt === attempt + 1
        : holder === event.instance && event.attempt === attempt;
      if (!isRight) {
        const held = holder === undefined
          ? "nobody held it"
          : holder === event.instance
          ? `${holder} held attempt ${attempt}`
          : `${holder} held it`;
        complaints.push(`${event.type} of ${event.id} by ${event.instance} (record ${seq}), but ${held}`);
      }
    }
    enter(ledger, event);
  }
  return { title: "one holder at a time, and only the holder reports on a task or ends it", complaints };
}

/** No task was claimed before what it depends on had happened. */
export function checkOrder(records: readonly JournalRecord[]): Check {
  const ledger: Ledger = new Map();
  const complaints: string[] = [];
  let claims = 0;
  for (const { seq, event } of happeningsOf(records)) {
    if (event.type === "task.claimed") {
      claims++;
      const missing = ledger.get(event.id)?.task.dependencies.filter((dependency) => !isMet(ledger, dependency));
      if (missing === undefined) complaints.push(`${event.id} was claimed (record ${seq}) but never created`);
      else if (missing.length > 0) {
        complaints.push(`${event.id} was claimed (record ${seq}) before ${missing.map(describe).join(", ")}`);
      }
    }
    enter(ledger, event);
  }
  return { title: `order kept: each of ${claims} claims after all that the task depends on`, complaints };
}

/** Every task has the result that follows from the results of its dependencies. */
export function checkResults(records: readonly JournalRecord[], expected: ReadonlyMap<string, string>): Check {
  const actual = new Map(findAll(records, "task.completed").map(({ event }) => [event.id, event.result]));
  return {
    title: "results handed on: each is made of the results of its dependencies",
    complaints: Array.from(expected)
      .filter(([id, result]) => actual.has(id) && actual.get(id) !== result)
      .map(([id, result]) => `the result of ${id} is "${actual.get(id)}" instead of "${result}"`),
  };
}

/** The task that a killed worker held stayed its own, and it finished it once it was back, in the same attempt. */
export function checkCrash(records: readonly JournalRecord[], crash: Crash | undefined): Check {
  if (crash === undefined) {
    return { title: "a killed worker lost nothing", complaints: ["no worker was killed while it held a task"] };
  }
  const { worker, task, killedAt, restartedAt } = crash;
  const claim = findAll(records, "task.claimed")
    .find(({ at, event }) => at <= killedAt && event.id === task && event.instance === worker);
  const completions = findAll(records, "task.completed").filter(({ event }) => event.id === task);
  const complaints = [
    ...(claim === undefined ? [`${worker} did not hold ${task} when it was killed`] : []),
    ...(completions.length === 0 ? [`${task} was never completed`] : []),
    ...completions.filter(({ event }) => event.instance !== worker)
      .map(({ event }) => `${task} was completed by ${event.instance}, but ${worker} held it`),
    ...(completions.some(({ at }) => at < restartedAt) ? [`${task} was completed before ${worker} was back`] : []),
  ];
  return { title: `a killed worker lost nothing: ${worker} came back and finished ${task}`, complaints };
}

/** The journal is whole, from the first record to the last one read. */
export function checkChain(records: readonly JournalRecord[], { records: whole, fault }: Verification): Check {
  const gap = records.findIndex(({ seq }, index) => seq !== index + 1);
  return {
    title: `journal intact: the hash chain of ${whole} records verifies`,
    complaints: [
      ...(fault === undefined ? [] : [`${fault.path}:${fault.line} (byte ${fault.byte}): ${fault.why}`]),
      ...(gap < 0 ? [] : [`record ${gap + 1} is missing`]),
      ...(records.length === whole ? [] : [`the timeline shows ${records.length} records, the journal has ${whole}`]),
    ],
  };
}

function complaintsOfTask(
  id: string,
  claims: readonly EventOf<"task.claimed">[],
  completions: readonly EventOf<"task.completed">[],
): string[] {
  const attempts = Map.groupBy(claims, ({ attempt }) => attempt);
  const twice = Array.from(attempts).filter(([, claims]) => claims.length > 1);
  return [
    ...twice.map(([attempt, claims]) =>
      `attempt ${attempt} of ${id} was claimed ${claims.length} times: by ${
        claims.map(({ instance }) => instance).join(", ")
      }`
    ),
    ...(attempts.size === 1 ? [] : [`${id} was begun ${attempts.size} times`]),
    ...(completions.length === 1 ? [] : [`${id} was completed ${completions.length} times`]),
    ...completions
      .filter(({ attempt, instance }) => !attempts.get(attempt)?.some((claim) => claim.instance === instance))
      .map(({ attempt, instance }) => `${instance} completed attempt ${attempt} of ${id} without having claimed it`),
  ];
}
