/**
 * Converts the issues of Beads (github.com/steveyegge/beads): JSON lines, as in `.beads/issues.jsonl`. A parent becomes a
 * task that waits for a group of its children, and children wait for what their parent waits for, as in Beads.
 * Relations that keep nothing from being ready become references.
 */

import { z } from "zod";
import type { Dependency } from "../core/model/dependency.ts";
import { MAX_NOTE_BYTES, MAX_NOTES, MAX_REF_BYTES } from "../core/model/limits.ts";
import type { Priority } from "../core/model/task.ts";
import { utf8Bytes } from "../core/model/values.ts";
import { type Converted, convertedPlan, type ConvertedTask, Losses, notOf, paragraphs, section } from "./converted.ts";

const text = z.string().nullish();
/** Go writes a time that is not set as the year 1. */
const time = z.iso.datetime({ offset: true }).nullish().transform((value) => {
  const at = Date.parse(value ?? "");
  return at >= 0 ? at : undefined;
});

const dependencySchema = z.looseObject({
  depends_on_id: z.string(),
  type: z.string().optional(),
  /** In files of some versions. */
  dep_type: z.string().optional(),
});

const commentSchema = z.looseObject({ author: z.string().default("unknown"), text: z.string(), created_at: time });

const issueSchema = z.looseObject({
  id: z.string(),
  title: z.string().default(""),
  description: text,
  design: text,
  acceptance_criteria: text,
  notes: text,
  status: z.string().default("open"),
  priority: z.int().nullish(),
  issue_type: text,
  assignee: text,
  labels: z.array(z.string()).nullish(),
  external_ref: text,
  estimated_minutes: z.number().positive().nullish().catch(undefined),
  created_at: time,
  closed_at: time,
  close_reason: text,
  due_at: time,
  defer_until: time,
  dependencies: z.array(dependencySchema).nullish(),
  comments: z.array(commentSchema).nullish(),
});

type Issue = z.infer<typeof issueSchema>;

/** Fields that are read, and those that say nothing about the work. */
const KNOWN_FIELDS: ReadonlySet<string> = new Set([
  ...Object.keys(issueSchema.shape),
  ...["_type", "updated_at", "created_by", "content_hash", "source_repo", "compaction_level", "original_size"],
]);

const PRIORITIES: readonly (Priority | undefined)[] = ["urgent", "high", undefined, "low", "low"];

/** @throws SyntaxError if the text is no such file; the message says in which line */
export function fromBeads(text: string): Converted {
  const losses = new Losses();
  const issues = readIssues(text, losses);
  const parents = parentsOf(issues, losses);
  const groups = [...new Set(parents.values())].map((parent) => ({
    id: parent.id,
    ...(parent.title !== "" && { title: parent.title }),
  }));
  const tasks = Array.from(issues.values(), (issue) => convertIssue(issue, { issues, parents, losses }));
  return convertedPlan(groups, tasks, losses);
}

/** The issues by their ids, without deleted ones. */
function readIssues(text: string, losses: Losses): ReadonlyMap<string, Issue> {
  const issues = new Map<string, Issue>();
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const issue = readIssue(line, index + 1);
    if (issues.has(issue.id)) throw notOf("Beads", `line ${index + 1} has the id ${issue.id} again`);
    if (issue.status === "tombstone") losses.note("Deleted issues", issue.id);
    else issues.set(issue.id, issue);
  }
  return issues;
}

function readIssue(line: string, number: number): Issue {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw notOf("Beads", `line ${number} is not JSON, ${cause instanceof Error ? cause.message : cause}`);
  }
  const parsed = issueSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw notOf("Beads", `line ${number}: at ${issue?.path.join(".") || "the top"}: ${issue?.message}`);
}

/** The parent of each issue that has one: the first that it names. */
function parentsOf(issues: ReadonlyMap<string, Issue>, losses: Losses): ReadonlyMap<string, Issue> {
  const parents = new Map<string, Issue>();
  for (const issue of issues.values()) {
    for (const dependency of issue.dependencies ?? []) {
      if (typeOf(dependency) !== "parent-child") continue;
      const parent = issues.get(dependency.depends_on_id);
      if (parent === undefined) losses.note("Parents that the file does not have", issue.id);
      else if (parents.has(issue.id)) losses.note("Further parents", issue.id);
      else parents.set(issue.id, parent);
    }
  }
  return parents;
}

function typeOf({ type, dep_type }: z.infer<typeof dependencySchema>): string {
  return type ?? dep_type ?? "blocks";
}

interface IssueContext {
  readonly issues: ReadonlyMap<string, Issue>;
  readonly parents: ReadonlyMap<string, Issue>;
  readonly losses: Losses;
}

function convertIssue(issue: Issue, context: IssueContext): ConvertedTask {
  const { id, title, description, design, acceptance_criteria, notes, created_at, due_at, estimated_minutes } = issue;
  const { parents, losses } = context;
  for (const field of Object.keys(issue)) if (!KNOWN_FIELDS.has(field)) losses.note(`The field ${field}`, id);
  const isParent = parents.values().some((parent) => parent.id === id);
  const group = parents.get(id)?.id;
  const priority = PRIORITIES[issue.priority ?? 2];
  const refs = refsOf(issue, losses);
  const comments = notesOf(issue, losses);
  return {
    id,
    description: paragraphs(
      title,
      description,
      section("Design", design),
      section("Acceptance criteria", acceptance_criteria),
      section("Notes", notes),
    ),
    ...statusOf(issue, losses),
    attempt: 0,
    dependencies: [...blockersOf(issue, context), ...(isParent ? [{ group: id }] : [])],
    ...(group !== undefined && { group }),
    ...(priority !== undefined && { priority }),
    ...(created_at !== undefined && { createdAt: created_at }),
    ...(due_at !== undefined && { deadline: due_at }),
    ...(estimated_minutes != null && { estimateMs: estimated_minutes * 60_000 }),
    ...(Object.keys(refs).length > 0 && { refs }),
    ...(comments.length > 0 && { notes: comments }),
  };
}

