/**
 * A whole plan as a file: an object with `format`, `version`, and the parts of the plan. `tasks` is an object of tasks as
 * in `tasks.json`. This is a published format: if it changes, `PLAN_VERSION` and the docs change, too.
 */

import * as z from "zod";
import { lazy } from "../../core/model/lazy.ts";
import {
  planOfTasks,
  type PortableGroup,
  type PortablePlan,
  type PortableTemplate,
} from "../../core/model/portable_plan.ts";
import { handedBack } from "../../core/state/evolve.ts";
import { END_STATUSES } from "../../core/model/status.ts";
import { printable } from "../../core/model/values.ts";
import { inOrderOf } from "./field_order.ts";
import { parseJsonFile } from "./json_text.ts";
import {
  fieldsSchema,
  isPlan,
  objectOfTasks,
  present,
  readTasks,
  settingsSchema,
  toDependencies,
} from "./tasks_file.ts";

/** The `format` of such a file. */
const PLAN_FORMAT = "orchestrator-plan";

/** The newest version of the format, which this program writes. */
export const PLAN_VERSION = 1;

/** Who paused a plan that does not tell. */
const UNKNOWN_ACTOR = { caller: "import" };

const time = lazy(() => z.number().nonnegative());
const count = lazy(() => z.int().nonnegative());

const headSchema = lazy(() => z.looseObject({ format: z.literal(PLAN_FORMAT), version: z.int().positive() }));

const groupSchema = lazy(() =>
  z.strictObject({
    id: z.string(),
    title: z.string().optional(),
    maxParallel: z.int().optional(),
    paused: z.boolean().optional(),
    preamble: z.string().optional(),
    visibleTo: z.array(z.string()).optional(),
    createdAt: time().optional(),
    template: z.strictObject({ name: z.string(), version: count(), builtinVersion: count().optional() }).optional(),
    archived: z.partialRecord(z.enum(END_STATUSES), count()).optional(),
  })
);

const parameterSchema = lazy(() =>
  z.strictObject({
    name: z.string(),
    description: z.string().optional(),
    default: z.string().optional(),
    required: z.boolean().optional(),
  })
);

const templateTaskSchema = lazy(() =>
  z.strictObject({
    ...settingsSchema().shape,
    id: z.string(),
    description: z.string(),
    dependencies: z.array(z.unknown()).default([]),
    notBeforeMs: time().optional(),
    deadlineMs: time().optional(),
  })
);

const templateSchema = lazy(() =>
  z.strictObject({
    name: z.string(),
    isArchived: z.literal(true).optional(),
    versions: z.array(z.strictObject({
      description: z.string().optional(),
      parameters: z.array(parameterSchema()).default([]),
      tasks: z.array(templateTaskSchema()),
      createdAt: time().optional(),
    })),
  })
);

const pauseSchema = lazy(() =>
  z.strictObject({
    reason: z.string(),
    at: time().optional(),
    by: z.strictObject({ caller: z.string(), instance: z.string().optional() }).optional(),
  })
);

const planSchema = lazy(() =>
  z.strictObject({
    ...headSchema().shape,
    paused: pauseSchema().optional(),
    groups: z.array(groupSchema()).default([]),
    templates: z.array(templateSchema()).default([]),
    /** Checked as `tasks.json` is. */
    tasks: z.unknown().optional(),
  })
);

/** A plan of a file, and a message that names the fields that were left out, if any. */
export interface PlanFile {
  readonly plan: PortablePlan;
  readonly warning?: string;
}

/**
 * Reads a whole plan, or tasks alone as `tasks.json` has them: JSON in UTF-8.
 *
 * @param now used for missing times, in milliseconds since the Unix epoch
 * @throws SyntaxError if it is neither, is of a newer version, or has a misspelt field; the message says where
 */
export function parsePlan(bytes: Uint8Array, now: number): PlanFile {
  return readPlan(parseJsonFile(bytes), now);
}

/** Reads a value as `parsePlan` reads a file. */
export function readPlan(value: unknown, now: number): PlanFile {
  if (!isPlan(value)) {
    const { tasks, ...rest } = readTasks(value, now);
    return { plan: planOfTasks(tasks), ...rest };
  }
  refuseNewer(checked(headSchema(), value).version);
  const { tasks: given = {}, groups, templates, paused } = checked(planSchema(), value);
  const { tasks, ...rest } = readTasks(given, now);
  return {
    plan: {
      tasks: tasks.map((task) => task.status === "in_progress" ? handedBack(task, now) : task),
      // A schema allows undefined where the types want no field at all.
      groups: groups.map((group): PortableGroup => present(group)),
      templates: templates.map(toTemplate),
      ...(paused !== undefined && { paused: { ...present({ at: now, by: UNKNOWN_ACTOR, ...paused }) } }),
    },
    ...rest,
  };
}

function toTemplate({ name, isArchived, versions }: z.infer<ReturnType<typeof templateSchema>>): PortableTemplate {
  return {
    name,
    firstVersion: 1,
    versions: versions.map(({ tasks, ...version }) => ({
      ...present(version),
      tasks: tasks.map(({ id, description, dependencies, ...settings }) => ({
        id,
        description,
        dependencies: toDependencies(id, dependencies),
        ...present(settings),
      })),
    })),
    ...(isArchived === true && { isArchived }),
  };
}

function refuseNewer(version: number): void {
  if (version <= PLAN_VERSION) return;
  throw new SyntaxError(
    `It is a plan of version ${version}, and this program knows version ${PLAN_VERSION}: update the program, or export ` +
      "it with --tasks, which leaves out all but the tasks",
  );
}

function checked<T extends z.ZodType>(schema: T, value: unknown): z.infer<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = issue?.path.map((part) => printable(String(part))).join(".");
  throw new SyntaxError(`It is not a plan: at ${path || "the top"}: ${issue?.message}`);
}

/** The text of a plan, in slices: one group, template or task a line. */
export function* formatPlan({ tasks, groups, templates, paused }: PortablePlan): Iterable<string> {
  yield `{"format":${JSON.stringify(PLAN_FORMAT)},"version":${PLAN_VERSION},\n`;
  if (paused !== undefined) yield `"paused":${JSON.stringify(inOrderOf(pauseSchema(), paused))},\n`;
  yield* list("groups", groupSchema(), groups);
  yield* list("templates", templateSchema(), templates.map(({ firstVersion: _, ...template }) => template));
  yield `"tasks":`;
  yield* objectOfTasks(tasks, (task) => inOrderOf(fieldsSchema(), task));
  yield "}\n";
}

function* list(name: string, schema: z.ZodType, items: readonly unknown[]): Iterable<string> {
  yield `"${name}":[`;
  let separator = "\n";
  for (const item of items) {
    yield separator + JSON.stringify(inOrderOf(schema, item));
    separator = ",\n";
  }
  yield "\n],\n";
}
