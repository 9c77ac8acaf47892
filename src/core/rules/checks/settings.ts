/**
 * Refuses settings of tasks, groups and instances that are malformed or out of bounds. Types are checked at the border;
 * this file checks values. Each of the functions names every fault that it finds.
 */

import type { Changes } from "../../messages/events.ts";
import { checkAll, checkEach } from "../../model/faults.ts";
import type { GroupSettings } from "../../model/group.ts";
import type { Names } from "../../model/id_map.ts";
import type { InstanceSettings } from "../../model/instance.ts";
import {
  MAX_BACKOFF_COEFFICIENT,
  MAX_COUNT,
  MAX_DURATION_MS,
  MAX_METADATA,
  MAX_METADATA_BYTES,
  MAX_NAMES,
  MAX_PREAMBLE_BYTES,
  MAX_REF_BYTES,
  MAX_REFS,
  MAX_TIME_MS,
  MAX_TITLE_BYTES,
} from "../../model/limits.ts";
import { Refusal, refuse } from "../../model/refusal.ts";
import { type Assignment, type Backoff, PRIORITIES, type TaskSettings } from "../../model/task.ts";
import { checkId, checkText, hasJsonNumbers, type IdKind, printableNumber, twinHint } from "../../model/values.ts";
import { checkNewInstance, type KnownInstances } from "./instance.ts";

/** The tasks, groups and instances that settings may name. */
export interface Nameable extends KnownInstances {
  readonly tasks: Names;
  readonly groups: Names;
}

/** Refuses settings that task `id` cannot have. */
export function checkSettings(
  settings: Changes<TaskSettings>,
  id: string,
  known: Nameable,
): void {
  const { priority, group, role, capabilities, assignTo, locks, backoff, refs, ifUnreachable } = settings;
  const what = `of task ${id}`;
  checkAll(
    () => {
      if (priority == null || PRIORITIES.includes(priority)) return;
      throw invalid(`Priority ${what} must be ${PRIORITIES.join(", ")}`);
    },
    () => group != null && checkGroup(group, id, known),
    () => role != null && checkId(role, "Role"),
    () => capabilities != null && checkNames(capabilities, "Capability", what),
    () => locks != null && checkNames(locks, "Lock", what),
    () => assignTo != null && checkAssignment(assignTo, id, known),
    () => checkNumber(settings.timeoutMs, `timeout_ms ${what}`, { least: 1, most: MAX_DURATION_MS }),
    () => checkNumber(settings.maxAttempts, `max_attempts ${what}`, { least: 1, most: MAX_COUNT }),
    () => checkNumber(settings.estimateMs, `estimate_ms ${what}`, { least: 1, most: MAX_DURATION_MS }),
    () => checkNumber(settings.notBefore, `not_before ${what}`, { least: 0, most: MAX_TIME_MS }),
    () => checkNumber(settings.deadline, `deadline ${what}`, { least: 0, most: MAX_TIME_MS }),
    () => backoff != null && checkBackoff(backoff, what),
    () => refs != null && checkRefs(refs, id),
    () => {
      if (ifUnreachable == null || ["skip", "fail"].includes(ifUnreachable)) return;
      throw invalid(`if_unreachable ${what} must be block, skip or fail`);
    },
  );
}

/** Refuses a group that does not exist. */
function checkGroup(group: string, id: string, { groups }: Nameable): void {
  if (groups.has(group)) return;
  checkId(group, "Group id");
  const twin = groups.twinOf(group);
  throw refuse("not_found", `Group ${group} not found: task ${id} names it${twinHint(twin)}`, {
    remedies: twin === undefined ? [{ type: "create_group", group }] : [],
    data: { group, ...(twin !== undefined && { existing: twin }) },
  });
}

/** Refuses an assignment that task `id` cannot have. */
function checkAssignment({ instance, role, fallbackMs, notBy }: Assignment, id: string, known: Nameable): void {
  const what = `of task ${id}`;
  const isReserved = instance !== undefined || role !== undefined;
  checkAll(
    () => {
      if ((instance === undefined || role === undefined) && (isReserved || notBy !== undefined)) return;
      throw invalid(
        `assign_to ${what} must name either an instance or a role, or tasks in not_by, or both; clear removes it`,
      );
    },
    () => instance !== undefined && checkNewInstance(known, instance),
    () => role !== undefined && checkId(role, "Role"),
    () => {
      if (fallbackMs === undefined || isReserved || notBy === undefined) return;
      throw invalid(`fallback_ms ${what} ends the reservation for an instance or a role, and assign_to names neither`);
    },
    () => checkNumber(fallbackMs, `fallback_ms ${what}`, { least: 0, most: MAX_DURATION_MS }),
    () => notBy !== undefined && checkNotBy(notBy, id, known),
  );
}

