/**
 * Converts the `tasks.json` of Task Master (github.com/eyaltoledano/claude-task-master): lists of tasks by tag, or one list
 * in the older form. A tag becomes a group, a subtask at any depth a task of its own. A task depends on its subtasks, and
 * these on what it depends on.
 */

import * as z from "zod";
import type { Priority } from "../core/model/task.ts";
import {
  type Converted,
  type ConvertedGroup,
  convertedPlan,
  type ConvertedTask,
  Losses,
  paragraphs,
  section,
} from "./converted.ts";
import { DependencyGraph } from "./implied.ts";
import { READ_FIELDS, readLists, type TaggedList, type Task } from "./read_task_master.ts";

const namedTextsSchema = z.record(z.string(), z.string());

/** A text, a list, or named texts: in this form are the fields that say more about the work. */
const proseSchema = z.union([
  z.string().nullish().transform((text) => text ?? ""),
  z.array(z.union([z.string(), namedTextsSchema])).transform((list) => list.map(lineOf).join("\n")),
  namedTextsSchema.transform((named) => Object.entries(named).map(([name, text]) => `- ${name}: ${text}`).join("\n")),
]);

/** The fields that become sections of the description. */
const SECTIONS: readonly (readonly [field: string, title: string])[] = [
  ["details", "Details"],
  ["implementationApproach", "Implementation approach"],
  ["technicalConstraints", "Technical constraints"],
  ["scopeBoundaries", "Scope"],
  ["relevantFiles", "Relevant files"],
  ["codebasePatterns", "Patterns of the code"],
  ["existingInfrastructure", "What there is already"],
  ["acceptanceCriteria", "Acceptance criteria"],
  ["testStrategy", "Test strategy"],
];

/** Fields that are read, and those that say nothing about the work. */
const KNOWN_FIELDS: ReadonlySet<string> = new Set([
  ...READ_FIELDS,
  ...SECTIONS.map(([field]) => field),
  "updatedAt",
]);

/** The tag whose tasks keep their ids, which are unique in their tag only. */
const MAIN_TAG = "master";

/** @throws SyntaxError if the text is no such file; the message says where */
export function fromTaskMaster(text: string): Converted {
  const losses = new Losses();
  const lists = readLists(text, losses);
  const groups = lists.flatMap(({ tag, title }): readonly ConvertedGroup[] =>
    tag === undefined ? [] : [{ id: tag, ...(title !== undefined && { title }) }]
  );
  return convertedPlan(groups, lists.flatMap((list) => convertList(list, losses)), losses);
}

/** A task or subtask. */
interface Entry {
  readonly id: string;
  readonly fields: Task["fields"];
  /** The ids of the tasks that it is in, the nearest first. */
  readonly parents: readonly string[];
  /** The ids of the tasks in it. */
  readonly parts: readonly string[];
}

interface ListContext {
  readonly tag: string | undefined;
  readonly losses: Losses;
  /** The id here of an id in the list. */
  readonly hereOf: (id: string) => string;
}

function convertList({ tag, tasks }: TaggedList, losses: Losses): readonly ConvertedTask[] {
  const hereOf = (id: string) => tag === undefined || tag === MAIN_TAG ? id : `${tag}/${id}`;
  const context = { tag, losses, hereOf };
  const entries = tasks.flatMap((task) => entriesOf(task, []));
  const dependencies = dependenciesOf(entries, context);
  return entries.map((entry) => taskOf(entry, dependencies.get(entry) ?? [], context));
}

/** The subtasks of a task, then itself. */
function entriesOf({ fields, subtasks }: Task, parents: readonly string[]): readonly Entry[] {
  const id = idIn(parents[0], fields);
  const parts = subtasks.map((each) => idIn(id, each.fields));
  return [...subtasks.flatMap((each) => entriesOf(each, [id, ...parents])), { id, fields, parents, parts }];
}

/** The id of a task: that of a subtask may have that of its task before it or not. */
function idIn(parent: string | undefined, { id }: Task["fields"]): string {
  return parent === undefined || id.startsWith(`${parent}.`) ? id : `${parent}.${id}`;
}

