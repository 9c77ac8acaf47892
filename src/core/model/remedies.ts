/**
 * Remedies: actions that would change an answer. A remedy is data; only this file puts it into words. Whoever names one
 * has checked the state: the action is accepted as it is named, and changes the answer.
 */

import type { Outcome } from "./dependency.ts";
import { MAX_NAMED } from "./limits.ts";
import { nameSome } from "./text.ts";

/** A tool with its arguments, or a time to wait for. */
export type Remedy =
  | { readonly type: "retry_task" | "cancel_task" | "delete_task" | "explain_task"; readonly id: string }
  /** Ended tasks are archived together. */
  | { readonly type: "archive"; readonly id: string }
  | { readonly type: "release_task"; readonly id: string; readonly instance: string; readonly attempt?: number }
  | { readonly type: "update_task"; readonly id: string; readonly change: TaskChange }
  /** The instance that holds a task, or held it last, ends it. */
  | { readonly type: "end_task"; readonly id: string; readonly how: End; readonly instance: string }
  /** An instance that has what the task `asks` claims it, and ends it as `how` says, if given. */
  | { readonly type: "claim_task"; readonly id: string; readonly asks: Asks; readonly how?: End }
  /** The caller claims a task and offers these roles and capabilities with the call. */
  | { readonly type: "offer"; readonly roles: readonly string[]; readonly capabilities: readonly string[] }
  /** The same call with another attempt. */
  | { readonly type: "speak_for"; readonly id: string; readonly attempt: number }
  | { readonly type: "update_group"; readonly group: string; readonly change: "paused" | "max_parallel" | "any" }
  /** A new task: with a given id, in a given group, in place of an ended task, or the first task of all. */
  | { readonly type: "create_task"; readonly id?: string; readonly group?: string; readonly insteadOf?: string }
  | { readonly type: "create_group"; readonly group: string }
  /** An archived template is restored. */
  | { readonly type: "archive_template"; readonly template: string }
  /** The same claim without the id of a task: there is one for what the claim offers. */
  | { readonly type: "claim_next" }
  /** The same call without a dependency or the group of a task. */
  | { readonly type: "leave_out"; readonly id: string; readonly part: Part }
  | { readonly type: "register_instance"; readonly instance: string }
  /** An operator resumes the paused project. */
  | { readonly type: "resume_project" }
  /** Wait until a time, perhaps for a task. Without a time: wait for whoever plans. */
  | { readonly type: "wait"; readonly until?: number; readonly id?: string };

/** The fields of a task that a remedy changes. `requirements` are role, capabilities and `assignTo`. */
export type TaskChange = "dependencies" | "requirements" | "not_before" | "group" | "any";

/** A part of a call about a task: its dependency on another task or on a group, or its membership in a group. */
export interface Part {
  readonly type: "task" | "group" | "membership";
  readonly id: string;
}

/** How the holder of a task can end it. */
export type End = Extract<Outcome, "completed" | "failed" | "finished">;

/** An instance that may not claim a task as it completed one that `notBy` names, or holds it. */
export interface Authorship {
  readonly task: string;
  readonly instance: string;
  readonly as: "author" | "holder";
}

/** What a task requires of the instance that claims it. */
export interface Asks {
  readonly instance?: string;
  readonly roles: readonly string[];
  readonly capabilities: readonly string[];
  /** The authors and holders of the tasks in its `notBy`, who may not claim it. */
  readonly notBy?: readonly Authorship[];
}

