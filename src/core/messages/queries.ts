/**
 * Every query: its parameters and its answer. A query changes nothing.
 */

import type { Caller, KnownCaller } from "../model/access.ts";
import type { ResultCondition, Verdict } from "../model/dependency.ts";
import type { GroupView } from "../model/group.ts";
import type { InstanceView } from "../model/instance.ts";
import type { PortablePlan } from "../model/portable_plan.ts";
import type { ProjectView } from "../model/project.ts";
import type { RedactableField } from "../model/redaction.ts";
import type { Readiness, TaskStatus } from "../model/status.ts";
import type { Task, TaskFilter, TaskView } from "../model/task.ts";
import type { Template } from "../model/template.ts";
import type { TokenView } from "../model/token.ts";
import type { Webhook } from "../model/webhook.ts";
import type { Plan } from "./analysis.ts";
import type { CommandOf, LastCall } from "./commands.ts";
import type { JournalRecord } from "./events.ts";
import type { HistoryFilter } from "./history.ts";
import type { Metrics, MetricsOptions, TaskMetrics, Totals } from "./metrics.ts";
import type { Notification } from "./notifications.ts";
import type { AttemptRows, AttemptRowsOptions } from "./attempt_rows.ts";
import type { PlanRows } from "./plan_rows.ts";
import type { Redaction } from "./redact.ts";

/** Parameters and answer of each query, by its type. */
export interface Queries {
  /** A task; `kept` says how long it is kept for its holder, if that depends on a client. */
  get_task: { input: { readonly id: string }; answer: TaskView & { readonly kept?: string } };
  /** One page of the tasks that match, in the order of creation. */
  list_tasks: { input: TaskListOptions; answer: TaskPage };
  /** One page of the tasks that match and have a text. */
  search_tasks: { input: SearchOptions; answer: SearchPage };
  count_tasks: { input: { readonly filter: TaskFilter }; answer: Summary };
  /** Why a task does not move, and what would change that. */
  explain_task: { input: { readonly id: string }; answer: Explanation };
  /**
   * The versions of the tasks and groups that exist among these. A version is another one if and only if the task, or the
   * group or one of its members, may be shown in another way. Only versions of the same process can be compared. O(ids).
   */
  find: {
    input: { readonly tasks: readonly string[]; readonly groups: readonly string[] };
    answer: { readonly tasks: ReadonlyMap<string, string>; readonly groups: ReadonlyMap<string, string> };
  };
  get_group: { input: { readonly id: string }; answer: GroupView };
  /** Groups in the order of creation, after the first `skip` of them. */
  list_groups: {
    input: { readonly skip: number; readonly limit: number };
    answer: { readonly groups: readonly GroupView[]; readonly total: number };
  };
  list_instances: { input: InstanceListOptions; answer: InstanceList };
  /** The newest version of every template. */
  list_templates: { input: Record<never, never>; answer: readonly TemplateSummary[] };
  /** The newest version of a template, or another one. */
  get_template: {
    input: { readonly name: string; readonly version?: number };
    answer: { readonly template: Template; readonly isArchived: boolean };
  };
  /** The task graph as Mermaid. */
  draw_graph: { input: Record<never, never>; answer: string };
  /** Ids of tasks or groups that start with a text, at most `limit`. */
  complete_id: {
    input: { readonly kind: "task" | "group"; readonly prefix: string; readonly limit: number };
    answer: readonly string[];
  };
  /** What was done and how long it took: of all that the caller sees, or of one group. */
  measure: { input: MetricsOptions; answer: Metrics };
  /** The times and attempts of one task. */
  measure_task: { input: { readonly id: string }; answer: TaskMetrics };
  /** Totals of everything: refused to callers from whom something may be hidden. O(groups + ready tasks). */
  measure_totals: { input: Record<never, never>; answer: Totals };
  /** The plan as the caller sees it now, to be analyzed apart from the state. O(tasks), and copies none. */
  get_plan: { input: Record<never, never>; answer: Plan };
  /** All tasks that the caller sees as columns; with `since`, those that may have changed in that record or later. */
  list_rows: { input: { readonly since?: number }; answer: PlanRows };
  /** The attempts of all tasks that the caller sees, in pages, the newest start first. */
  list_attempts: { input: AttemptRowsOptions; answer: AttemptRows };
  /** The whole plan, to be imported elsewhere. */
  export_plan: { input: Record<never, never>; answer: PortablePlan };
  /** What of a plan does not exist with the same content. */
  missing_of_plan: { input: { readonly plan: PortablePlan }; answer: PortablePlan };
  /** Every task as it is stored. */
  export_tasks: { input: Record<never, never>; answer: { readonly tasks: readonly Task[] } };
  /** Whether any task was ever archived. Not to be shown, as the task may be hidden. */
  has_archive: { input: Record<never, never>; answer: boolean };
  /** The `order` that the next task created will get. O(1). */
  next_order: { input: Record<never, never>; answer: number };
  /** When something happens though nobody calls. */
  next_event: { input: Record<never, never>; answer: NextEvent };
  /**
   * The sessions that have tasks or for which there is news, and those of the calls after which tasks of the instance lost
   * their sessions.
   */
  watch_sessions: {
    input: {
      readonly calls: readonly LastCall[];
      /** Only sessions whose ids come after this one, at most `limit`, in the order of their ids. */
      readonly after: string;
      readonly limit: number;
    };
    answer: SessionWatch;
  };
  /** The notifications of some records that a filter selects, in their order. */
  select_notifications: {
    input: { readonly records: readonly JournalRecord[]; readonly filter: HistoryFilter; readonly source: string };
    answer: readonly Notification[];
  };
  /** The same with each command and its request id, and with the types that only an admin sees. */
  select_audit: { input: Queries["select_notifications"]["input"]; answer: readonly Notification[] };
  get_project: { input: Record<never, never>; answer: ProjectView };
  /** A redaction as `redact_task` would record it now, of a task that may be gone. */
  plan_redaction: {
    input: {
      readonly id: string;
      readonly fields: readonly RedactableField[];
      /** The conditions on its result that the journal has; those of present tasks are known without it. */
      readonly pastConditions?: readonly ResultCondition[];
    };
    answer: Redaction;
  };
  /** The tokens that were not revoked, in the order in which they were issued. */
  list_tokens: { input: Record<never, never>; answer: readonly TokenView[] };
  /** The webhooks that were not removed, in the order in which they were added. */
  list_webhooks: { input: Record<never, never>; answer: readonly Webhook[] };
  /**
   * What a look at an earlier moment must know of the present: the caller, and what is hidden from it now. Not to be shown.
   * O(groups that not all see + their tasks).
   */
  look_back: { input: Record<never, never>; answer: { readonly caller: KnownCaller; readonly hidden?: Hidden } };
  /** The caller as the server knows it now. */
  get_caller: { input: Record<never, never>; answer: KnownCaller };
  /** What some waiting claims have to expect. */
  look_for_claims: { input: { readonly claims: readonly WaitingClaim[] }; answer: ClaimOutlook };
}

