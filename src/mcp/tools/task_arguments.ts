/**
 * Parameters that describe a task, shared by several tools, and their conversion to the types of the core.
 */

import type { Changes } from "../../core/messages/events.ts";
import type { Dependency } from "../../core/model/dependency.ts";
import { parseDependencies } from "../../core/model/parse_dependency.ts";
import { Refusal } from "../../core/model/refusal.ts";
import { type NewTask, PRIORITIES, type TaskSettings } from "../../core/model/task.ts";
import type { TemplateTask } from "../../core/model/template.ts";
import { isoTime } from "../../core/model/text.ts";
import type { Json } from "../page.ts";
import { readDependency } from "../read_dependency.ts";
import { type DayPart, isRelative, parseDuration, parseTime } from "../../app/time.ts";
import * as z from "zod";

export const taskId = z.string();
export const instanceId = z.string().optional().describe("Your own id; default: you in answers");
export const attempt = z.int().min(1).optional();
export const names = z.array(z.string());

/**
 * A dependency. The core parses it, because its messages are better than those of a schema. It is listed as a text: of a
 * list with texts and objects, some clients can send only the one or the other, and any expression can be JSON text.
 * Objects are taken, too.
 */
const dependency = z.unknown()
  .refine(
    (value) => typeof value === "string" || (typeof value === "object" && value !== null),
    "expected string or object",
  )
  .meta({ type: "string" });

/** Dependencies in a listing beside that of `create_task`. */
export const briefDependencies = z.array(dependency).optional();

export const dependencies = z.array(dependency).optional().describe(
  'Ids of tasks to complete first, or as JSON text {"task","on":"failed|cancelled|skipped|finished"}, ' +
    '{"task","when":{"pointer":"/verdict","equals":"ok"}}, {"group"}, {"any":[...]}, {"all":[...]}, ' +
    '{"at_least":2 or "60%","of":[...] or {"group"}}',
);

const assignment = z.object({
  instance: z.string().optional(),
  role: z.string().optional(),
  fallback_ms: z.int().optional(),
  not_by: names.optional(),
});

const backoff = z.object({
  initial_interval_ms: z.int().optional(),
  backoff_coefficient: z.number().optional(),
  max_interval_ms: z.int().optional(),
});

export const refs = z.record(z.string(), z.string()).optional().describe("issue, branch, commit, pr …: text to text");

/** Parameters for the settings of a task. */
export const settingsShape = {
  priority: z.enum(PRIORITIES).optional(),
  group: z.string().optional(),
  role: z.string().optional(),
  capabilities: names.optional().describe("All are needed to claim it"),
  assign_to: assignment.optional().describe("Reserve for an instance or role; not_by: not for these tasks' authors"),
  locks: names.optional().describe("Tasks with one lock never overlap"),
  timeout_ms: z.int().optional().describe("Longest silence of the holder"),
  max_attempts: z.int().optional(),
  backoff: backoff.optional(),
  estimate_ms: z.int().optional().describe("Work that it is expected to take"),
  not_before: z.string().optional().describe("ISO 8601, or a duration like PT10M"),
  deadline: z.string().optional(),
  fail_on_deadline: z.boolean().optional(),
  if_unreachable: z.enum(["block", "skip", "fail"]).optional().describe("If a dependency cannot be met"),
  refs,
};

type Setting = keyof typeof settingsShape;

/** The names of all settings; each of them can be cleared. */
// `Object.keys` returns string[], but these are exactly the literal's keys.
export const SETTING_NAMES = Object.keys(settingsShape) as [Setting, ...Setting[]];

/** Parameters for a new task. */
export const newTaskShape = { id: taskId, description: z.string(), dependencies, ...settingsShape };

/** A list of settings to remove. Null cannot mean that: many clients fill it in for absent parameters. */
export function clearing<Name extends string>(names: readonly [Name, ...Name[]]) {
  return z.array(z.enum(names)).optional();
}

/**
 * The given values, with null for each name in `clear`. Throws a `Refusal` if a name is both set and cleared.
 *
 * @param given parameters; undefined if absent
 */
export function withCleared<Values extends object, Name extends keyof Values & string>(
  given: Values,
  clear: readonly Name[] = [],
): { [K in keyof Values]: Values[K] | (K extends Name ? null : never) } {
  const both = clear.find((name) => given[name] !== undefined);
  if (both !== undefined) {
    throw new Refusal("invalid_value", `Cannot both set and clear ${both}: leave one out`, { parameter: both });
  }
  // Exactly the names in `clear` are null now.
  return { ...given, ...Object.fromEntries(clear.map((name) => [name, null])) } as ReturnType<
    typeof withCleared<Values, Name>
  >;
}

