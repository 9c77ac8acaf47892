/**
 * Every command on the task graph: its parameters and its answer.
 */

import type { Caller, Denial } from "../model/access.ts";
import type { Dependency, ResultCondition } from "../model/dependency.ts";
import type { GroupSettings, GroupView } from "../model/group.ts";
import type { InstanceSettings, InstanceStatus, InstanceView } from "../model/instance.ts";
import type { News } from "../model/news.ts";
import type { PortablePlan } from "../model/portable_plan.ts";
import type { ProjectView } from "../model/project.ts";
import type { EndStatus } from "../model/status.ts";
import type {
  Assignment,
  Attempt,
  NewTask,
  Priority,
  Progress,
  Task,
  TaskFilter,
  TaskSettings,
  TaskView,
} from "../model/task.ts";
import type { RedactableField, RedactedRecord } from "../model/redaction.ts";
import type { NewTemplate } from "../model/template.ts";
import type { NewToken, TokenView } from "../model/token.ts";
import type { NewWebhook, ReplayFrom, Webhook } from "../model/webhook.ts";
import type { Changes, HandlerFailure } from "./events.ts";

/** Names a held task, its holder, and the attempt that the call is about. */
export interface Holding {
  readonly id: string;
  readonly instance: string;
  /** The current attempt if absent. */
  readonly attempt?: number;
}

/** The last call of an instance in a session. */
export interface LastCall {
  readonly instance: string;
  /** Milliseconds since the Unix epoch, by the journal's clock. */
  readonly at: number;
}

