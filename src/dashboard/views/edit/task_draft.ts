/** A task as it is typed into the form: texts, with what each means for the API. */

import type { Task } from "../../api/types.ts";
import type { Priority } from "../../plan/statuses.ts";
import { durationText, parseDurationText } from "./duration_text.ts";

export interface TaskDraft {
  readonly id: string;
  readonly description: string;
  /** Ids, and expressions as JSON. */
  readonly dependencies: readonly string[];
  readonly ifUnreachable: "block" | "skip" | "fail";
  readonly group: string;
  readonly priority: Priority;
  readonly role: string;
  readonly capabilities: readonly string[];
  readonly locks: readonly string[];
  readonly reserve: "none" | "instance" | "role";
  readonly assignee: string;
  readonly fallback: string;
  readonly notBy: readonly string[];
  /** Local times to the minute, as `datetime-local` has them. */
  readonly notBefore: string;
  readonly deadline: string;
  readonly failOnDeadline: boolean;
  readonly estimate: string;
  readonly timeout: string;
  readonly maxAttempts: string;
  readonly refs: readonly Ref[];
}

export interface Ref {
  readonly name: string;
  readonly value: string;
}

export type DraftField = keyof TaskDraft;

export const EMPTY_DRAFT: TaskDraft = {
  id: "",
  description: "",
  dependencies: [],
  ifUnreachable: "block",
  group: "",
  priority: "normal",
  role: "",
  capabilities: [],
  locks: [],
  reserve: "none",
  assignee: "",
  fallback: "",
  notBy: [],
  notBefore: "",
  deadline: "",
  failOnDeadline: false,
  estimate: "",
  timeout: "",
  maxAttempts: "",
  refs: [],
};

/** How each field is named to people. */
export const FIELD_LABELS: Readonly<Record<DraftField, string>> = {
  id: "Id",
  description: "Description",
  dependencies: "Dependencies",
  ifUnreachable: "If a dependency cannot be met",
  group: "Group",
  priority: "Priority",
  role: "Role",
  capabilities: "Capabilities",
  locks: "Locks",
  reserve: "Reserved for",
  assignee: "Name",
  fallback: "Reservation ends after",
  notBy: "Not by who did",
  notBefore: "Not before",
  deadline: "Deadline",
  failOnDeadline: "Fail when overdue",
  estimate: "Estimate",
  timeout: "Longest silence of the holder",
  maxAttempts: "Most attempts",
  refs: "References",
};

/** The draft of a task as it is. */
export function draftOf(task: Task): TaskDraft {
  const { instance, role, fallbackMs, notBy = [] } = task.assignTo ?? {};
  return {
    id: task.id,
    description: task.description,
    dependencies: task.dependencies.map((each) => typeof each === "string" ? each : JSON.stringify(each)),
    ifUnreachable: task.ifUnreachable ?? "block",
    group: task.group ?? "",
    priority: task.priority ?? "normal",
    role: task.role ?? "",
    capabilities: task.capabilities ?? [],
    locks: task.locks ?? [],
    reserve: instance !== undefined ? "instance" : role !== undefined ? "role" : "none",
    assignee: instance ?? role ?? "",
    fallback: durationOrNone(fallbackMs),
    notBy,
    notBefore: localMinute(task.notBefore),
    deadline: localMinute(task.deadline),
    failOnDeadline: task.failOnDeadline ?? false,
    estimate: durationOrNone(task.estimateMs),
    timeout: durationOrNone(task.timeoutMs),
    maxAttempts: task.maxAttempts === undefined ? "" : `${task.maxAttempts}`,
    refs: Object.entries(task.refs ?? {}).map(([name, value]) => ({ name, value })),
  };
}

function durationOrNone(ms: number | undefined): string {
  return ms === undefined ? "" : durationText(ms);
}

