/**
 * The rules: what a command does in a given state. Pure and synchronous, without clock or randomness. A decision
 * is the events that the command causes and the answer, which is read from the state after them; a command that
 * the rules forbid throws a `Refusal` and nothing else.
 */

import type { AnswerOf, CommandOf, CommandType, Holding } from "./commands.ts";
import type { Event } from "./events.ts";
import { checkNewDependencies, checkNewTasks, nameSome } from "./graph.ts";
import {
  MAX_DESCRIPTION_BYTES,
  MAX_ERROR_BYTES,
  MAX_IMPORTED_ATTEMPT,
  MAX_NAMED,
  MAX_REASON_BYTES,
  MAX_RESULT_BYTES,
  MAX_TASKS,
  MAX_TIME_MS,
} from "./limits.ts";
import type { NewTask, Task, TaskStatus, TaskView } from "./model.ts";
import { Refusal } from "./refusal.ts";
import { readinessOf, type ReadonlyState, type ReadonlyTaskNode } from "./state.ts";
import { checkId, checkText } from "./validate.ts";
import { culpritsOf, findTask, inputsOf, nextClaim, noTasks, unlockedBy, viewOf } from "./views.ts";

export interface Decision<A> {
  readonly events: readonly Event[];
  /** Reads the answer from the state to which the events have been applied. */
  readonly answer: (state: ReadonlyState) => A;
}

/** Decides one command. Throws a `Refusal` if the rules forbid it. */
export function decide<K extends CommandType>(state: ReadonlyState, command: CommandOf<K>): Decision<AnswerOf<K>> {
  return deciders[command.type](state, command);
}