export type QueryType = keyof Queries;

export type QueryOf<K extends QueryType> = { readonly type: K } & Queries[K]["input"];

export type Query = { [K in QueryType]: QueryOf<K> }[QueryType];

export type ResultOf<K extends QueryType> = Queries[K]["answer"];

/** What is hidden from a caller: groups and the tasks in them. */
export interface Hidden {
  readonly groups: readonly string[];
  readonly tasks: readonly string[];
}

export interface TaskListOptions {
  readonly filter: TaskFilter;
  readonly limit: number;
  /** Where the page begins: a cursor of an earlier answer to a caller of the same kind. Default: at the first task. */
  readonly cursor?: string;
  /** The last `limit` tasks instead of the first ones. */
  readonly isNewest?: true;
}

export interface SearchOptions extends Pick<TaskListOptions, "filter" | "limit" | "cursor"> {
  /** Occurs in the id, a text or a reference of each task found, in any case. */
  readonly text: string;
}

/** One page of the tasks found, in the order of creation. That of a search may be empty although more follow. */
export interface SearchPage {
  readonly tasks: readonly TaskView[];
  /** For each task but the last one, the cursor to what follows it. */
  readonly cursors: readonly string[];
  /** The cursor to the next page, if more follow. */
  readonly next?: string;
}

