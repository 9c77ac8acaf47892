/**
 * What can be asked of the task graph, and what each command answers.
 */

import type { Dependency } from "../model/dependency.ts";
import type { GroupSettings, GroupView } from "../model/group.ts";
import type { InstanceSettings, InstanceStatus, InstanceView } from "../model/instance.ts";
import type {
  Assignment,
  Attempt,
  NewTask,
  Priority,
  Task,
  TaskFilter,
  TaskSettings,
  TaskView,
} from "../model/task.ts";
import type { NewTemplate } from "../model/template.ts";
import type { Changes } from "./events.ts";

/** A holder's claim to speak for a task. */
export interface Holding {
  readonly id: string;
  readonly instance: string;
  /** The attempt it speaks for; without it, the current one. */
  readonly attempt?: number;
}

/** Parameters and answer of each command, by its type. */
export interface Commands {
  /** Create tasks, all or none; they may depend on each other in any order. */
  create_tasks: { input: { readonly tasks: readonly NewTask[] }; answer: readonly TaskView[] };
  /**
   * Take over tasks as they are, all or none. With `firstOrder`, do nothing unless that is the place in the order of
   * creation that the first of them gets: unless nobody has created or imported tasks since.
   */
  import_tasks: {
    input: { readonly tasks: readonly Task[]; readonly firstOrder?: number };
    answer: { readonly imported: number };
  };
  /** Change a pending task. */
  update_task: {
    input: {
      readonly id: string;
      readonly description?: string;
      readonly dependencies?: readonly Dependency[];
      readonly settings?: Changes<TaskSettings>;
    };
    answer: TaskView;
  };
  /** Remove a task that nobody holds and nothing depends on. */
  delete_task: { input: { readonly id: string }; answer: { readonly deleted: string } };
  /** Take the next ready task, or the named one. Roles and capabilities, where given, stand in for the registered. */
  claim_task: {
    input: {
      readonly instance: string;
      readonly id?: string;
      readonly roles?: readonly string[];
      readonly capabilities?: readonly string[];
    };
    answer: Claim;
  };
  /** Say how far a held task is. */
  report_progress: {
    input: Holding & { readonly percent?: number; readonly message?: string };
    answer: { readonly task: TaskView; readonly urgent: readonly Urgent[] };
  };
  /** End a held task with its result. */
  complete_task: { input: Holding & { readonly result: string }; answer: Completion };
  /** End a held task with an error; a retryable one is pending again after a while, if attempts are left. */
  fail_task: { input: Holding & { readonly error: string; readonly isRetryable?: boolean }; answer: TaskView };
  /** Hand a held task back; with `dependencies`, to wait for these from now on. */
  release_task: {
    input: Holding & { readonly reason?: string; readonly dependencies?: readonly Dependency[] };
    answer: TaskView;
  };
  /** End a pending or held task without a result. */
  cancel_task: { input: { readonly id: string; readonly reason?: string }; answer: TaskView };
  /** Make a failed, cancelled or skipped task pending again. */
  retry_task: { input: { readonly id: string }; answer: TaskView };
  /** Do the same to many tasks: all or none, or each for itself. */
  bulk_update: {
    input: { readonly filter: TaskFilter; readonly action: BulkAction; readonly isAtomic: boolean };
    answer: BulkResult;
  };
  /** Say what an instance can do; again to change it, or to come back. */
  register_instance: {
    input: { readonly instance: string; readonly settings: InstanceSettings };
    answer: Heartbeat;
  };
  /** Give a sign of life. */
  heartbeat: { input: { readonly instance: string }; answer: Heartbeat };
  /** Go, handing back all tasks; or, with `isDraining`, once the held ones are finished. */
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
      /** The newest, if absent. */
      readonly version?: number;
      /** Id of the group, and with `/` the prefix of the ids of its tasks. */
      readonly group: string;
      readonly settings: GroupSettings;
      readonly parameters: Readonly<Record<string, string>>;
    };
    answer: { readonly group: GroupView; readonly version: number; readonly tasks: readonly TaskView[] };
  };
  /** Take a template out of use, or back into it. Its versions stay. */
  archive_template: {
    input: { readonly name: string; readonly isArchived: boolean };
    answer: { readonly name: string; readonly isArchived: boolean };
  };
  /** Carry out what is due: leases, instances and deadlines whose time is over. */
  sweep: { input: Record<never, never>; answer: { readonly swept: number } };
}

export type CommandType = keyof Commands;

export type CommandOf<K extends CommandType> = { readonly type: K } & Commands[K]["input"];

export type Command = { [K in CommandType]: CommandOf<K> }[CommandType];

export type AnswerOf<K extends CommandType> = Commands[K]["answer"];

/** What a decision may know of the world. */
export interface Context {
  /** The time, in milliseconds since the Unix epoch; never less than at any record before. */
  readonly now: number;
  /** What this machine's clock says, in milliseconds since the Unix epoch: `now`, unless a record is of a later time. */
  readonly clock: number;
  /** Settings of new tasks that do not say otherwise. */
  readonly defaults: TaskDefaults;
}