/** Refuses a list of tasks whose authors may not claim task `id`, if it is empty or too long, or one does not exist. */
function checkNotBy(notBy: readonly string[], id: string, { tasks }: Nameable): void {
  if (notBy.length === 0) throw invalid(`not_by of task ${id} is empty: name a task, or leave it out`);
  checkNames(notBy, "Task id", `in not_by of task ${id}`);
  const others = notBy.filter((each) => each !== id);
  const checkOther = (each: string) => {
    if (tasks.has(each)) return;
    const twin = tasks.twinOf(each);
    throw refuse("dependency_not_found", `Task ${each} not found: task ${id} names it in not_by${twinHint(twin)}`, {
      remedies: twin === undefined ? [{ type: "create_task", id: each }] : [],
      data: { id: each, task: id, ...(twin !== undefined && { existing: twin }) },
    });
  };
  checkAll(
    () => {
      if (others.length < notBy.length) throw invalid(`not_by of task ${id} names the task itself: name other tasks`);
    },
    () => checkEach(others, checkOther),
  );
}

/** Refuses settings that group `id` cannot have. `checkVisibleTo` checks its audience. */
export function checkGroupSettings(
  { title, maxParallel, preamble }: Changes<Omit<GroupSettings, "visibleTo">>,
  id: string,
): void {
  checkAll(
    () => title != null && checkText(title, `Title of group ${id}`, MAX_TITLE_BYTES),
    () => preamble != null && checkText(preamble, `Preamble of group ${id}`, MAX_PREAMBLE_BYTES),
    () => checkNumber(maxParallel, `max_parallel of group ${id}`, { least: 1, most: MAX_COUNT }),
  );
}

/** Refuses names that no audience of group `id` can have. */
export function checkVisibleTo(visibleTo: GroupSettings["visibleTo"] | null, id: string): void {
  if (visibleTo?.length === 0) throw invalid(`visible_to of group ${id} is empty: name an audience`);
  if (visibleTo != null) checkNames(visibleTo, "Audience", `in visible_to of group ${id}`);
}

/** Refuses settings that instance `id` cannot have. */
export function checkInstanceSettings(settings: InstanceSettings, id: string): void {
  const { roles, capabilities, metadata, maxConcurrent, ttlMs } = settings;
  const what = `of instance ${id}`;
  checkAll(
    () => roles !== undefined && checkNames(roles, "Role", what),
    () => capabilities !== undefined && checkNames(capabilities, "Capability", what),
    () => checkNumber(maxConcurrent, `max_concurrent ${what}`, { least: 1, most: MAX_COUNT }),
    () => checkNumber(ttlMs, `ttl_ms ${what}`, { least: 1, most: MAX_DURATION_MS }),
    () => metadata !== undefined && checkMetadata(metadata, what),
  );
}

function checkMetadata(metadata: NonNullable<InstanceSettings["metadata"]>, what: string): void {
  const entries = Object.entries(metadata);
  if (entries.length > MAX_METADATA) {
    throw tooMany(`Metadata ${what}`, "entries", { count: entries.length, limit: MAX_METADATA });
  }
  checkEach(entries.flat(), (text) => checkText(text, `Metadata ${what}`, MAX_METADATA_BYTES));
}

/** Refuses references that task `id` cannot have. */
export function checkRefs(refs: Readonly<Record<string, string>>, id: string): void {
  const entries = Object.entries(refs);
  if (entries.length > MAX_REFS) {
    throw tooMany(`refs of task ${id}`, "entries", { count: entries.length, limit: MAX_REFS });
  }
  checkEach(entries.flat(), (text) => checkText(text, `Reference of task ${id}`, MAX_REF_BYTES));
}

/** Refuses a list of names that is too long, or a name that is malformed. */
export function checkNames(names: readonly string[], kind: IdKind, what: string): void {
  if (names.length > MAX_NAMES) {
    throw tooMany(`List of names (${kind.toLowerCase()}) ${what}`, "names", { count: names.length, limit: MAX_NAMES });
  }
  checkEach(names, (name) => checkId(name, kind));
}

/** Refuses a number that is not whole, or out of bounds. */
export function checkNumber(
  value: number | null | undefined,
  what: string,
  { least, most }: { readonly least: number; readonly most: number },
): void {
  if (value == null) return;
  if (Number.isSafeInteger(value) && hasJsonNumbers(value) && value >= least && value <= most) return;
  throw invalid(`${what} must be a whole number from ${least} to ${most}, it is ${printableNumber(value)}`);
}

function checkBackoff({ initialIntervalMs, coefficient, maxIntervalMs }: Backoff, what: string): void {
  checkAll(
    () => checkNumber(initialIntervalMs, `initial_interval_ms ${what}`, { least: 0, most: MAX_DURATION_MS }),
    () => checkNumber(maxIntervalMs, `max_interval_ms ${what}`, { least: 0, most: MAX_DURATION_MS }),
    () => {
      if (coefficient === undefined || (coefficient >= 1 && coefficient <= MAX_BACKOFF_COEFFICIENT)) return;
      const limits = `from 1 to ${MAX_BACKOFF_COEFFICIENT}`;
      throw invalid(`backoff_coefficient ${what} must be a number ${limits}, it is ${coefficient}`);
    },
  );
}

function invalid(message: string): Refusal {
  return new Refusal("invalid_value", message);
}

function tooMany(what: string, unit: string, data: { readonly count: number; readonly limit: number }): Refusal {
  return new Refusal(
    "limit_exceeded",
    `${what} is too long: at most ${data.limit} ${unit} are allowed, it has ${data.count}`,
    { ...data },
  );
}
