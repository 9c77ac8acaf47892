/**
 * What can be asked of the task graph, and what each command answers.
 */

import type { NewTask, Task, TaskView } from "./model.ts";

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
  /** Take over tasks as they are, all or none. With `ifEmpty`, do nothing when there are tasks already. */
  import_tasks: {
    input: { readonly tasks: readonly Task[]; readonly ifEmpty?: boolean };
    answer: { readonly imported: number };
  };
  /** Change a pending task. */
  update_task: {
    input: { readonly id: string; readonly description?: string; readonly dependencies?: readonly string[] };
    answer: TaskView;
  };
  /** Remove a task that nobody holds and nothing depends on. */
  delete_task: { input: { readonly id: string }; answer: { readonly deleted: string } };
  /** Take the next ready task, or the named one. */
  claim_task: { input: { readonly instance: string; readonly id?: string }; answer: Claim };
  /** End a held task with its result. */
  complete_task: { input: Holding & { readonly result: string }; answer: Completion };
  /** End a held task with an error. */
  fail_task: { input: Holding & { readonly error: string }; answer: TaskView };
  /** Hand a held task back. */
  release_task: { input: Holding & { readonly reason?: string }; answer: TaskView };
  /** End a pending or held task without a result. */
  cancel_task: { input: { readonly id: string; readonly reason?: string }; answer: TaskView };
  /** Make a failed or cancelled task pending again. */
  retry_task: { input: { readonly id: string }; answer: TaskView };
}

export type CommandType = keyof Commands;

export type CommandOf<K extends CommandType> = { readonly type: K } & Commands[K]["input"];

export type Command = { [K in CommandType]: CommandOf<K> }[CommandType];

export type AnswerOf<K extends CommandType> = Commands[K]["answer"];

/** A claimed task, or the reason why there is none. */
export type Claim =
  | { readonly task: TaskView; readonly inputs: readonly Input[]; readonly moreInputs: number }
  | { readonly task: undefined; readonly none: NoTasks };

/** A dependency's result, handed out with the claim of the task that waited for it. */
export interface Input {
  readonly task: string;
  /** The result, or its beginning. */
  readonly result: string;
  readonly truncated?: true;
}

/** Why nothing can be claimed now. */
export interface NoTasks {
  readonly reason: "no_tasks_exist" | "all_finished" | "waiting" | "blocked";
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
}

export interface Completion {
  readonly completed: TaskView;
  /** Tasks that depend on it and can be claimed now, in the order of creation (the first few). */
  readonly unlocked: readonly TaskView[];
  readonly unlockedCount: number;
}
