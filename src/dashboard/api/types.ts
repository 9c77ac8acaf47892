/** The JSON of the HTTP API, as docs/rest.md and `/api/v1/openapi.json` describe it: what the dashboard reads of it. */

import type { Status } from "../plan/statuses.ts";

/** Times in JSON are ISO 8601. */
export type IsoTime = string;

export interface Who {
  readonly name: string;
  readonly role: "admin" | "planner" | "worker" | "observer";
  readonly audiences?: readonly string[];
  readonly instance?: string;
  /** Whether the service runs without access control. */
  readonly open: boolean;
  readonly version: string;
}

/** One dependency: an id, or an expression (docs/dependencies.md). */
export type Dependency = string | Readonly<Record<string, unknown>>;

export interface Note {
  readonly text: string;
  readonly author: string;
  readonly at: IsoTime;
}

export interface AttemptView {
  readonly attempt: number;
  readonly instance: string;
  readonly startedAt: IsoTime;
  readonly durationMs: number;
  readonly outcome: string;
  readonly message?: string;
}

/** `GET /tasks/{id}`. Long texts are cut; `part` and `offset` read on. */
export interface Task {
  readonly id: string;
  readonly description: string;
  readonly status: "pending" | "in_progress" | "completed" | "failed" | "cancelled" | "skipped";
  readonly readiness?: "ready" | "limited" | "waiting" | "blocked" | "delayed";
  readonly dependencies: readonly Dependency[];
  readonly group?: string;
  readonly priority?: "low" | "normal" | "high" | "urgent";
  readonly role?: string;
  readonly capabilities?: readonly string[];
  readonly locks?: readonly string[];
  readonly assignedTo?: string;
  readonly assignTo?: Assignment;
  readonly result?: string;
  readonly error?: string;
  readonly reason?: string;
  readonly version: number;
  readonly attempt: number;
  readonly maxAttempts?: number;
  readonly timeoutMs?: number;
  readonly estimateMs?: number;
  readonly failOnDeadline?: boolean;
  readonly ifUnreachable?: "skip" | "fail";
  readonly progress?: { readonly percent?: number; readonly message?: string; readonly at: IsoTime };
  readonly notes?: readonly Note[];
  readonly refs?: Readonly<Record<string, string>>;
  readonly waitingFor?: readonly string[];
  readonly limitedBy?: readonly string[];
  readonly pastAttempts?: readonly AttemptView[];
  readonly createdAt: IsoTime;
  readonly startedAt?: IsoTime;
  readonly finishedAt?: IsoTime;
  readonly leaseUntil?: IsoTime;
  readonly notBefore?: IsoTime;
  readonly deadline?: IsoTime;
  readonly overdue?: boolean;
  readonly kept?: string;
}

/** Whom a task is reserved for, and the tasks whose authors may not claim it. */
export interface Assignment {
  readonly instance?: string;
  readonly role?: string;
  readonly fallbackMs?: number;
  readonly notBy?: readonly string[];
}

/** `GET /tasks/{id}?part=…`: a piece of a long text. */
export interface TextPiece {
  readonly version: number;
  readonly text: string;
  readonly total: number;
  readonly next_offset?: number;
}

/** `GET /tasks/{id}/explain`. */
export interface Explanation {
  readonly id: string;
  readonly status: Task["status"];
  readonly readiness?: string;
  readonly why: string;
  readonly whatWouldChange: readonly string[];
  readonly roots?: readonly { readonly id: string; readonly state: string; readonly assignedTo?: string }[];
  readonly dependencies?: readonly ExplainedDependency[];
  readonly moreDependencies?: number;
}

export interface ExplainedDependency {
  readonly dependency: string;
  readonly verdict: string;
  readonly state?: string;
  readonly need?: number;
  readonly of?: readonly ExplainedDependency[];
  readonly more?: number;
}

