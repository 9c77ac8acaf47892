/**
 * What tools take of a task: its settings as an agent writes them, and how they become those of the core.
 */

import type { Changes } from "../../core/messages/events.ts";
import type { Dependency } from "../../core/model/dependency.ts";
import { parseDependencies } from "../../core/model/parse_dependency.ts";
import { Refusal } from "../../core/model/refusal.ts";
import { type NewTask, PRIORITIES, type TaskSettings } from "../../core/model/task.ts";
import type { TemplateTask } from "../../core/model/template.ts";
import { isoTime, type Json } from "../present.ts";
import { readDependency } from "../read_dependency.ts";
import { type DayPart, isRelative, parseDuration, parseTime } from "../time.ts";
import { z } from "zod";

export const taskId = z.string();
export const instanceId = z.string().describe("Your own id, always the same");
export const attempt = z.int().min(1).optional().describe("From the claim: refuses a late answer");
export const names = z.array(z.string());

/**
 * A dependency, of which the core reads the form: it says better what is wrong than a schema could. Listed are an id and
 * the plain expressions; any expression may also be JSON text, for clients that send nothing but what is listed.
 */
const dependency = z.unknown()
  .refine(
    (value) => typeof value === "string" || (typeof value === "object" && value !== null),
    "expected string or object",
  )
  .meta({
    anyOf: [{ type: "string" }, {
      type: "object",
      properties: {
        task: { type: "string" },
        on: { type: "string" },
        when: { type: "object", properties: { pointer: { type: "string" } } },
        group: { type: "string" },
      },
    }],
  });

export const dependencies = z.array(dependency).optional().describe(
  'Ids of tasks to be completed first, or {"task","on":"failed|cancelled|skipped|finished"}, ' +
    '{"task","when":{"pointer":"/verdict","equals":"ok"}}, {"group"}, {"any":[...]}, {"all":[...]}, ' +
    '{"at_least":2 or "60%","of":[...] or {"group"}}; also as JSON text',
);

const assignment = z.object({
  instance: z.string().optional(),
  role: z.string().optional(),
  fallback_ms: z.int().optional(),
});

const backoff = z.object({
  initial_interval_ms: z.int().optional(),
  backoff_coefficient: z.number().optional(),
  max_interval_ms: z.int().optional(),
});

/** Settings of a task. */
export const settingsShape = {
  priority: z.enum(PRIORITIES).optional(),
  group: z.string().optional(),
  role: z.string().optional().describe("Only for instances with it"),
  capabilities: names.optional().describe("Only for instances with all"),
  assign_to: assignment.optional().describe("Reserve for an instance or role"),
  locks: names.optional().describe("Never beside tasks naming the same"),
  timeout_ms: z.int().optional().describe("Silent for so long, it goes to another"),
  max_attempts: z.int().optional(),
  backoff: backoff.optional(),
  not_before: z.string().optional().describe("ISO 8601, or duration like PT10M"),
  deadline: z.string().optional(),
  fail_on_deadline: z.boolean().optional(),
  if_unreachable: z.enum(["block", "skip", "fail"]).optional().describe("When a dependency fails"),
};

type Setting = keyof typeof settingsShape;

/** The names of all settings: those that a task can be without. */
// The keys of an object literal are its type's.
export const SETTING_NAMES = Object.keys(settingsShape) as [Setting, ...Setting[]];

/** A new task. */
export const newTaskShape = { id: taskId, description: z.string(), dependencies, ...settingsShape };

/** Names of values to be removed, as null does not say it: many clients fill it in for whatever is not given. */
export function clearing<Name extends string>(names: readonly [Name, ...Name[]]) {
  return z.array(z.enum(names)).optional();
}

/**
 * Values to be set, and null for those to be removed. Throws a `Refusal` if one is both.
 *
 * @param given the values as parameters, absent or not
 */
export function withCleared<Values extends object, Name extends keyof Values & string>(
  given: Values,
  clear: readonly Name[] = [],
): { [K in keyof Values]: Values[K] | (K extends Name ? null : never) } {
  const both = clear.find((name) => given[name] !== undefined);
  if (both !== undefined) {
    throw new Refusal("invalid_value", `Cannot both set and clear ${both}: leave one out`, { parameter: both });
  }
  // Those named in `clear` are null now, and no others.
  return { ...given, ...Object.fromEntries(clear.map((name) => [name, null])) } as ReturnType<
    typeof withCleared<Values, Name>
  >;
}

type NewTaskArguments = z.infer<z.ZodObject<typeof newTaskShape>>;
type SettingsArguments = z.infer<z.ZodObject<typeof settingsShape>>;
type ChangesArguments = { readonly [K in Setting]?: SettingsArguments[K] | null };

/** Whom a task is reserved for. */
export const assignmentSchema = assignment;

/** A new task of the core. Throws a `Refusal` if a dependency or a time is malformed. */
export function toNewTask({ id, description, dependencies, ...settings }: NewTaskArguments, now: number): NewTask {
  const known = Object.entries(toChanges(settings, now)).filter(([, value]) => value !== null);
  // What is left has the types of settings.
  return {
    id,
    description,
    dependencies: toDependencies(dependencies ?? []),
    ...Object.fromEntries(known) as TaskSettings,
  };
}

/** A task of a template, which keeps durations as such. Throws a `Refusal` if a dependency or a time is malformed. */
export function toTemplateTask({ not_before, deadline, ...args }: NewTaskArguments, now: number): TemplateTask {
  const notBeforeMs = not_before === undefined ? undefined : parseDuration(not_before);
  const deadlineMs = deadline === undefined ? undefined : parseDuration(deadline);
  const moments = {
    ...(notBeforeMs === undefined && { not_before }),
    ...(deadlineMs === undefined && { deadline }),
  };
  return { ...toNewTask({ ...args, ...moments }, now), ...defined({ notBeforeMs, deadlineMs }) };
}

/** Dependencies of the core. Throws a `Refusal` if one is malformed. */
export function toDependencies(values: readonly unknown[]): readonly Dependency[] {
  return parseDependencies(values.map(readDependency));
}

/** Changes of the core. Throws a `Refusal` if a time is malformed. */
export function toChanges(args: ChangesArguments, now: number): Changes<TaskSettings> {
  const { assign_to, backoff, not_before, deadline, if_unreachable } = args;
  return defined({
    // What is by default is not stored.
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
    notBefore: timeOrNone(not_before, "not_before", { now, day: "begin" }),
    deadline: timeOrNone(deadline, "deadline", { now, day: "end" }),
    failOnDeadline: args.fail_on_deadline,
    ifUnreachable: if_unreachable === "block" ? null : if_unreachable,
  });
}

/** The moments that a date alone or a duration stands for: what a caller cannot know who gave it. */
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

/** A reservation of the core. */
export function toAssignment({ instance, role, fallback_ms }: z.infer<typeof assignment>) {
  return defined({ instance, role, fallbackMs: fallback_ms });
}

function timeOrNone(
  text: string | null | undefined,
  what: string,
  options: { readonly now: number; readonly day: DayPart },
): number | null | undefined {
  return typeof text === "string" ? parseTime(text, what, options) : text;
}

function emptyToNull<T>(values: readonly T[] | null | undefined): readonly T[] | null | undefined {
  return values?.length === 0 ? null : values;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the fields that are undefined. */
export function defined<T extends object>(value: T): Defined<T> {
  // What is left is defined.
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Defined<T>;
}
