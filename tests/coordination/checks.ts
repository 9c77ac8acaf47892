/**
 * What must be true of a history in which every task was handed out once and finished. Pure: each check reads the
 * records of a journal and says what is wrong with them, so that tests can show it doctored ones.
 */

import type { Verification } from "../../src/app/ports.ts";
import type { Event, JournalRecord } from "../../src/core/events.ts";
import type { NewTask } from "../../src/core/model.ts";

export interface Check {
  /** What was checked. */
  readonly title: string;
  /** What is wrong; empty if it holds. */
  readonly complaints: readonly string[];
}

/** A worker's process that was killed while the worker held a task. Times are milliseconds since the Unix epoch. */
export interface Crash {
  readonly worker: string;
  readonly task: string;
  readonly killedAt: number;
  readonly restartedAt: number;
}

type Claimed = Extract<Event, { type: "task.claimed" }>;
type Completed = Extract<Event, { type: "task.completed" }>;

/** Every planned task was created, and is completed in the end. */
export function checkAllCompleted(records: readonly JournalRecord[], plan: readonly NewTask[]): Check {
  const events = eventsOf(records);
  const created = new Set(createdTasks(events).map(({ id }) => id));
  const completed = new Set(events.filter(isCompleted).map(({ id }) => id));
  const done = plan.filter(({ id }) => created.has(id) && completed.has(id));
  return {
    title: `all tasks completed: ${done.length} of ${plan.length}`,
    complaints: plan.filter((task) => !done.includes(task)).map(({ id }) =>
      `${id} was ${created.has(id) ? "created but never completed" : "never created"}`
    ),
  };
}

/** Every task was claimed once, by one instance, and completed once, by that instance in that attempt. */
export function checkExactlyOnce(records: readonly JournalRecord[]): Check {
  const events = eventsOf(records);
  const claims = Map.groupBy(events.filter(isClaimed), ({ id }) => id);
  const completions = Map.groupBy(events.filter(isCompleted), ({ id }) => id);
  const ids = new Set([...createdTasks(events).map(({ id }) => id), ...claims.keys(), ...completions.keys()]);
  return {
    title: "every task executed exactly once: one claim and one completion, same worker",
    complaints: Array.from(ids).flatMap((id) => complaintsOfTask(id, claims.get(id) ?? [], completions.get(id) ?? [])),
  };
}

/** No task was claimed before all its dependencies were completed. */
export function checkOrder(records: readonly JournalRecord[]): Check {
  const dependencies = new Map(createdTasks(eventsOf(records)).map((task) => [task.id, task.dependencies]));
  const completed = new Set<string>();
  const complaints: string[] = [];
  let claims = 0;
  for (const { seq, events } of records) {
    for (const event of events) {
      if (isCompleted(event)) completed.add(event.id);
      if (!isClaimed(event)) continue;
      claims++;
      const missing = dependencies.get(event.id)?.filter((id) => !completed.has(id));
      if (missing === undefined) complaints.push(`${event.id} was claimed (record ${seq}) but never created`);
      else if (missing.length > 0) {
        complaints.push(`${event.id} was claimed (record ${seq}) before ${missing.join(", ")}: not completed by then`);
      }
    }
  }
  return { title: `order kept: each of ${claims} claims after all its dependencies were completed`, complaints };
}

/** Every task has the result that follows from the results of its dependencies. */
export function checkResults(records: readonly JournalRecord[], expected: ReadonlyMap<string, string>): Check {
  const actual = new Map(eventsOf(records).filter(isCompleted).map(({ id, result }) => [id, result]));
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
  const claim = records.find(({ at, events }) =>
    at <= killedAt && events.some((event) => isClaimed(event) && event.id === task && event.instance === worker)
  );
  const completions = records.flatMap(({ at, events }) =>
    events.filter(isCompleted).filter((event) => event.id === task).map(({ instance }) => ({ at, instance }))
  );
  const complaints = [
    ...(claim === undefined ? [`${worker} did not hold ${task} when it was killed`] : []),
    ...(completions.length === 0 ? [`${task} was never completed`] : []),
    ...completions.filter(({ instance }) => instance !== worker)
      .map(({ instance }) => `${task} was completed by ${instance}, but ${worker} held it`),
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

function complaintsOfTask(id: string, claims: readonly Claimed[], completions: readonly Completed[]): string[] {
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

function eventsOf(records: readonly JournalRecord[]): readonly Event[] {
  return records.flatMap(({ events }) => events);
}

function createdTasks(events: readonly Event[]): readonly NewTask[] {
  return events.flatMap((event) => event.type === "tasks.created" ? event.tasks : []);
}

function isClaimed(event: Event): event is Claimed {
  return event.type === "task.claimed";
}

function isCompleted(event: Event): event is Completed {
  return event.type === "task.completed";
}