/** What an issue waits for: what blocks it or one of its parents, but for what is below that parent. */
function blockersOf(start: Issue, { issues, parents, losses }: IssueContext): readonly Dependency[] {
  const lineage = lineageOf(start.id, parents);
  const blockers: Dependency[] = [];
  for (const id of lineage) {
    for (const dependency of issues.get(id)?.dependencies ?? []) {
      const { depends_on_id: on } = dependency;
      const type = typeOf(dependency);
      if (!BLOCKING.includes(type) || (id !== start.id && lineageOf(on, parents).includes(id))) continue;
      if (lineage.includes(on)) losses.note("Dependencies of children on their own parents", start.id);
      else if (!issues.has(on)) losses.note("Dependencies on issues that the file does not have", start.id);
      else blockers.push(type === "conditional-blocks" ? { task: on, on: "failed" } : on);
      if (type === "waits-for") losses.note("Waiting for the children of another issue: here for that issue", start.id);
    }
  }
  return blockers;
}

/** An issue, its parent, the parent of that, and so on. */
function lineageOf(start: string, parents: ReadonlyMap<string, Issue>): readonly string[] {
  const ids = new Set([start]);
  for (let parent = parents.get(start); parent !== undefined; parent = parents.get(parent.id)) {
    // Parents that are their own children are refused later, as a cycle.
    if (ids.has(parent.id)) break;
    ids.add(parent.id);
  }
  return [...ids];
}

/** The types of dependencies that keep an issue from being ready, besides `parent-child`. */
const BLOCKING: readonly string[] = ["blocks", "conditional-blocks", "waits-for"];

function statusOf(
  { id, status, close_reason, closed_at, defer_until }: Issue,
  losses: Losses,
): Pick<ConvertedTask, "status" | "result" | "reason" | "finishedAt" | "notBefore"> {
  switch (status) {
    case "open":
      return { status: "pending", ...(defer_until !== undefined && { notBefore: defer_until }) };
    case "closed":
      return {
        status: "completed",
        ...(close_reason != null && { result: close_reason }),
        ...(closed_at !== undefined && { finishedAt: closed_at }),
      };
    case "deferred":
      if (defer_until !== undefined) return { status: "pending", notBefore: defer_until };
      losses.note("The status deferred, cancelled here until retry_task brings the task back", id);
      return { status: "cancelled", reason: "It was deferred in Beads" };
    case "blocked":
      losses.note("The status blocked, pending here: dependencies decide", id);
      return { status: "pending" };
    case "in_progress":
    case "hooked":
      losses.note(`The status ${status}, pending here, as no instance holds the task`, id);
      return { status: "pending" };
    case "pinned":
      losses.note("The status pinned, cancelled here, as it is no work", id);
      return { status: "cancelled", reason: "It was pinned in Beads" };
    default:
      losses.note(`The status ${status}, pending here`, id);
      return { status: "pending" };
  }
}

/** What else an issue is about, by name. */
function refsOf(issue: Issue, losses: Losses): Readonly<Record<string, string>> {
  const { id, issue_type, assignee, external_ref, labels, dependencies } = issue;
  const relations = Map.groupBy(dependencies ?? [], typeOf);
  const refs = new Map<string, string | null | undefined>([
    ["issue_type", issue_type === "task" ? undefined : issue_type],
    ["assignee", assignee],
    ["external_ref", external_ref],
    ["labels", labels?.join(", ")],
  ]);
  for (const [type, all] of relations) {
    if (BLOCKING.includes(type) || type === "parent-child") continue;
    refs.set(type, all.map(({ depends_on_id }) => depends_on_id).join(", "));
  }
  const kept = Array.from(refs).filter((entry): entry is [string, string] => entry[1] != null && entry[1] !== "");
  return Object.fromEntries(kept.filter(([name, value]) => {
    const fits = utf8Bytes(value) <= MAX_REF_BYTES;
    if (!fits) losses.note(`${name} of more than ${MAX_REF_BYTES} bytes`, id);
    return fits;
  }));
}

/** The comments as notes: the newest. */
function notesOf({ id, comments, created_at = 0 }: Issue, losses: Losses): NonNullable<ConvertedTask["notes"]> {
  const fitting = (comments ?? []).filter(({ text }) => utf8Bytes(text) <= MAX_NOTE_BYTES);
  if (fitting.length < (comments ?? []).length) losses.note(`Comments of more than ${MAX_NOTE_BYTES} bytes`, id);
  if (fitting.length > MAX_NOTES) losses.note(`Comments before the newest ${MAX_NOTES}`, id);
  return fitting.slice(-MAX_NOTES).map(({ author, text, created_at: at = created_at }) => ({ author, at, text }));
}
