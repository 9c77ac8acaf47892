/**
 * Converts the `tasks.json` of Task Master (github.com/eyaltoledano/claude-task-master): lists of tasks by tag, or one list
 * in the older form. A tag becomes a group, a subtask at any depth a task of its own. A task depends on its subtasks, and
 * these on what it depends on. As there, a cancelled task keeps none waiting, and nobody gets the open subtasks of a task
 * that has ended or was put off.
 */

import * as z from "zod";
import type { Dependency } from "../core/model/dependency.ts";
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
  /** The tasks that it is in, the nearest first. */
  readonly above: readonly Pick<Entry, "id" | "fields">[];
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
function entriesOf({ fields, subtasks }: Task, above: Entry["above"]): readonly Entry[] {
  const id = idIn(above[0]?.id, fields);
  const parts = subtasks.map((each) => idIn(id, each.fields));
  return [...subtasks.flatMap((each) => entriesOf(each, [{ id, fields }, ...above])), { id, fields, above, parts }];
}

/** The id of a task: that of a subtask may have that of its task before it or not. */
function idIn(parent: string | undefined, { id }: Task["fields"]): string {
  return parent === undefined || id.startsWith(`${parent}.`) ? id : `${parent}.${id}`;
}

/** What tasks name, then what follows: tasks wait for their parts, and these for what their tasks wait for. */
function dependenciesOf(
  entries: readonly Entry[],
  { losses, hereOf }: ListContext,
): ReadonlyMap<Entry, readonly Dependency[]> {
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
    const ofParents = entry.above.toReversed().flatMap(({ id }) => {
      const parent = known.get(id);
      return parent === undefined ? [] : named.get(parent) ?? [];
    });
    const inherited = implied(entry, ofParents, "Subtasks that do not wait for all that their task waits for");
    const all = new Set([...inherited, ...named.get(entry) ?? [], ...parts.get(entry) ?? []]);
    return [entry, Array.from(all, (id) => dependencyOn(hereOf(id), known.get(id)?.fields.status))];
  }));
}

/** A cancelled task counts as done for those that wait for it there, until it is brought back. */
function dependencyOn(id: string, status: string | undefined): Dependency {
  return status === "cancelled" ? { task: id, on: "finished" } : id;
}

/** The dependencies that a task names, without those on tasks that it is in. */
function namedBy(
  { id, fields, above }: Entry,
  known: ReadonlyMap<string, Entry>,
  losses: Losses,
  hereOf: ListContext["hereOf"],
): readonly string[] {
  return (fields.dependencies ?? []).flatMap((each) => {
    const named = siblingOf(above[0]?.id, each, known);
    if (above.some((parent) => parent.id === named)) {
      losses.note("Dependencies of subtasks on their own task", hereOf(id));
    } else if (!known.has(named)) losses.note("Dependencies on tasks that the file does not have", hereOf(id));
    else return [named];
    return [];
  });
}

/** The id that a dependency of a subtask means: a number is a subtask of the same task, if there is one. */
function siblingOf(parent: string | undefined, id: string, known: ReadonlyMap<string, Entry>): string {
  const sibling = `${parent}.${id}`;
  return known.has(sibling) ? sibling : id;
}

function taskOf(entry: Entry, dependencies: readonly Dependency[], context: ListContext): ConvertedTask {
  const { fields } = entry;
  const { tag, losses } = context;
  const id = context.hereOf(entry.id);
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
    ...statusOf(entry, context),
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

/** The statuses in which Task Master offers a task to nobody, nor the open subtasks of the task. */
const CLOSED: readonly string[] = ["done", "completed", "cancelled", "deferred"];

function statusOf(
  { id: own, fields: { status }, above }: Entry,
  { losses, hereOf }: ListContext,
): Pick<ConvertedTask, "status" | "reason"> {
  const id = hereOf(own);
  const closed = CLOSED.includes(status) ? undefined : above.find(({ fields }) => CLOSED.includes(fields.status));
  switch (closed?.fields.status ?? status) {
    case "pending":
      return { status: "pending" };
    case "done":
    case "completed":
      if (closed !== undefined) losses.note("Open subtasks of tasks that are done, completed here", id);
      return { status: "completed" };
    case "cancelled":
      if (closed === undefined) return { status: "cancelled" };
      losses.note("Open subtasks of cancelled tasks, cancelled here until retry_task brings them back", id);
      return { status: "cancelled", reason: `Its task ${hereOf(closed.id)} was cancelled in Task Master` };
    case "deferred":
      if (closed === undefined) {
        losses.note("The status deferred, cancelled here until retry_task brings the task back", id);
        return { status: "cancelled", reason: "It was deferred in Task Master" };
      }
      losses.note("Open subtasks of deferred tasks, cancelled here until retry_task brings them back", id);
      return { status: "cancelled", reason: `Its task ${hereOf(closed.id)} was deferred in Task Master` };
    case "in-progress":
      losses.note("The status in-progress, pending here, as no instance holds the task", id);
      return { status: "pending" };
    default:
      losses.note(`The status ${status}, pending here`, id);
      return { status: "pending" };
  }
}