export type TaskDefaults = Pick<TaskSettings, "timeoutMs" | "maxAttempts" | "backoff">;

/** A claimed task, or the reason why there is none. With it, what the instance lost while it gave no sign of life. */
export type Claim =
  & { readonly lostTasks?: readonly string[] }
  & (
    | {
      readonly task: TaskView;
      readonly inputs: readonly Input[];
      readonly moreInputs: number;
      /** The attempt before, and what its holder said last. */
      readonly previous?: Attempt;
    }
    | { readonly task: undefined; readonly none: NoTasks }
  );

/** A dependency's result, handed out with the claim of the task that waited for it. */
export interface Input {
  readonly task: string;
  /** Where it is not `completed`. */
  readonly status?: Task["status"];
  /** The result, or error, or its beginning. */
  readonly result: string;
  readonly truncated?: true;
}

/** Why nothing can be claimed now. */
export interface NoTasks {
  readonly reason: NoTasksReason;
  /** The reason in words, with what would change it. */
  readonly message: string;
  /** Tasks being worked on: the first few, and how many in all. */
  readonly running: readonly { readonly id: string; readonly assignedTo: string }[];
  readonly runningCount: number;
  /** Failed or cancelled tasks that others wait for (the first few), and how many tasks wait for such. */
  readonly blockedBy: readonly { readonly id: string; readonly status: "failed" | "cancelled" }[];
  readonly blockedCount: number;
  /** Tasks that the asking instance holds (the first few). */
  readonly holding: readonly string[];
  /** Ready tasks that the asking instance may not do, by what they ask for (the first few kinds). */
  readonly unmatched: readonly Unmatched[];
  /** When the next delayed task can be claimed, in milliseconds since the Unix epoch. */
  readonly nextAt?: number;
  /** Where the journal is ahead of the clock: what that means, in words. */
  readonly clockWarning?: string;
}

export type NoTasksReason =
  | "no_tasks_exist"
  | "all_finished"
  | "waiting"
  | "blocked"
  /** Tasks are ready, but ask for a role or capability that the instance does not have, or are reserved. */
  | "no_match"
  /** Tasks are ready, but their groups are paused or full, or their locks are taken. */
  | "limited"
  /** All that is left waits for a time to come. */
  | "delayed"
  /** The instance holds as many as it may. */
  | "at_capacity"
  /** The instance finishes what it holds, and takes no more tasks. */
  | "draining"
  /** The instance has left. */
  | "left"
  /** A newer claim of the same caller and instance waits in place of this one. */
  | "superseded";

/** A kind of ready tasks that the asking instance may not do. */
export interface Unmatched {
  readonly count: number;
  /** One of them. */
  readonly example: string;
  readonly roles?: readonly string[];
  readonly capabilities?: readonly string[];
  readonly reservedFor?: string;
  /** What the asking instance lacks. */
  readonly missing: readonly string[];
  /** Whether any active registered instance could do it. */
  readonly isClaimable: boolean;
}

/** An urgent task that could be claimed instead. */
export interface Urgent {
  readonly id: string;
  readonly description: string;
}

export interface Completion {
  readonly completed: TaskView;
  /** Tasks that depend on it and can be claimed now, in the order of creation (the first few). */
  readonly unlocked: readonly TaskView[];
  readonly unlockedCount: number;
  /** Urgent tasks that the completing instance could claim next (the first few). */
  readonly urgent: readonly Urgent[];
}

/** How things stand for an instance. */
export interface Heartbeat {
  readonly instance: string;
  /** Undefined of one that never registered. */
  readonly status?: InstanceStatus;
  readonly expiresAt?: number;
  readonly holding: readonly { readonly id: string; readonly attempt: number; readonly leaseUntil?: number }[];
  /** Tasks that it lost while it gave no sign of life (the first few). */
  readonly lostTasks: readonly string[];
  readonly urgent: readonly Urgent[];
  /** Its leases are more than one record extends: the next call extends others. Those that end first come first. */
  readonly hasMoreLeases?: true;
  /** Where the journal is ahead of the clock: what that means, in words. */
  readonly clockWarning?: string;
}

/** What is done to each of many tasks. */
export type BulkAction =
  | { readonly type: "cancel"; readonly reason?: string }
  | { readonly type: "retry" }
  | { readonly type: "release"; readonly reason?: string }
  | { readonly type: "delete" }
  | { readonly type: "prioritize"; readonly priority: Priority }
  | { readonly type: "assign"; readonly assignTo: Assignment | null }
  | { readonly type: "move"; readonly group: string | null };

export interface BulkResult {
  readonly changed: number;
  /** Tasks that match but were already so. */
  readonly unchanged: number;
  /** Tasks that could not be changed (the first few), where each is for itself. */
  readonly refused: readonly { readonly id: string; readonly code: string; readonly message: string }[];
  readonly refusedCount: number;
}