/** What tasks name, then what follows: tasks wait for their parts, and these for what their tasks wait for. */
function dependenciesOf(
  entries: readonly Entry[],
  { losses, hereOf }: ListContext,
): ReadonlyMap<Entry, readonly string[]> {
  const known = new Map(entries.map((entry) => [entry.id, entry]));
  const named = new Map(entries.map((entry) => [entry, namedBy(entry, known, losses, hereOf)]));
  const graph = new DependencyGraph();
  for (const [{ id }, ids] of named) for (const each of ids) graph.add(id, each);
  const implied = ({ id }: Entry, ids: readonly string[], loss: string) =>
    ids.filter((each) => {
      const isAdded = graph.addImplied(id, each);
      if (!isAdded) losses.note(`${loss}, as that would be a cycle`, hereOf(id));
      return isAdded;
    });
  const parts = new Map(entries.map((entry) => {
    return [entry, implied(entry, entry.parts, "Tasks that do not wait for all their subtasks")];
  }));
  return new Map(entries.map((entry) => {
    const above = entry.parents.toReversed().flatMap((id) => {
      const parent = known.get(id);
      return parent === undefined ? [] : named.get(parent) ?? [];
    });
    const inherited = implied(entry, above, "Subtasks that do not wait for all that their task waits for");
    const all = [...inherited, ...named.get(entry) ?? [], ...parts.get(entry) ?? []];
    return [entry, all.map(hereOf)];
  }));
}

/** The dependencies that a task names, without those on tasks that it is in. */
function namedBy(
  { id, fields, parents }: Entry,
  known: ReadonlyMap<string, Entry>,
  losses: Losses,
  hereOf: ListContext["hereOf"],
): readonly string[] {
  return (fields.dependencies ?? []).flatMap((each) => {
    const named = siblingOf(parents[0], each, known);
    if (parents.includes(named)) losses.note("Dependencies of subtasks on their own task", hereOf(id));
    else if (!known.has(named)) losses.note("Dependencies on tasks that the file does not have", hereOf(id));
    else return [named];
    return [];
  });
}

/** The id that a dependency of a subtask means: a number is a subtask of the same task, if there is one. */
function siblingOf(parent: string | undefined, id: string, known: ReadonlyMap<string, Entry>): string {
  const sibling = `${parent}.${id}`;
  return known.has(sibling) ? sibling : id;
}

function taskOf(
  { id: own, fields }: Entry,
  dependencies: readonly string[],
  { tag, losses, hereOf }: ListContext,
): ConvertedTask {
  const id = hereOf(own);
  for (const field of Object.keys(fields)) if (!KNOWN_FIELDS.has(field)) losses.note(`The field ${field}`, id);
  const sections = SECTIONS.map(([field, title]) => {
    const { data } = proseSchema.safeParse(fields[field]);
    if (data === undefined) losses.note(`The field ${field}`, id);
    return section(title, data);
  });
  const priority = priorityOf(fields.priority, id, losses);
  return {
    id,
    description: paragraphs(fields.title, fields.description, ...sections),
    ...statusOf(fields.status, id, losses),
    dependencies,
    attempt: 0,
    ...(tag !== undefined && { group: tag }),
    ...(priority !== undefined && { priority }),
  };
}

function lineOf(entry: string | Readonly<Record<string, string>>): string {
  return `- ${typeof entry === "string" ? entry : Object.values(entry).join(", ")}`;
}

function priorityOf(priority: string | null | undefined, id: string, losses: Losses): Priority | undefined {
  switch (priority) {
    case undefined:
    case null:
    case "medium":
      return undefined;
    case "low":
    case "high":
      return priority;
    case "critical":
    case "urgent":
      return "urgent";
    default:
      losses.note(`The priority ${priority}, normal here`, id);
      return undefined;
  }
}

function statusOf(status: string, id: string, losses: Losses): Pick<ConvertedTask, "status" | "reason"> {
  switch (status) {
    case "pending":
      return { status: "pending" };
    case "done":
    case "completed":
      return { status: "completed" };
    case "cancelled":
      return { status: "cancelled" };
    case "deferred":
      losses.note("The status deferred, cancelled here until retry_task brings the task back", id);
      return { status: "cancelled", reason: "It was deferred in Task Master" };
    case "in-progress":
      losses.note("The status in-progress, pending here, as no instance holds the task", id);
      return { status: "pending" };
    default:
      losses.note(`The status ${status}, pending here`, id);
      return { status: "pending" };
  }
}
