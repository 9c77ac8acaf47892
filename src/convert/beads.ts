/**
 * Converts the issues of Beads (github.com/steveyegge/beads): JSON lines, as in `.beads/issues.jsonl`. A parent becomes a
 * task that waits for a group of its children, and children wait for what their parent waits for, as in Beads.
 * Relations that keep nothing from being ready become references.
 */

import type { Dependency } from "../core/model/dependency.ts";
import { MAX_NOTE_BYTES, MAX_NOTES, MAX_REF_BYTES } from "../core/model/limits.ts";
import type { Priority } from "../core/model/task.ts";
import { utf8Bytes } from "../core/model/values.ts";
import { type Converted, convertedPlan, type ConvertedTask, Losses, paragraphs, section } from "./converted.ts";
import { DependencyGraph } from "./implied.ts";
import { type Issue, KNOWN_FIELDS, readIssues } from "./read_beads.ts";

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
  const dependencies = dependenciesOf(issues, parents, losses);
  const tasks = Array.from(issues.values(), (issue) => convertIssue(issue, { parents, dependencies, losses }));
  return convertedPlan(groups, tasks, losses);
}

/** The status of an issue that is no work: it stays open, and keeps no other from being ready. */
const PINNED = "pinned";

/** The parent of each issue that has one: the first that it names. */
function parentsOf(issues: ReadonlyMap<string, Issue>, losses: Losses): ReadonlyMap<string, Issue> {
  const parents = new Map<string, Issue>();
  for (const issue of issues.values()) {
    for (const dependency of issue.dependencies ?? []) {
      if (typeOf(dependency) !== "parent-child") continue;
      const parent = issues.get(dependency.depends_on_id);
      if (issue.status === PINNED) losses.note("Parents of pinned issues, as these never end", issue.id);
      else if (parent === undefined) losses.note("Parents that the file does not have", issue.id);
      else if (parents.has(issue.id)) losses.note("Further parents", issue.id);
      else parents.set(issue.id, parent);
    }
  }
  return parents;
}

function typeOf({ type, dep_type }: NonNullable<Issue["dependencies"]>[number]): string {
  return type ?? dep_type ?? "blocks";
}

interface IssueContext {
  readonly parents: ReadonlyMap<string, Issue>;
  readonly dependencies: ReadonlyMap<string, readonly Dependency[]>;
  readonly losses: Losses;
}

function convertIssue(issue: Issue, { parents, dependencies, losses }: IssueContext): ConvertedTask {
  const { id, title, description, design, acceptance_criteria, notes, created_at, due_at, estimated_minutes } = issue;
  for (const field of Object.keys(issue)) if (!KNOWN_FIELDS.has(field)) losses.note(`The field ${field}`, id);
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
    dependencies: dependencies.get(id) ?? [],
    ...(group !== undefined && { group }),
    ...(priority !== undefined && { priority }),
    ...(created_at !== undefined && { createdAt: created_at }),
    ...(due_at !== undefined && { deadline: due_at }),
    ...(estimated_minutes != null && { estimateMs: estimated_minutes * 60_000 }),
    ...(Object.keys(refs).length > 0 && { refs }),
    ...(comments.length > 0 && { notes: comments }),
  };
}

/** What issues name, then what follows: parents wait for their children, and these for what their parents wait for. */
function dependenciesOf(
  issues: ReadonlyMap<string, Issue>,
  parents: ReadonlyMap<string, Issue>,
  losses: Losses,
): ReadonlyMap<string, readonly Dependency[]> {
  const graph = new DependencyGraph();
  for (const [id, parent] of parents) graph.add(groupNode(parent.id), id);
  const named = new Map(Array.from(issues, ([id, issue]) => {
    const blockers = blockersOf(issue, { issues, lineage: lineageOf(id, parents), losses });
    for (const { on } of blockers) graph.add(id, on);
    return [id, blockers];
  }));
  const groups = new Set(
    Array.from(parents.values(), ({ id }) => id).filter((id) => {
      const isAdded = graph.addImplied(id, groupNode(id));
      if (!isAdded) losses.note("Parents that do not wait for their children, as that would be a cycle", id);
      return isAdded;
    }),
  );
  return new Map(Array.from(issues.keys(), (id) => {
    const [, ...above] = lineageOf(id, parents);
    const inherited = above.flatMap((parent) =>
      named.get(parent)?.filter(({ on }) => !isBelow(on, parent, parents)) ?? []
    )
      .filter(({ on }) => {
        const isAdded = graph.addImplied(id, on);
        if (!isAdded) {
          losses.note("Children that do not wait for all that their parents wait for, as that would be a cycle", id);
        }
        return isAdded;
      });
    const blockers = [...named.get(id) ?? [], ...inherited].map(({ dependency }) => dependency);
    return [id, [...blockers, ...(groups.has(id) ? [{ group: id }] : [])]];
  }));
}

/** The name of a group in the graph, which no issue has. */
function groupNode(id: string): string {
  return `children of ${id}`;
}

interface Blocker {
  readonly on: string;
  readonly dependency: Dependency;
}

/** What blocks an issue by its own words. */
function blockersOf(
  { id, dependencies }: Issue,
  { issues, lineage, losses }: {
    readonly issues: ReadonlyMap<string, Issue>;
    /** The issue, its parent and so on. */
    readonly lineage: readonly string[];
    readonly losses: Losses;
  },
): readonly Blocker[] {
  return (dependencies ?? []).flatMap((dependency): readonly Blocker[] => {
    const { depends_on_id: on } = dependency;
    const type = typeOf(dependency);
    if (!BLOCKING.includes(type)) return [];
    if (type === "waits-for") losses.note("Waiting for the children of another issue: here for that issue", id);
    if (lineage.includes(on)) losses.note("Dependencies of children on their own parents", id);
    else if (!issues.has(on)) losses.note("Dependencies on issues that the file does not have", id);
    else if (type === "conditional-blocks") return [{ on, dependency: { task: on, on: "failed" } }];
    else return [{ on, dependency: issues.get(on)?.status === PINNED ? { task: on, on: "finished" } : on }];
    return [];
  });
}

function isBelow(id: string, parent: string, parents: ReadonlyMap<string, Issue>): boolean {
  return lineageOf(id, parents).includes(parent);
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
    case PINNED:
      losses.note("The status pinned, cancelled here, as it is no work", id);
      return { status: "cancelled", reason: "It was pinned in Beads" };
    default:
      losses.note(`The status ${status}, pending here`, id);
      return { status: "pending" };
  }
}

/** What else an issue is about, by name. */
function refsOf(issue: Issue, losses: Losses): Readonly<Record<string, string>> {
  const { id, issue_type, assignee, owner, external_ref, labels, dependencies } = issue;
  const relations = Map.groupBy(dependencies ?? [], typeOf);
  const refs = new Map<string, string | null | undefined>([
    ["issue_type", issue_type === "task" ? undefined : issue_type],
    ["assignee", assignee],
    ["owner", owner],
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