/** `GET /groups`. */
export interface Group {
  readonly id: string;
  readonly title?: string;
  readonly status: "open" | "done" | "failed" | "blocked" | "paused" | "empty";
  readonly percent: number;
  readonly total: number;
  readonly counts: Readonly<Record<Task["status"], number>>;
  readonly limited?: number;
  readonly maxParallel?: number;
  readonly paused?: boolean;
  readonly preamble?: string;
  readonly visibleTo?: readonly string[];
  readonly createdAt: IsoTime;
}

/** `GET /instances`. */
export interface Instance {
  readonly id: string;
  readonly status: "active" | "draining" | "lost" | "left" | "unregistered";
  readonly roles?: readonly string[];
  readonly capabilities?: readonly string[];
  readonly holding: readonly string[];
  readonly holdingCount: number;
  readonly waiting?: boolean;
  readonly maxConcurrent?: number;
  /** It holds tasks as long as its client is connected. */
  readonly connected?: boolean;
  /** When the first of its tasks goes back, as its client is gone. */
  readonly goesBackAt?: IsoTime;
  readonly registeredAt?: IsoTime;
  readonly seenAt?: IsoTime;
  readonly expiresAt?: IsoTime;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** What happened, as `GET /history` and `/events` tell it: one notification (docs/events.md). */
export interface Notification {
  /** The record's seq and an index: `12.0`. */
  readonly id: string;
  /** Without `orchestrator.`: `task.claimed`. */
  readonly type: string;
  readonly subject?: string;
  readonly time: IsoTime;
  readonly data: Readonly<Record<string, unknown>> & { readonly actor?: string; readonly group?: string };
}

export interface HistoryPage {
  readonly events: readonly Notification[];
  readonly last_seq: number;
  readonly has_more: boolean;
}

/** `GET /plan`: tasks as columns (docs/rest.md). Every column has one entry a row; the rows are the first of `ids`. */
export interface PlanRows {
  readonly seq: number;
  readonly now: IsoTime;
  /** How many tasks there are now. */
  readonly total: number;
  readonly rows: number;
  readonly ids: readonly string[];
  readonly groups: readonly string[];
  readonly instances: readonly string[];
  readonly title: readonly string[];
  /** Indexes into `STATUSES`. */
  readonly status: readonly number[];
  /** Indexes into `groups`, or -1. */
  readonly group: readonly number[];
  /** Indexes into `instances`, or -1. */
  readonly holder: readonly number[];
  readonly priority: readonly number[];
  readonly attempt: readonly number[];
  /** -1: no progress told. */
  readonly percent: readonly number[];
  readonly version: readonly number[];
  /** Times: milliseconds since the Unix epoch, or 0. */
  readonly created: readonly number[];
  readonly started: readonly number[];
  readonly finished: readonly number[];
  readonly lease: readonly number[];
  readonly deadline: readonly number[];
  readonly flags: readonly number[];
  /** Dependencies: index into `ids`, index of the row, `EDGE_*` bits. In the order of the rows. */
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly kind: readonly number[];
  /** What dependencies ask for besides completion, in a few words, by their place in these columns. */
  readonly asks: readonly (readonly [number, string])[];
  /** Dependencies on groups: index into `groups`, index of the row, bits. */
  readonly group_from: readonly number[];
  readonly group_to: readonly number[];
  readonly group_kind: readonly number[];
  readonly group_asks: readonly (readonly [number, string])[];
  /** Rows with alternatives, and how many of them are needed in a few characters. */
  readonly joins: readonly (readonly [number, string])[];
}

/** The status that a task shows: its readiness while it is pending. */
export function statusOf({ status, readiness }: Pick<Task, "status" | "readiness">): Status {
  return status === "pending" ? readiness ?? "waiting" : status;
}

/** `GET /attempts`: docs/rest.md has the columns. */
export interface AttemptRows {
  readonly seq: number;
  readonly now: string;
  readonly ids: readonly string[];
  readonly instances: readonly string[];
  readonly groups: readonly string[];
  readonly task: readonly number[];
  readonly group: readonly number[];
  readonly attempt: readonly number[];
  readonly instance: readonly number[];
  readonly start: readonly number[];
  readonly end: readonly number[];
  readonly outcome: readonly number[];
  readonly queued: readonly number[];
  readonly next?: string;
}