const deciders: {
  readonly [K in CommandType]: (state: ReadonlyState, command: CommandOf<K>) => Decision<AnswerOf<K>>;
} = {
  create_tasks(state, command) {
    const tasks = command.tasks.map(withDistinctDependencies);
    checkNewTasks(state, tasks);
    return {
      events: tasks.length === 0 ? [] : [{ type: "tasks.created", tasks }],
      answer: (after) => tasks.map((task) => viewIn(after, task.id)),
    };
  },

  import_tasks(state, command) {
    if (command.tasks.length === 0 || (command.ifEmpty === true && state.tasks.size > 0)) {
      return { events: [], answer: () => ({ imported: 0 }) };
    }
    const tasks = command.tasks.map((task) => ({ ...task, ...withDistinctDependencies(task) }));
    checkNewTasks(state, tasks, MAX_TASKS);
    tasks.forEach(checkImported);
    return {
      events: [{ type: "tasks.imported", tasks }],
      answer: () => ({ imported: tasks.length }),
    };
  },

  update_task(state, { id, description, dependencies }) {
    const { task } = findTask(state, id);
    if (task.status !== "pending") {
      throw wrongState("update", task, `only pending tasks can change; ${WAY_OUT[task.status]}`);
    }
    if (description !== undefined) checkText(description, `Description of task ${id}`, MAX_DESCRIPTION_BYTES);
    const distinct = dependencies && [...new Set(dependencies)];
    if (distinct !== undefined) checkNewDependencies(state, id, distinct);
    const changes = {
      ...(description !== undefined && description !== task.description && { description }),
      ...(distinct !== undefined && !sameIds(distinct, task.dependencies) && { dependencies: distinct }),
    };
    return {
      events: Object.keys(changes).length === 0 ? [] : [{ type: "task.updated", id, ...changes }],
      answer: (after) => viewIn(after, id),
    };
  },

  delete_task(state, { id }) {
    const node = findTask(state, id);
    if (node.dependents.size > 0) {
      const dependents = Array.from(node.dependents, ({ task }) => task.id);
      throw new Refusal(
        "has_dependents",
        `Cannot delete task ${id} as it has dependent tasks: ${nameSome(dependents)}; ` +
          "delete those first or change their dependencies",
        { id, dependents: dependents.slice(0, MAX_NAMED), count: dependents.length },
      );
    }
    if (node.task.status === "in_progress") {
      throw wrongState("delete", node.task, `${node.task.assignedTo} is working on it; cancel it first`);
    }
    return { events: [{ type: "task.deleted", id }], answer: () => ({ deleted: id }) };
  },

  claim_task(state, { instance, id }) {
    checkId(instance, "Instance id");
    const node = id === undefined ? nextClaim(state) : claimable(findTask(state, id), instance);
    if (node === undefined) {
      return { events: [], answer: (after) => ({ task: undefined, none: noTasks(after, instance) }) };
    }
    const { task } = node;
    return {
      events: task.status === "in_progress"
        ? []
        : [{ type: "task.claimed", id: task.id, instance, attempt: task.attempt + 1 }],
      answer: (after) => ({ task: viewIn(after, task.id), ...inputsOf(findTask(after, task.id)) }),
    };
  },

  complete_task(state, command) {
    const { id, instance, result } = command;
    const task = held(state, command, "complete", (ended) => ended.status === "completed" && ended.result === result);
    checkText(result, `Result of task ${id}`, MAX_RESULT_BYTES);
    return {
      events: task.status === "completed"
        ? []
        : [{ type: "task.completed", id, instance, attempt: task.attempt, result }],
      answer: (after) => ({ completed: viewIn(after, id), ...unlockedBy(findTask(after, id)) }),
    };
  },

  fail_task(state, command) {
    const { id, instance, error } = command;
    const task = held(state, command, "fail", (ended) => ended.status === "failed" && ended.error === error);
    checkText(error, `Error of task ${id}`, MAX_ERROR_BYTES);
    return {
      events: task.status === "failed" ? [] : [{ type: "task.failed", id, instance, attempt: task.attempt, error }],
      answer: (after) => viewIn(after, id),
    };
  },

  release_task(state, command) {
    const { id, instance, reason } = command;
    const task = held(state, command, "release", () => false);
    if (reason !== undefined) checkText(reason, `Reason for releasing task ${id}`, MAX_REASON_BYTES);
    return {
      events: [{
        type: "task.released",
        id,
        instance,
        attempt: task.attempt,
        ...(reason !== undefined && { reason }),
      }],
      answer: (after) => viewIn(after, id),
    };
  },

  cancel_task(state, { id, reason }) {
    const { task } = findTask(state, id);
    if (reason !== undefined) checkText(reason, `Reason for cancelling task ${id}`, MAX_REASON_BYTES);
    if (task.status === "completed" || task.status === "failed") {
      throw wrongState("cancel", task, "it has ended already");
    }
    return {
      events: task.status === "cancelled"
        ? []
        : [{ type: "task.cancelled", id, ...(reason !== undefined && { reason }) }],
      answer: (after) => viewIn(after, id),
    };
  },

  retry_task(state, { id }) {
    const { task } = findTask(state, id);
    if (task.status !== "failed" && task.status !== "cancelled") {
      if (task.status !== "pending") {
        throw wrongState("retry", task, `only failed and cancelled tasks can be retried; ${WAY_OUT[task.status]}`);
      }
      return { events: [], answer: (after) => viewIn(after, id) };
    }
    return { events: [{ type: "task.retried", id }], answer: (after) => viewIn(after, id) };
  },
};

function viewIn(state: ReadonlyState, id: string): TaskView {
  return viewOf(findTask(state, id));
}

/** The node if `instance` may claim it by name, or holds it already: asking twice gives the same task. */
function claimable(node: ReadonlyTaskNode, instance: string): ReadonlyTaskNode {
  const { task } = node;
  if (task.status === "in_progress") {
    if (task.assignedTo === instance) return node;
    throw wrongState(
      "claim",
      task,
      `it is assigned to instance ${task.assignedTo}; get_next_task without task_id gives another`,
    );
  }
  if (task.status !== "pending") {
    throw wrongState("claim", task, task.status === "completed" ? "it is done" : "retry_task makes it pending again");
  }
  const readiness = readinessOf(node);
  if (readiness === "ready") return node;
  const culprits = culpritsOf(node).map(({ task }) => `${task.id} (${task.status})`);
  throw new Refusal(
    "not_ready",
    `Cannot claim task ${task.id} as it is ${readiness === "blocked" ? "blocked by" : "waiting for"} ${
      nameSome(culprits)
    }; ` +
      (readiness === "blocked" ? "retry the failed or cancelled ones" : "they must be completed first"),
    { id: task.id, readiness, dependencies: culprits.slice(0, MAX_NAMED), count: culprits.length },
  );
}