/** A remedy in words: the tool first, then what it needs. */
export function describeRemedy(remedy: Remedy): string {
  switch (remedy.type) {
    case "retry_task":
    case "cancel_task":
    case "delete_task":
    case "explain_task":
      return `${remedy.type} ${remedy.id}`;
    case "archive":
      return `update_tasks with action archive and ids that include ${remedy.id}`;
    case "release_task":
      return `release_task ${remedy.id} with instance_id ${remedy.instance}` +
        (remedy.attempt === undefined ? "" : ` and attempt ${remedy.attempt}`);
    case "update_task":
      return `update_task ${remedy.id} ${CHANGES[remedy.change]}`;
    case "end_task":
      return `${ENDS[remedy.how]} ${remedy.id} by ${remedy.instance}`;
    case "claim_task": {
      const asks = describeAsks(remedy.asks);
      const claim = `get_next_task with task_id ${remedy.id}${asks === "" ? "" : ` by an instance with ${asks}`}`;
      return remedy.how === undefined ? claim : `${claim}, then ${ENDS[remedy.how]}`;
    }
    case "offer":
      return `get_next_task or register_instance with ${describeAsks(remedy)}, if you can do that`;
    case "speak_for":
      return `the same call with attempt ${remedy.attempt}`;
    case "update_group":
      return `update_group ${remedy.group} ${GROUP_CHANGES[remedy.change]}`;
    case "create_group":
      return `create_group ${remedy.group} first`;
    case "archive_template":
      return `archive_template ${remedy.template} with archived: false`;
    case "claim_next":
      return "the same call without task_id, which gives another task";
    case "leave_out": {
      const { id, part } = remedy;
      if (part.type === "membership") return `leave ${id} out of group ${part.id}`;
      return `leave out the dependency of ${id} on ${part.type === "group" ? "group " : ""}${part.id}`;
    }
    case "create_task": {
      if (remedy.id !== undefined) return `create_task ${remedy.id} first`;
      if (remedy.insteadOf !== undefined) return `create_task with another id in place of ${remedy.insteadOf}`;
      return remedy.group === undefined ? "create_tasks" : `create_task in group ${remedy.group}`;
    }
    case "register_instance":
      return `register_instance ${remedy.instance}`;
    case "resume_project":
      return "wait for the operator, who resumes the project with the command resume: get_next_task with wait_ms";
    case "wait": {
      if (remedy.until === undefined) return "wait for the planner: get_next_task with wait_ms";
      if (remedy.id === undefined) return "get_next_task with wait_ms";
      return `wait until ${new Date(remedy.until).toISOString()}, for ${remedy.id}`;
    }
    default:
      return remedy satisfies never;
  }
}

/** Remedies in words (the first few), each of which helps alone. Remedies that differ only in the task share a phrase. */
export function describeRemedies(remedies: readonly Remedy[]): string {
  const kinds = new Map<string, { readonly remedy: Remedy; readonly ids: string[] }>();
  for (const remedy of remedies.slice(0, MAX_NAMED)) {
    const id = "id" in remedy ? remedy.id : undefined;
    const key = JSON.stringify({ ...remedy, id: id !== undefined });
    const kind = kinds.get(key) ?? { remedy, ids: [] };
    kinds.set(key, kind);
    if (id !== undefined) kind.ids.push(id);
  }
  return Array.from(kinds.values(), ({ remedy, ids }) => {
    // The phrase for several tasks is the same, with several ids.
    return describeRemedy(ids.length > 0 ? { ...remedy, id: ids.join(", ") } as Remedy : remedy);
  }).join("; or ");
}

/** What a task requires, in words; empty if any instance may claim it. */
export function describeAsks({ instance, roles, capabilities, notBy = [] }: Asks): string {
  return [
    ...(instance === undefined ? [] : [`id ${instance}`]),
    ...roles.map((role) => `role ${role}`),
    ...capabilities.map((each) => `capability ${each}`),
    ...(notBy.length === 0 ? [] : [`another id than ${nameSome(notBy.map(describeAuthorship))}`]),
  ].join(" and ");
}

function describeAuthorship({ task, instance, as }: Authorship): string {
  return `${instance} (${as} of ${task})`;
}

/** The remedies without repetitions. */
export function eachOnce(remedies: readonly Remedy[]): readonly Remedy[] {
  return [...new Map(remedies.map((remedy) => [JSON.stringify(remedy), remedy])).values()];
}

const CHANGES: Readonly<Record<TaskChange, string>> = {
  dependencies: "with other dependencies",
  requirements: "with another role, other capabilities or another assign_to",
  not_before: 'with an earlier not_before, or clear: ["not_before"]',
  group: 'with another group, or clear: ["group"]',
  any: "to change the existing task",
};

const GROUP_CHANGES: Readonly<Record<Extract<Remedy, { readonly type: "update_group" }>["change"], string>> = {
  paused: "with paused: false",
  max_parallel: "with a higher max_parallel",
  any: "to change the existing group",
};

const ENDS: Readonly<Record<End, string>> = {
  completed: "complete_task",
  failed: "fail_task",
  finished: "complete_task, fail_task or cancel_task",
};