/** Parameters and answer of each command, by its type. */
export interface Commands {
  /** Create tasks, all or none; they may depend on each other in any order. */
  create_tasks: { input: { readonly tasks: readonly NewTask[] }; answer: readonly TaskView[] };
  /**
   * Import tasks with their status, result and times, and the rest of their plan, all or none. Groups that tasks name and
   * that do not exist are created. With `firstOrder`, do nothing unless the next task created gets this `order`, that is,
   * unless nobody has created or imported tasks since. With `isCheck`, only refuse what cannot be imported.
   */
  import_tasks: {
    input: Pick<PortablePlan, "tasks"> & Partial<PortablePlan> & {
      readonly firstOrder?: number;
      readonly isCheck?: true;
    };
    /** How many tasks were imported, or with `isCheck` would be. */
    answer: { readonly imported: number };
  };
  /**
   * Change a task that is not completed. An ended one stays as it ended until it is retried. Of a running one, only some
   * settings can change.
   */
  update_task: {
    input: {
      readonly id: string;
      readonly description?: string;
      /** They replace all that it has. */
      readonly dependencies?: readonly Dependency[];
      readonly addDependencies?: readonly Dependency[];
      readonly removeDependencies?: readonly Dependency[];
      readonly settings?: Changes<TaskSettings>;
      /** Refuse the change unless the task has this version. */
      readonly ifVersion?: number;
    };
    answer: TaskView;
  };
  /** Remove a task that nobody holds and nothing depends on. */
  delete_task: { input: { readonly id: string }; answer: { readonly deleted: string } };
  /**
   * Claim the next ready task, of all or of a group, or the named one, whatever its group. Given roles and capabilities
   * replace the registered ones.
   */
  claim_task: {
    input: {
      readonly instance: string;
      readonly id?: string;
      readonly group?: string;
      readonly roles?: readonly string[];
      readonly capabilities?: readonly string[];
    };
    answer: Claim;
  };
  /** Report the progress of a held task. */
  report_progress: {
    input: Holding & { readonly percent?: number; readonly message?: string };
    answer: News & { readonly task: TaskView; readonly urgent: readonly Urgent[] };
  };
  /** Complete a held task with its result. */
  complete_task: {
    input: Holding & {
      readonly result: string;
      /** Added to the references that the task has. */
      readonly refs?: Readonly<Record<string, string>>;
    };
    answer: Completion;
  };
  /** Fail a held task with an error. If it is retryable and attempts are left, it is pending again after its back-off. */
  fail_task: { input: Holding & { readonly error: string; readonly isRetryable?: boolean }; answer: Failure };
  /** Hand a held task back. `dependencies` are added to those that it has. */
  release_task: {
    input: Holding & { readonly reason?: string; readonly dependencies?: readonly Dependency[] };
    answer: HandedIn;
  };
  /** End a pending or held task without a result. `instance` is who does so; the holder is told. */
  cancel_task: {
    input: { readonly id: string; readonly reason?: string; readonly instance?: string };
    answer: TaskView;
  };
  /**
   * Make an ended task pending again. Dependents that wait for a completed one wait again; skipped ones stay skipped, and
   * those that have started are named.
   */
  retry_task: { input: { readonly id: string }; answer: Retried };
  /** Add a note to a task in any state, for its holder and for later ones. `instance` is the author. */
  add_note: {
    input: { readonly id: string; readonly text: string; readonly instance?: string };
    answer: { readonly task: TaskView; readonly count: number };
  };
  /**
   * Replace texts of a task by a marker. The task may be deleted or archived. `records` names the records whose lines the
   * store rewrites afterwards; with `isPartial`, a further command names more. `pastConditions` are the conditions on the
   * result that the journal has.
   */
  redact_task: {
    input: {
      readonly id: string;
      readonly fields: readonly RedactableField[];
      readonly reason: string;
      readonly records: readonly RedactedRecord[];
      readonly pastConditions?: readonly ResultCondition[];
      readonly isPartial?: boolean;
    };
    answer: { readonly redacted: string; readonly fields: readonly RedactableField[]; readonly records: number };
  };
  /**
   * Apply one action to many tasks: if `isAtomic`, to all or none, else to each that allows it. `instance` is who does so.
   */
  bulk_update: {
    input: {
      readonly filter: TaskFilter;
      readonly action: BulkAction;
      readonly isAtomic: boolean;
      readonly instance?: string;
    };
    answer: BulkResult;
  };
  /**
   * Archive ended tasks that no other task names, or only such as are archived with them. One call archives at most
   * `MAX_RECORD_TASKS`; with `isCheck`, it counts all and changes nothing.
   */
  archive_tasks: { input: { readonly filter: ArchiveFilter; readonly isCheck?: true }; answer: ArchiveResult };
  /** Register what an instance can do. A later call replaces that, and brings an instance back that left or was lost. */
  register_instance: {
    input: { readonly instance: string; readonly settings: InstanceSettings };
    answer: Heartbeat;
  };
  /**
   * Extend the time of an instance and the leases of its tasks, as every call of an instance does. If `isUnread`, the
   * instance does not read the answer, which tells no news.
   */
  heartbeat: { input: { readonly instance: string; readonly isUnread?: true }; answer: Heartbeat };
  /** Leave at once and hand back all tasks; with `isDraining`, leave when the held tasks have ended. */
  leave: { input: { readonly instance: string; readonly isDraining?: boolean }; answer: InstanceView };
  create_group: { input: { readonly id: string; readonly settings: GroupSettings }; answer: GroupView };
  update_group: { input: { readonly id: string; readonly settings: Changes<GroupSettings> }; answer: GroupView };
  /** Remove a group that has no tasks and that nothing depends on. */
  delete_group: { input: { readonly id: string }; answer: { readonly deleted: string } };
  /** Save the next version of a template. */
  save_template: {
    input: { readonly template: NewTemplate };
    answer: { readonly name: string; readonly version: number };
  };
  /** Create a group and the tasks of a template in it, all or none. */
  apply_template: {
    input: {
      readonly name: string;
      /** The newest version if absent; 0 is the built-in one. */
      readonly version?: number;
      /** Id of the group, and with `/` the prefix of the ids of its tasks. */
      readonly group: string;
      readonly settings: GroupSettings;
      readonly parameters: Readonly<Record<string, string>>;
    };
    answer: { readonly group: GroupView; readonly version: number; readonly tasks: readonly TaskView[] };
  };
  /** Archive a template, or restore it. Its versions stay. An archived template cannot be applied. */
  archive_template: {
    input: { readonly name: string; readonly isArchived: boolean };
    answer: { readonly name: string; readonly isArchived: boolean };
  };
  /** Issue a token. Its secret is made outside, and never comes here. */
  issue_token: { input: { readonly token: NewToken }; answer: TokenView };
  /** Revoke a token: it is refused at once, everywhere. Its name can be used again. */
  revoke_token: { input: { readonly name: string }; answer: { readonly revoked: string } };
  /** Pause the project: nothing can be claimed until it is resumed. A pause of a paused one replaces the reason. */
  pause_project: { input: { readonly reason: string }; answer: ProjectView };
  resume_project: { input: Record<never, never>; answer: ProjectView };
  /** Add a webhook: what happens from now on is sent to it. Its secret is made outside, and never comes here. */
  add_webhook: { input: { readonly webhook: NewWebhook }; answer: Webhook };
  /** Let a webhook sign with another secret, and with the one before for another `graceMs`. */
  rotate_webhook: {
    input: { readonly name: string; readonly secret: string; readonly graceMs: number };
    answer: Webhook;
  };
  /** Have sent again what a webhook did not get, or all from a place on. A disabled one is enabled. */
  replay_webhook: { input: { readonly name: string; readonly from?: ReplayFrom }; answer: Webhook };
  /** Remove a webhook. Its name can be used again. */
  remove_webhook: { input: { readonly name: string }; answer: { readonly removed: string } };
  /** Send nothing more to a webhook, if it is still the one with this id. Only the server itself does so. */
  disable_webhook: {
    input: { readonly name: string; readonly id: string; readonly why: string };
    answer: { readonly disabled: boolean };
  };
  /** Record calls that were refused to their callers, at most `MAX_RECORD_DENIALS`. Only the server itself does so. */
  record_denials: { input: { readonly denials: readonly Denial[] }; answer: { readonly recorded: number } };
  /** Record that a handler failed. Only the server itself does so. */
  record_failure: { input: { readonly failure: HandlerFailure }; answer: { readonly recorded: number } };
  /**
   * End a session: its tasks go back after `graceMs`, unless their instances call in another session before; those with a
   * lease go by it instead. The news that its client was not told go to the next call under the instance id. One call ends
   * it for `MAX_RECORD_TASKS` tasks at most.
   */
  end_session: {
    input: { readonly session: string; readonly how: "closed" | "lost"; readonly graceMs: number };
    answer: { readonly ended: number; readonly remaining: number };
  };
  /**
   * Give the tasks whose sessions ended to a session in which their instances have called since they claimed them. One
   * call does so for at most `MAX_RECORD_TASKS` tasks.
   */
  resume_tasks: {
    input: { readonly session: string; readonly calls: readonly LastCall[] };
    answer: { readonly resumed: number };
  };
  /** Expire leases and instances, and mark overdue tasks. */
  sweep: { input: Record<never, never>; answer: { readonly swept: number } };
  /** Set the journal's time back to the clock after a clock that stood in the future has written to it. */
  correct_clock: { input: Record<never, never>; answer: { readonly from: number; readonly to: number } };
}