function localMinute(iso: string | undefined): string {
  if (iso === undefined) return "";
  const at = Date.parse(iso);
  return new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** What is wrong with what was typed, as far as it can be known here: the rest is for the server to say. */
export function problemsOf(draft: TaskDraft): Readonly<Partial<Record<DraftField, string>>> {
  const problems: Partial<Record<DraftField, string>> = {};
  if (draft.id.trim() === "") problems.id = "Give the task an id";
  for (const field of ["estimate", "timeout", "fallback"] as const) {
    if (draft[field].trim() === "" || parseDurationText(draft[field]) !== undefined) continue;
    problems[field] = `${draft[field]} is not a duration: write it like 90 min, 1 h 30 min or 2 d`;
  }
  if (draft.maxAttempts.trim() !== "" && !/^\d+$/.test(draft.maxAttempts.trim())) {
    problems.maxAttempts = "Give a whole number, or nothing for no limit";
  }
  if (draft.reserve !== "none" && draft.assignee.trim() === "") {
    problems.assignee = `Name the ${draft.reserve}, or reserve it for nobody`;
  }
  const broken = draft.dependencies.find((text) => isExpression(text) && readJson(text) === undefined);
  if (broken !== undefined) problems.dependencies = `This is not JSON: ${broken}`;
  const names = draft.refs.map(({ name }) => name);
  if (new Set(names).size < names.length) problems.refs = "Two references have the same name";
  return problems;
}

/** Whether a dependency is an expression in JSON, and no id. */
export function isExpression(text: string): boolean {
  return text.startsWith("{");
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The parameters of the API that a form has, by name; undefined: none. */
type Values = Readonly<Record<string, unknown>>;

function valuesOf(draft: TaskDraft): Values {
  const refs = draft.refs.filter(({ name, value }) => name !== "" || value !== "");
  return {
    description: draft.description,
    dependencies: draft.dependencies.map((text) => isExpression(text) ? readJson(text) : text),
    if_unreachable: draft.ifUnreachable === "block" ? undefined : draft.ifUnreachable,
    group: textOrNone(draft.group),
    priority: draft.priority === "normal" ? undefined : draft.priority,
    role: textOrNone(draft.role),
    capabilities: listOrNone(draft.capabilities),
    locks: listOrNone(draft.locks),
    assign_to: assignmentOf(draft),
    not_before: timeOrNone(draft.notBefore),
    deadline: timeOrNone(draft.deadline),
    fail_on_deadline: draft.failOnDeadline || undefined,
    estimate_ms: parseDurationText(draft.estimate),
    timeout_ms: parseDurationText(draft.timeout),
    max_attempts: draft.maxAttempts.trim() === "" ? undefined : Number(draft.maxAttempts),
    refs: refs.length === 0 ? undefined : Object.fromEntries(refs.map(({ name, value }) => [name, value])),
  };
}

function assignmentOf({ reserve, assignee, fallback, notBy }: TaskDraft): object | undefined {
  if (reserve === "none" && notBy.length === 0) return undefined;
  const fallbackMs = parseDurationText(fallback);
  return {
    ...(reserve !== "none" && { [reserve]: assignee.trim() }),
    ...(reserve !== "none" && fallbackMs !== undefined && { fallback_ms: fallbackMs }),
    // An empty list removes it; without one, the task would keep what it has.
    not_by: notBy,
  };
}

function textOrNone(text: string): string | undefined {
  return text.trim() === "" ? undefined : text.trim();
}

function listOrNone(list: readonly string[]): readonly string[] | undefined {
  return list.length === 0 ? undefined : list;
}

function timeOrNone(local: string): string | undefined {
  return local === "" ? undefined : new Date(local).toISOString();
}

/** The body that creates the task of a draft. */
export function creationOf(draft: TaskDraft): object {
  const { assign_to, ...values } = valuesOf(draft);
  const { not_by, ...reservation } = (assign_to ?? { not_by: [] }) as { readonly not_by: readonly string[] };
  const assignment = not_by.length === 0 ? reservation : { ...reservation, not_by };
  return {
    id: draft.id.trim(),
    ...values,
    ...(assign_to !== undefined && { assign_to: assignment }),
  };
}

/** The body that changes a task from one draft to another, without its version: only what differs. */
export function changesOf(before: TaskDraft, after: TaskDraft): Readonly<Record<string, unknown>> {
  const [old, wanted] = [valuesOf(before), valuesOf(after)];
  const differing = Object.keys(wanted).filter((name) => JSON.stringify(old[name]) !== JSON.stringify(wanted[name]));
  const cleared = differing.filter((name) => wanted[name] === undefined);
  return {
    ...Object.fromEntries(differing.flatMap((name) => wanted[name] === undefined ? [] : [[name, wanted[name]]])),
    ...(cleared.length > 0 && { clear: cleared }),
  };
}