/** The registered instances in the order of registration, then those that only hold tasks or wait for one. */
export interface InstanceList {
  /** At most `limit`. */
  readonly shown: readonly ((InstanceView | UnregisteredView) & Connection)[];
  readonly total: number;
}

export interface NextEvent {
  /** Whether a sweep now would find something: an expired lease, a lost instance, an overdue deadline, a ready task. */
  readonly isSweepDue: boolean;
  /** Time until the next sweep may be due by the journal's clock, in milliseconds. */
  readonly sweepInMs?: number;
  /** In words, where the journal is ahead of the clock. */
  readonly clockWarning?: string;
}

/** The sessions that have tasks or news, and the instances that have come back from ended ones. */
export interface SessionWatch {
  readonly sessions: readonly string[];
  readonly returned: readonly LastCall[];
}

/** A claim that waits, and who made it. */
export interface WaitingClaim {
  readonly command: CommandOf<"claim_task">;
  readonly caller: Caller;
}

/** What waiting claims have to expect, in the order in which they wait. */
export interface ClaimOutlook {
  /**
   * The index of the claim to answer now; absent if all must wait. It is the first claim whose caller has lost the right to
   * it. If there is none, it is the first one that gets a task or news, or whose instance may not take a task.
   */
  readonly answered?: number;
  /** The instances whose heartbeat must be written now, so that neither they nor their leases expire. */
  readonly needHeartbeat: readonly string[];
  readonly isSweepDue: boolean;
  /** Time until something changes by itself by the journal's clock, in milliseconds: 0 if a sweep is due. */
  readonly nextChangeInMs?: number;
  /** Time until the first heartbeat is to be written by the journal's clock, in milliseconds. */
  readonly heartbeatInMs?: number;
}

/** Counts of tasks: by status, and of the pending ones by readiness. */
export interface Summary extends Readonly<Record<Readiness, number>> {
  readonly total: number;
  readonly byStatus: Readonly<Record<TaskStatus, number>>;
  /** Open tasks whose deadline has passed. */
  readonly overdue: number;
}

/** One page of tasks, in the order of creation. */
export interface TaskPage extends SearchPage {
  /** How many match, on this page or not. */
  readonly total: number;
}

/** The explanation of a task's status. */
export interface Explanation {
  readonly id: string;
  readonly status: TaskStatus;
  readonly readiness?: string;
  /** The reason in one sentence. */
  readonly why: string;
  /** The remedies in words, each of which helps alone. */
  readonly whatWouldChange: readonly string[];
  /** Its dependencies; absent if it has none. */
  readonly dependencies?: readonly ExplainedDependency[];
  readonly moreDependencies?: number;
  /** The tasks that it finally waits for: running, ready, delayed or failed (the first few). */
  readonly roots?: readonly { readonly id: string; readonly state: string; readonly assignedTo?: string }[];
}

/** A dependency and its verdict: see the truth table. */
export interface ExplainedDependency {
  readonly dependency: string;
  readonly verdict: Verdict;
  /** The state of the task or group that it names. */
  readonly state?: string;
  readonly need?: number;
  readonly of?: readonly ExplainedDependency[];
  readonly more?: number;
}

/** What the sessions of an instance's tasks mean for them. */
export interface Connection {
  /** It holds tasks as long as its client is connected. */
  readonly isConnected?: true;
  /** When the first of its tasks goes back, as its client is gone, in milliseconds since the Unix epoch. */
  readonly goesBackAt?: number;
}

/** An instance that has not registered. */
export interface UnregisteredView extends Pick<InstanceView, "id" | "holding" | "holdingCount"> {
  readonly status: "unregistered";
  /** Its last claim or progress report of a task that it holds, in milliseconds since the Unix epoch. */
  readonly seenAt?: number;
}

export interface InstanceListOptions {
  /** How many instances are shown at most. */
  readonly limit: number;
  /** Whether those that left or were lost are listed, too. */
  readonly all: boolean;
  /** Instances that wait for a task. */
  readonly waiting: ReadonlySet<string>;
}

/** A template without its tasks. */
export interface TemplateSummary extends Pick<Template, "name" | "description" | "parameters"> {
  /** The newest version. */
  readonly version: number;
  readonly taskCount: number;
  readonly isBuiltin: boolean;
  readonly isArchived: boolean;
}