export type CommandType = keyof Commands;

export type CommandOf<K extends CommandType> = { readonly type: K } & Commands[K]["input"];

export type Command = { [K in CommandType]: CommandOf<K> }[CommandType];

export type AnswerOf<K extends CommandType> = Commands[K]["answer"];

/** The answer to a command that was carried out before with the same request id: nothing was changed now. */
export interface Repeated {
  readonly repeated: true;
  /** Seq of the record that holds the command. */
  readonly seq: number;
  /** The tasks that the command names or claimed, and the groups that it names, as they are now (the first few). */
  readonly tasks: readonly TaskView[];
  readonly groups: readonly GroupView[];
}

/** The inputs of a decision beside the state and the command. */
export interface Context {
  readonly caller: Caller;
  /** The time, in milliseconds since the Unix epoch; never before the time of the last record. */
  readonly now: number;
  /** The time of the journal's clock, in milliseconds since the Unix epoch; less than `now` if a record is later. */
  readonly clock: number;
  /** The settings of new tasks that do not set their own. */
  readonly defaults: TaskDefaults;
  /** The lease of a task without `timeoutMs` that a client without a session claims, in milliseconds. Default: none. */
  readonly leaseMs?: number;
}

export type TaskDefaults = Pick<TaskSettings, "timeoutMs" | "maxAttempts" | "backoff">;

