/** Reads the issues of Beads: JSON lines, one issue each, and some lines that are no issues. */

import * as z from "zod";
import { type Losses, notOf } from "./converted.ts";

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
  owner: text,
  is_template: z.boolean().nullish(),
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

export type Issue = z.infer<typeof issueSchema>;

/** Fields that are read, and those that say nothing about the work. */
export const KNOWN_FIELDS: ReadonlySet<string> = new Set([
  ...Object.keys(issueSchema.shape),
  ...["_type", "updated_at", "started_at", "created_by", "content_hash", "source_repo"],
  ...["compaction_level", "original_size", "dependency_count", "dependent_count", "comment_count"],
]);

/** Lines with another `_type` than issue are no issues, and the first line may be a header. */
const otherLineSchema = z.union([
  z.looseObject({ _type: z.string().refine((type) => type !== "issue"), id: text, key: text }),
  z.looseObject({ _type: z.undefined().optional(), _schema: z.string() }),
]);

/**
 * The issues by their ids, without deleted ones and templates.
 *
 * @throws SyntaxError if the text is no such file; the message says in which line
 */
export function readIssues(text: string, losses: Losses): ReadonlyMap<string, Issue> {
  const issues = new Map<string, Issue>();
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const issue = readIssue(line, index + 1, losses);
    if (issue === undefined) continue;
    if (issues.has(issue.id)) throw notOf("Beads", `line ${index + 1} has the id ${issue.id} again`);
    if (issue.status === "tombstone") losses.note("Deleted issues", issue.id);
    else if (issue.is_template) losses.note("Templates of issues", issue.id);
    else issues.set(issue.id, issue);
  }
  return issues;
}

/** The issue of a line; nothing if it has something else. */
function readIssue(line: string, number: number, losses: Losses): Issue | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw notOf("Beads", `line ${number} is not JSON, ${cause instanceof Error ? cause.message : cause}`);
  }
  const { data: other } = otherLineSchema.safeParse(value);
  if (other !== undefined) {
    if (other._type !== undefined) {
      losses.note(`Lines of the type ${other._type}`, other.key ?? other.id ?? `line ${number}`);
    }
    return undefined;
  }
  const parsed = issueSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw notOf("Beads", `line ${number}: at ${issue?.path.join(".") || "the top"}: ${issue?.message}`);
}