type NewTaskArguments = z.infer<z.ZodObject<typeof newTaskShape>>;
type SettingsArguments = z.infer<z.ZodObject<typeof settingsShape>>;
type ChangesArguments = { readonly [K in Setting]?: SettingsArguments[K] | null };

/** The schema of `assign_to`: the instance or role that a task is reserved for, and the tasks whose authors may not. */
export const assignmentSchema = assignment;

/** Converts to the core's `NewTask`. Throws a `Refusal` if a dependency or a time is malformed. */
export function toNewTask({ id, description, dependencies, ...settings }: NewTaskArguments, now: number): NewTask {
  const known = Object.entries(toChanges(settings, now)).filter(([, value]) => value !== null);
  // Without null, these are the types of `TaskSettings`.
  return {
    id,
    description,
    dependencies: toDependencies(dependencies ?? []),
    ...Object.fromEntries(known) as TaskSettings,
  };
}

/** Converts to a `TemplateTask`, which keeps durations. Throws a `Refusal` if a dependency or a time is malformed. */
export function toTemplateTask({ not_before, deadline, ...args }: NewTaskArguments, now: number): TemplateTask {
  const notBeforeMs = not_before === undefined ? undefined : parseDuration(not_before);
  const deadlineMs = deadline === undefined ? undefined : parseDuration(deadline);
  const moments = {
    ...(notBeforeMs === undefined && { not_before }),
    ...(deadlineMs === undefined && { deadline }),
  };
  return { ...toNewTask({ ...args, ...moments }, now), ...defined({ notBeforeMs, deadlineMs }) };
}

/** Converts dependencies. Throws a `Refusal` if one is malformed. */
export function toDependencies(values: readonly unknown[]): readonly Dependency[] {
  return parseDependencies(values.map(readDependency));
}

/** Converts settings to changes: null removes a setting. Throws a `Refusal` if a time is malformed. */
export function toChanges(args: ChangesArguments, now: number): Changes<TaskSettings> {
  const { assign_to, backoff, not_before, deadline, if_unreachable } = args;
  return defined({
    // A default value is not stored.
    priority: args.priority === "normal" ? null : args.priority,
    group: args.group,
    role: args.role,
    capabilities: emptyToNull(args.capabilities),
    assignTo: assign_to && toAssignment(assign_to),
    locks: emptyToNull(args.locks && [...new Set(args.locks)]),
    timeoutMs: args.timeout_ms,
    maxAttempts: args.max_attempts,
    backoff: backoff && defined({
      initialIntervalMs: backoff.initial_interval_ms,
      coefficient: backoff.backoff_coefficient,
      maxIntervalMs: backoff.max_interval_ms,
    }),
    estimateMs: args.estimate_ms,
    notBefore: timeOrNone(not_before, "not_before", { now, day: "begin" }),
    deadline: timeOrNone(deadline, "deadline", { now, day: "end" }),
    failOnDeadline: args.fail_on_deadline,
    ifUnreachable: if_unreachable === "block" ? null : if_unreachable,
    refs: args.refs && (Object.keys(args.refs).length === 0 ? null : args.refs),
  });
}

/** The exact times of parameters that were dates or durations; the server's clock and time zone decide them. */
export function momentsOf(
  { not_before, deadline }: Pick<ChangesArguments, "not_before" | "deadline">,
  { notBefore, deadline: end }: TaskSettings,
): Json {
  return {
    ...(typeof not_before === "string" && isRelative(not_before) && notBefore !== undefined &&
      { notBefore: isoTime(notBefore) }),
    ...(typeof deadline === "string" && isRelative(deadline) && end !== undefined && { deadline: isoTime(end) }),
  };
}

/** Converts `assign_to`. */
export function toAssignment({ instance, role, fallback_ms, not_by }: z.infer<typeof assignment>) {
  return defined({ instance, role, fallbackMs: fallback_ms, notBy: not_by && [...new Set(not_by)] });
}

function timeOrNone(
  text: string | null | undefined,
  parameter: string,
  options: { readonly now: number; readonly day: DayPart },
): number | null | undefined {
  return typeof text === "string" ? parseTime(text, parameter, options) : text;
}

function emptyToNull<T>(values: readonly T[] | null | undefined): readonly T[] | null | undefined {
  return values?.length === 0 ? null : values;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The value without its undefined fields. */
export function defined<T extends object>(value: T): Defined<T> {
  // No remaining field is undefined.
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Defined<T>;
}