/**
 * A claimed task, or the reason why there is none, and news. `notes` has all notes on the claimed task, too, without its
 * id. `heldElsewhere` are those that another connected client holds under the same instance id (the first few).
 * `formerIds`, in words: the ids under which the agent may have held tasks before a restart of its client.
 */
export type Claim =
  & News
  & { readonly heldElsewhere?: readonly string[]; readonly formerIds?: string }
  & (
    | ClaimInputs & {
      readonly task: TaskView;
      /** The other tasks that the instance holds (the first few), and the number of all; absent if there are none. */
      readonly holding?: readonly HeldTask[];
      readonly holdingCount?: number;
      /** The attempt before this one. */
      readonly previous?: Attempt;
      /** What the tasks of its group share, unless the instance has got it with an earlier claim. */
      readonly preamble?: string;
      /** JSON Pointers that the result must have, as dependents decide by them (the first few). */
      readonly resultMustHave?: readonly string[];
      /** The instance held the task before it claimed it again by name: nothing was changed. */
      readonly isRepeated?: true;
    }
    | { readonly task: undefined; readonly none: NoTasks }
  );

/** The results of the dependencies of a claimed task. */
export interface ClaimInputs {
  /** The first few. */
  readonly inputs: readonly Input[];
  readonly moreInputs: number;
  /** How many archived tasks are in the groups that it depends on: the history has their results. Absent if none is. */
  readonly archivedInputs?: number;
}

/** The result of a dependency, given with the claim of the task that waited for it. */
export interface Input {
  readonly task: string;
  /** Present if it is not `completed`. */
  readonly status?: Task["status"];
  /** The instance that completed it, or had it when it failed. */
  readonly by?: string;
  /** Present if it did not count: the claimed task could run without it. */
  readonly counted?: false;
  /** The result, error or reason, or the beginning of it. */
  readonly result: string;
  readonly truncated?: true;
}

/** Why nothing can be claimed now. */
export interface NoTasks {
  readonly reason: NoTasksReason;
  /** The reason and its remedies in words. */
  readonly message: string;
  /** Tasks in progress (the first few), and the number of all. */
  readonly running: readonly { readonly id: string; readonly assignedTo: string }[];
  readonly runningCount: number;
  /**
   * Failed or cancelled tasks, or completed ones with a result that cannot be read, that block others (the first few), and
   * the number of blocked tasks.
   */
  readonly blockedBy: readonly { readonly id: string; readonly status: "failed" | "cancelled" | "completed" }[];
  readonly blockedCount: number;
  /** Tasks that the asking instance holds (the first few), without those of another connected client, and their number. */
  readonly holding: readonly HeldTask[];
  readonly holdingCount: number;
  /** Ready tasks that the asking instance may not claim, by requirement (the first few kinds). */
  readonly unmatched: readonly Unmatched[];
  /** When the next delayed task can be claimed, in milliseconds since the Unix epoch. */
  readonly nextAt?: number;
  /** Present if the journal is ahead of the clock: see `clockWarning` in `views/clock_warning.ts`. */
  readonly clockWarning?: string;
}

export type NoTasksReason =
  /** An operator has paused the project: the message has the operator's words. */
  | "paused"
  | "no_tasks_exist"
  | "all_finished"
  | "waiting"
  | "blocked"
  /** Tasks are ready, but require a role or capability that the instance lacks, or are reserved for another. */
  | "no_match"
  /** Tasks are ready, but their groups are paused or full, or their locks are taken. */
  | "limited"
  /** Every pending task waits for a later time. */
  | "delayed"
  /** The instance holds `maxConcurrent` tasks. */
  | "at_capacity"
  /** The instance finishes the tasks that it holds, and gets no more. */
  | "draining"
  /** The instance has left. */
  | "left"
  /** A newer claim of the same caller and instance replaced this one while it waited. */
  | "superseded";