/**
 * The task that the caller holds. Where `isSame` says that the task has ended just as the caller now says again,
 * the ended task: a repeated call gets the same answer.
 */
function held(state: ReadonlyState, holding: Holding, action: string, isSame: (ended: Task) => boolean): Task {
  checkId(holding.instance, "Instance id");
  const { task } = findTask(state, holding.id);
  const { id, instance, attempt } = holding;
  if (attempt !== undefined && attempt !== task.attempt) {
    throw new Refusal(
      "stale_attempt",
      `Cannot ${action} attempt ${attempt} of task ${id} as it is at attempt ${task.attempt}: drop this work, or ` +
        "claim the task again",
      { id, attempt, current: task.attempt },
    );
  }
  if (task.assignedTo !== instance) {
    const hint = task.status === "pending" ? "; claim it with get_next_task first" : "";
    const state = task.assignedTo === undefined
      ? `it is ${task.status}${hint}`
      : `${task.assignedTo} ${task.status === "in_progress" ? "holds it" : `had it, and it is ${task.status}`}`;
    throw new Refusal("not_holder", `Task ${id} is not assigned to instance ${instance}: ${state}`, {
      id,
      instance,
      ...(task.assignedTo !== undefined && { assignedTo: task.assignedTo }),
    });
  }
  if (task.status === "in_progress" || isSame(task)) return task;
  throw wrongState(action, task, `it has ended, and differently; ${WAY_OUT[task.status]}`);
}

/** What would work for a task that is in the wrong state. */
const WAY_OUT: Readonly<Record<TaskStatus, string>> = {
  pending: "get_next_task claims it",
  in_progress: "its holder can release_task it, anybody can cancel_task it",
  completed: "create a new task to have it done again",
  failed: "retry_task makes it pending again",
  cancelled: "retry_task makes it pending again",
};

function wrongState(action: string, task: Task, wayOut: string): Refusal {
  return new Refusal("wrong_state", `Cannot ${action} task ${task.id} in ${task.status} state: ${wayOut}`, {
    id: task.id,
    status: task.status,
  });
}

/** What an import adds to the checks of new tasks: a life that is consistent in itself. */
function checkImported(task: Task): void {
  const { id, status, assignedTo, startedAt, finishedAt } = task;
  checkText(task.result ?? "", `Result of task ${id}`, MAX_RESULT_BYTES);
  checkText(task.error ?? "", `Error of task ${id}`, MAX_ERROR_BYTES);
  checkText(task.reason ?? "", `Reason of task ${id}`, MAX_REASON_BYTES);
  if (assignedTo !== undefined) checkId(assignedTo, "Instance id");
  const times = [task.createdAt, task.pendingAt, startedAt ?? 0, finishedAt ?? 0];
  const hasEnded = status !== "pending" && status !== "in_progress";
  const faults = {
    "its times must be milliseconds since 1970": !times.every((at) => at >= 0 && at <= MAX_TIME_MS),
    [`attempt must be a whole number from 0 to ${MAX_IMPORTED_ATTEMPT}`]: !Number.isSafeInteger(task.attempt) ||
      task.attempt < 0 || task.attempt > MAX_IMPORTED_ATTEMPT,
    "a pending task cannot have assignedTo": status === "pending" && assignedTo !== undefined,
    "a task in progress must have assignedTo": status === "in_progress" && assignedTo === undefined,
    "only a completed task can have a result": status !== "completed" && task.result !== undefined,
    "only a failed task can have an error": status !== "failed" && task.error !== undefined,
    "a task must have finishedAt if it has ended, and only then": hasEnded !== (finishedAt !== undefined),
  };
  const fault = Object.entries(faults).find(([, isFault]) => isFault)?.[0];
  if (fault !== undefined) throw new Refusal("invalid_value", `Cannot import task ${id} as it is: ${fault}`, { id });
}

function withDistinctDependencies(task: NewTask): NewTask {
  return { id: task.id, description: task.description, dependencies: [...new Set(task.dependencies)] };
}

function sameIds(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((id, index) => id === b[index]);
}
