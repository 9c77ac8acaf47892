/**
 * What a worker asks for next. Tasks, groups and instances come from small sets of ids, so that workers keep getting
 * into each other's way; every text says which call it came with.
 */

import type { BulkAction, Command, CommandOf } from "../../../src/core/messages/commands.ts";
import type { Dependency } from "../../../src/core/model/dependency.ts";
import { REDACTABLE_FIELDS } from "../../../src/core/model/redaction.ts";
import { END_STATUSES } from "../../../src/core/model/status.ts";
import { type NewTask, PRIORITIES, type TaskSettings } from "../../../src/core/model/task.ts";
import type { Request } from "./call_log.ts";
import type { Random } from "./random.ts";

/** How many ids there are. */
const TASKS = 90;
const GROUPS = 4;
const LOCKS = 3;

/** What a worker knows when it makes up a call. */
export interface Situation {
  readonly random: Random;
  /** Who the worker is, and how many there are. */
  readonly worker: number;
  readonly workers: number;
  /** Tasks that it was told it holds, with their attempts. */
  readonly held: ReadonlyMap<string, number>;
  /** Names the call. */
  readonly token: string;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

/** The next call. */
export function randomCall(situation: Situation): Request {
  const { random } = situation;
  let rest = random.next() * WEIGHTS;
  for (const [weight, make] of KINDS) if ((rest -= weight) < 0) return make(situation);
  return { type: "read" };
}

const KINDS: readonly (readonly [weight: number, make: (situation: Situation) => Request])[] = [
  [14, creating],
  [22, claiming],
  [8, progressing],
  [16, completing],
  [8, failing],
  [5, releasing],
  [3, ({ random, token }) => ({ type: "cancel_task", id: taskId(random), reason: token })],
  [3, noting],
  [6, ({ random }) => ({ type: "retry_task", id: taskId(random) })],
  [4, ({ random }) => ({ type: "delete_task", id: taskId(random) })],
  [4, updating],
  [3, (situation) => ({ type: "heartbeat", instance: instanceOf(situation) })],
  [3, registering],
  [1, (situation) => ({
    type: "leave",
    instance: instanceOf(situation),
    ...(situation.random.chance(0.5) && { isDraining: true }),
  })],
  [3, grouping],
  [3, bulk],
  [3, archiving],
  [2, templating],
  [3, redacting],
  [2, () => ({ type: "sweep" })],
  [9, () => ({ type: "read" })],
];

const WEIGHTS = KINDS.reduce((sum, [weight]) => sum + weight, 0);

function taskId(random: Random): string {
  return `t${random.between(0, TASKS - 1)}`;
}

function groupId(random: Random): string {
  return `g${random.between(0, GROUPS - 1)}`;
}

/** Mostly the worker's own. */
function instanceOf({ random, worker, workers }: Situation): string {
  return `w${random.chance(0.9) ? worker : random.between(0, workers - 1)}`;
}

function creating(situation: Situation): Command {
  const { random } = situation;
  const count = random.chance(0.2) ? random.between(2, 5) : 1;
  return { type: "create_tasks", tasks: Array.from({ length: count }, () => newTask(situation)) };
}

function newTask({ random, token, now }: Situation): NewTask {
  return { id: taskId(random), description: token, dependencies: dependencies(random), ...settings(random, now) };
}

function dependencies(random: Random): readonly Dependency[] {
  const count = random.pick([0, 0, 1, 1, 2, 3]);
  return Array.from({ length: count }, () => dependency(random));
}

function dependency(random: Random): Dependency {
  if (random.chance(0.75)) return taskId(random);
  if (random.chance(0.4)) return { task: taskId(random), on: random.pick(["failed", "finished", "cancelled"]) };
  if (random.chance(0.3)) return { group: groupId(random), on: random.pick(["completed", "finished"]) };
  return { any: [taskId(random), { task: taskId(random), on: "finished" }] };
}

function settings(random: Random, now: number): TaskSettings {
  return {
    ...(random.chance(0.3) && { priority: random.pick(PRIORITIES_TO_PICK) }),
    ...(random.chance(0.2) && { group: groupId(random) }),
    ...(random.chance(0.5) && { timeoutMs: random.between(100, 1_500) }),
    ...(random.chance(0.3) && { maxAttempts: random.between(1, 4) }),
    ...(random.chance(0.6) && { backoff: { initialIntervalMs: random.between(1, 400) } }),
    ...(random.chance(0.1) && { locks: [`lock${random.between(0, LOCKS - 1)}`] }),
    ...(random.chance(0.1) && { notBefore: now + random.between(1, 1_500) }),
    ...(random.chance(0.08) && { deadline: now + random.between(1, 3_000), failOnDeadline: random.chance(0.5) }),
    ...(random.chance(0.2) && { ifUnreachable: random.pick(["skip", "fail"]) }),
    ...(random.chance(0.1) && { role: random.pick(["builder", "tester"]) }),
    ...(random.chance(0.05) && { assignTo: { role: "builder", fallbackMs: random.between(1, 1_000) } }),
  };
}

const PRIORITIES_TO_PICK = ["low", ...PRIORITIES] as const;

function claiming(situation: Situation): Command {
  const { random } = situation;
  return {
    type: "claim_task",
    instance: instanceOf(situation),
    ...(random.chance(0.15) && { id: taskId(random) }),
    ...(random.chance(0.2) && { roles: [random.pick(["builder", "tester"])] }),
  };
}

/** A task that the worker believes it holds, or now and then any. */
function holding(situation: Situation): { id: string; instance: string; attempt?: number } {
  const { random, held } = situation;
  const all = [...held];
  const [id, attempt] = all[random.between(0, all.length - 1)] ?? [taskId(random)];
  if (random.chance(0.1)) return { id: taskId(random), instance: instanceOf(situation) };
  const instance = `w${situation.worker}`;
  if (attempt === undefined || random.chance(0.3)) return { id, instance };
  // Now and then as one would who slept through the end of an attempt.
  return { id, instance, attempt: random.chance(0.1) ? attempt - 1 : attempt };
}

function progressing(situation: Situation): Command {
  const percent = situation.random.between(0, 100);
  return { type: "report_progress", ...holding(situation), percent, message: situation.token };
}

function completing(situation: Situation): Command {
  return { type: "complete_task", ...holding(situation), result: situation.token };
}

function failing(situation: Situation): Command {
  const isRetryable = situation.random.chance(0.7);
  return { type: "fail_task", ...holding(situation), error: situation.token, isRetryable };
}

/** A note on any task, by an instance or by none. */
function noting(situation: Situation): Command {
  const { random, token } = situation;
  const author = random.chance(0.5) && { instance: instanceOf(situation) };
  return { type: "add_note", id: taskId(random), text: token, ...author };
}

function releasing(situation: Situation): Command {
  const { random, token } = situation;
  const waitFor = random.chance(0.2) && { dependencies: dependencies(random) };
  return { type: "release_task", ...holding(situation), reason: token, ...waitFor };
}

function updating({ random, token, now }: Situation): Command {
  return {
    type: "update_task",
    id: taskId(random),
    description: token,
    ...(random.chance(0.4) && { dependencies: dependencies(random) }),
    ...(random.chance(0.4) && { settings: { ...settings(random, now), ...(random.chance(0.3) && { group: null }) } }),
  };
}

function registering(situation: Situation): CommandOf<"register_instance"> {
  const { random, token } = situation;
  return {
    type: "register_instance",
    instance: instanceOf(situation),
    settings: {
      metadata: { token },
      ...(random.chance(0.5) && { roles: [random.pick(["builder", "tester"])] }),
      ...(random.chance(0.5) && { ttlMs: random.between(300, 3_000) }),
      ...(random.chance(0.3) && { maxConcurrent: random.between(1, 6) }),
    },
  };
}

function grouping({ random, token }: Situation): Command {
  const id = groupId(random);
  const limits = {
    title: token,
    ...(random.chance(0.5) && { maxParallel: random.between(1, 3) }),
    ...(random.chance(0.2) && { paused: true }),
  };
  const kind = random.next();
  if (kind < 0.5) return { type: "create_group", id, settings: { ...limits, preamble: token } };
  if (kind < 0.9) {
    return { type: "update_group", id, settings: { maxParallel: null, paused: null, ...limits, preamble: token } };
  }
  return { type: "delete_group", id };
}

/** Mostly of a task that the worker holds, as many ids name none. */
function redacting(situation: Situation): Command {
  const { random, token } = situation;
  const fields = REDACTABLE_FIELDS.filter(() => random.chance(0.4));
  const { id } = holding(situation);
  return {
    type: "redact_task",
    id,
    fields: fields.length > 0 ? fields : REDACTABLE_FIELDS,
    reason: token,
    records: [],
  };
}

function templating({ random, token }: Situation): Command {
  const name = random.pick(["feature", "saved0", "saved1"]);
  const kind = random.next();
  if (kind < 0.6) {
    const group = `p${random.between(0, GROUPS - 1)}`;
    return {
      type: "apply_template",
      name,
      group,
      settings: { title: token },
      parameters: name === "feature" ? { goal: token } : { what: token },
    };
  }
  if (kind < 0.8) return { type: "archive_template", name, isArchived: random.chance(0.3) };
  const tasks = [
    { id: "plan", description: "plan {{what}}", dependencies: [] },
    { id: "do", description: token, dependencies: ["plan"] },
  ];
  return { type: "save_template", template: { name, parameters: [{ name: "what", default: "it" }], tasks } };
}

/** Not by age, which goes by a clock that a killed call does not tell. */
function archiving({ random }: Situation): Command {
  const filter = random.chance(0.5)
    ? { group: groupId(random) }
    : { status: END_STATUSES.filter(() => random.chance(0.6)) };
  return { type: "archive_tasks", filter, ...(random.chance(0.1) && { isCheck: true }) };
}

function bulk({ random, token }: Situation): Command {
  const action: BulkAction = random.pick<BulkAction>([
    { type: "retry" },
    { type: "cancel", reason: token },
    { type: "release", reason: token },
    { type: "delete" },
    { type: "archive" },
    { type: "prioritize", priority: random.pick(PRIORITIES_TO_PICK) },
    { type: "move", group: random.chance(0.5) ? null : groupId(random) },
  ]);
  const filter = random.chance(0.5)
    ? { group: groupId(random) }
    : { ids: Array.from({ length: random.between(1, 6) }, () => taskId(random)) };
  return { type: "bulk_update", filter, action, isAtomic: random.chance(0.5) };
}