/** Ready tasks with one requirement that the asking instance does not meet. */
export interface Unmatched {
  readonly count: number;
  /** The id of one of these tasks. */
  readonly example: string;
  readonly roles?: readonly string[];
  readonly capabilities?: readonly string[];
  readonly reservedFor?: string;
  /** The tasks in its `notBy` that the asking instance completed or holds. */
  readonly notBy?: readonly string[];
  /** What the asking instance lacks. */
  readonly missing: readonly string[];
  /** Whether any active registered instance may claim it. */
  readonly isClaimable: boolean;
}

/** An urgent task that could be claimed instead. */
export interface Urgent {
  readonly id: string;
  readonly description: string;
}

/** A task that is pending again. */
export interface Retried {
  readonly task: TaskView;
  /** Dependents that run or have ended, which go on as they are (the first few), if the task was completed. */
  readonly started: readonly { readonly id: string; readonly status: Task["status"] }[];
  readonly startedCount: number;
}

/** A task that its holder failed or handed back, with news for the holder: of the latter, the new notes on that task only. */
export interface HandedIn extends News {
  readonly task: TaskView;
}

/** What follows from the end of a task. */
export interface Consequences {
  /** Tasks that depend on it and can be claimed now, in the order of creation (the first few). */
  readonly unlocked: readonly TaskView[];
  readonly unlockedCount: number;
  /** Tasks that were skipped as it ended, and why, in the order of creation (the first few). */
  readonly skipped: readonly { readonly id: string; readonly because: string }[];
  readonly skippedCount: number;
}

export interface Failure extends HandedIn, Consequences {}

export interface Completion extends News, Consequences {
  readonly completed: TaskView;
  /** Urgent tasks that the completing instance could claim next (the first few). */
  readonly urgent: readonly Urgent[];
}

/** A task that an instance holds. */
export interface HeldTask {
  readonly id: string;
  readonly attempt: number;
  readonly leaseUntil?: number;
  readonly progress?: Progress;
}

/** The status of an instance, its leases, and news for it. */
export interface Heartbeat extends News {
  readonly instance: string;
  /** Absent if the instance never registered. */
  readonly status?: InstanceStatus;
  readonly expiresAt?: number;
  /** The first few. */
  readonly holding: readonly HeldTask[];
  readonly lostTasks: readonly string[];
  readonly urgent: readonly Urgent[];
  /** Present if the journal is ahead of the clock: see `clockWarning` in `views/clock_warning.ts`. */
  readonly clockWarning?: string;
}

/** The action that `bulk_update` applies to each task. */
export type BulkAction =
  | { readonly type: "cancel"; readonly reason?: string }
  | { readonly type: "retry" }
  | { readonly type: "release"; readonly reason?: string }
  | { readonly type: "delete" }
  | { readonly type: "archive" }
  | { readonly type: "prioritize"; readonly priority: Priority }
  | { readonly type: "assign"; readonly assignTo: Assignment | null }
  | { readonly type: "move"; readonly group: string | null };

/** Which ended tasks to archive; a task must match all given fields. */
export interface ArchiveFilter {
  readonly group?: string;
  readonly status?: readonly EndStatus[];
  /** Only tasks that ended at least so long ago, in milliseconds. */
  readonly olderThanMs?: number;
}

export interface ArchiveResult {
  readonly archived: number;
  /** Whether the record was full, so that there may be more: then `kept` is not known. */
  readonly hasMore: boolean;
  /** Tasks that must stay (the first few), and the number of all. */
  readonly kept: BulkResult["refused"];
  readonly keptCount: number;
}

export interface BulkResult {
  readonly changed: number;
  /** Matching tasks that the action would not change. */
  readonly unchanged: number;
  /** Tasks that could not be changed (the first few), if the call was not atomic. */
  readonly refused: readonly { readonly id: string; readonly code: string; readonly message: string }[];
  readonly refusedCount: number;
}
