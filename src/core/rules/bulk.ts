/**
 * The rules for one action on many tasks. Each task is decided in the state before the command. All changes are in one
 * record.
 */

import type { BulkAction, BulkResult } from "../messages/commands.ts";
import type { Changes, Event } from "../messages/events.ts";
import { MAX_BULK, MAX_BULK_BYTES, MAX_FAULTS } from "../model/limits.ts";
import { checkAll, throwAll } from "../model/faults.ts";
import type { KnownCaller } from "../model/access.ts";
import type { Actor } from "../model/news.ts";
import { Refusal } from "../model/refusal.ts";
import { END_STATUSES, TASK_STATUSES, type TaskStatus } from "../model/status.ts";
import type { TaskFilter, TaskSettings } from "../model/task.ts";
import { take } from "../model/text.ts";
import { endingAgain } from "../state/after_retry.ts";
import { tasksMatching } from "../state/lookup.ts";
import { jsonBytes } from "../state/record_size.ts";
import { wholeOf } from "../state/sight.ts";
import type { ReadonlyState, ReadonlyTaskNode } from "../state/state.ts";
import { archivableOf, archiveEvents } from "./archive.ts";
import { releaseEvents } from "./attempts.ts";
import { checkChange } from "./checks/audience.ts";
import { checkNewInstance } from "./checks/instance.ts";
import { checkMove, waitingForGroup } from "./checks/new_tasks.ts";
import { checkSettings } from "./checks/settings.ts";
import { type Deciders, wrongState } from "./decision.ts";
import { checkDeletable } from "./removal.ts";
import { cancelEvents, checkChangeable, differentSettings, isRetryable, retryEvents, settingsFor } from "./tasks.ts";

export const bulkDeciders: Deciders<"bulk_update"> = {
  bulk_update(state, { filter, action, isAtomic, instance }, context) {
    const { caller, now } = context;
    const by = { caller: caller.name, ...(instance !== undefined && { instance }) };
    checkAll(
      () => instance !== undefined && checkNewInstance(state, instance),
      () => {
        if (Object.values(filter).some((value) => value !== undefined)) return;
        throw new Refusal(
          "invalid_value",
          "Cannot change all tasks at once: give a group, ids, status or another filter",
        );
      },
    );
    const nodes = take(
      tasksMatching(state, { ...filter, status: filter.status ?? statusFor(action, filter) }),
      MAX_BULK + 1,
    );
    if (nodes.length > MAX_BULK) {
      throw new Refusal("limit_exceeded", `Cannot change more than ${MAX_BULK} tasks at once: narrow the filter`, {
        limit: MAX_BULK,
      });
    }
    const decideOne = deciderOf(state, action, { nodes, by, caller, now });
    const decidedEvents: Event[] = [];
    const refused: RefusedTask[] = [];
    let unchanged = 0;
    for (const node of nodes) {
      const decided = tryOne(decideOne, node);
      if (decided instanceof Refusal) {
        refused.push({ node, refusal: decided });
      } else if (decided.length === 0) unchanged++;
      else decidedEvents.push(...decided);
    }
    if (isAtomic) throwAll(refused.map(({ refusal }) => refusal));
    // One event for all, as their order is not that of `nodes`.
    const events = action.type === "archive" ? archiveEvents(archivableOf(state, nodes).order) : decidedEvents;
    checkSize(events);
    const changed = nodes.length - unchanged - refused.length;
    return {
      events,
      answer: (after) => ({ changed, unchanged, ...shownRefusals(after, { action, refused, by, caller, now }) }),
    };
  },
};

/** Who gives the command, and when. */
interface Given {
  readonly by: Actor;
  readonly caller: KnownCaller;
  readonly now: number;
}

interface RefusedTask {
  readonly node: ReadonlyTaskNode;
  readonly refusal: Refusal;
}

function tryOne(decideOne: DecideOne, node: ReadonlyTaskNode): readonly Event[] | Refusal {
  try {
    return decideOne(node);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/** The first few refusals. Each is decided again in the state after the command, so that its remedies hold there. */
function shownRefusals(
  after: ReadonlyState,
  { action, refused, ...given }: Given & {
    readonly action: BulkAction;
    readonly refused: readonly RefusedTask[];
  },
): Pick<BulkResult, "refused" | "refusedCount"> {
  const decideOne = deciderOf(after, action, { nodes: refused.map(({ node }) => node), ...given });
  const shown = refused.slice(0, MAX_FAULTS).map(({ node, refusal }) => {
    const still = tryOne(decideOne, node);
    const { code, message } = still instanceof Refusal ? still : refusal;
    return { id: node.task.id, code, message };
  });
  return { refused: shown, refusedCount: refused.length };
}

/** Refuses events that do not fit into one record. */
function checkSize(events: readonly Event[]): void {
  const bytes = jsonBytes(events, MAX_BULK_BYTES);
  if (bytes <= MAX_BULK_BYTES) return;
  throw new Refusal(
    "limit_exceeded",
    `Cannot change ${events.length} tasks at once as that takes ${bytes} bytes: at most ${MAX_BULK_BYTES} are ` +
      "allowed; narrow the filter, or give a shorter reason",
    { limit: MAX_BULK_BYTES, bytes },
  );
}

/** The statuses that an action applies to, for a filter without statuses; every status if the filter names ids. */
function statusFor({ type }: BulkAction, { ids }: TaskFilter): readonly TaskStatus[] {
  if (ids !== undefined || type === "delete") return TASK_STATUSES;
  if (type === "archive") return END_STATUSES;
  if (type === "cancel") return ["pending", "in_progress"];
  if (type === "retry") return ["failed", "cancelled", "skipped"];
  return type === "release" ? ["in_progress"] : ["pending"];
}

/** The events of the action on one task. Throws a `Refusal` if the rules forbid it. */
type DecideOne = (node: ReadonlyTaskNode) => readonly Event[];

function deciderOf(
  state: ReadonlyState,
  action: BulkAction,
  { nodes, by, caller, now }: Given & { readonly nodes: readonly ReadonlyTaskNode[] },
): DecideOne {
  switch (action.type) {
    case "cancel":
      return ({ task }) => cancelEvents(task, by, action.reason);
    case "retry": {
      const again = endingAgain(nodes.filter(({ task }) => isRetryable(task)));
      return (node) => retryEvents(state, node, { now, endsAgain: again.has(node) });
    }
    case "release":
      return ({ task }) => {
        if (task.status !== "in_progress" && task.status !== "pending") {
          throw wrongState("release", task, "it has ended");
        }
        return releaseEvents(task, action.reason);
      };
    case "delete":
      return deleteDecider(state, nodes);
    case "archive":
      return archiveDecider(state, nodes);
    case "prioritize":
      return settingsDecider(state, { priority: action.priority === "normal" ? null : action.priority });
    case "assign": {
      const assign = settingsDecider(state, { assignTo: action.assignTo });
      return (node) => {
        const events = assign(node);
        for (const { settings } of events) checkChange(state, node, { caller, assignTo: settings.assignTo });
        return events;
      };
    }
    case "move":
      return moveDecider(state, { nodes, caller, group: action.group });
    default:
      return action satisfies never;
  }
}

interface Move {
  readonly nodes: readonly ReadonlyTaskNode[];
  readonly caller: KnownCaller;
  readonly group: string | null;
}

/** Moves pending tasks to a group, or out of theirs if it is null. */
function moveDecider(state: ReadonlyState, move: Move): DecideOne {
  const moveOne = acyclicMoveDecider(state, move.group);
  let refused: ReadonlyMap<ReadonlyTaskNode, Refusal> | undefined;
  return (node) => {
    const events = moveOne(node);
    if (events.length === 0) return events;
    refused ??= tooVisible(state, move, moveOne);
    const refusal = refused.get(node);
    if (refusal !== undefined) throw refusal;
    return events;
  };
}

/**
 * The tasks that cannot be moved as some callers would see too much, or a task without what it depends on. Tasks that are
 * moved together may depend on each other; what depends on one that cannot be moved is looked at again.
 */
function tooVisible(
  state: ReadonlyState,
  { nodes, ...change }: Move,
  moveOne: DecideOne,
): ReadonlyMap<ReadonlyTaskNode, Refusal> {
  const refused = new Map<ReadonlyTaskNode, Refusal>();
  if (wholeOf(state).restricted.size === 0) return refused;
  const candidates = nodes.filter((node) => {
    const decided = tryOne(moveOne, node);
    return !(decided instanceof Refusal) && decided.length > 0;
  });
  for (let before = -1; before < refused.size;) {
    before = refused.size;
    const left = candidates.filter((node) => !refused.has(node));
    const moved = new Set(left.map(({ task }) => task.id));
    for (const node of left) {
      const refusal = tryOne((node) => {
        checkChange(state, node, { ...change, isMoved: (id) => moved.has(id) });
        return [];
      }, node);
      if (refusal instanceof Refusal) refused.set(node, refusal);
    }
  }
  return refused;
}

/** Moves tasks as `moveDecider`, whoever sees them. Refuses tasks that wait for the group. */
function acyclicMoveDecider(state: ReadonlyState, group: string | null): DecideOne {
  const changeGroup = settingsDecider(state, { group });
  let waiting: ReadonlySet<ReadonlyTaskNode> | undefined;
  let refused = 0;
  return (node) => {
    const events = changeGroup(node);
    if (group === null || events.length === 0) return events;
    waiting ??= waitingForGroup(state, group);
    if (!waiting.has(node)) return events;
    // Refuses with the path of the cycle. Only for the refusals that the answer shows, as finding it is expensive.
    if (refused++ < MAX_FAULTS) checkMove(state, [node.task], group);
    throw new Refusal("cycle", `Cannot move task ${node.task.id} to group ${group} as it waits for that group`, {
      id: node.task.id,
      group,
    });
  };
}

/** Changes settings of pending tasks. */
function settingsDecider(
  state: ReadonlyState,
  changes: Changes<TaskSettings>,
): (node: ReadonlyTaskNode) => readonly { type: "task.updated"; id: string; settings: Changes<TaskSettings> }[] {
  return (node) => {
    const { task } = node;
    const settings = settingsFor(task, changes);
    const different = differentSettings(task, settings);
    checkAll(
      () => checkSettings(settings, task.id, state),
      () => checkChangeable(state, node, { settings: different }),
    );
    return Object.keys(different).length === 0 ? [] : [{ type: "task.updated", id: task.id, settings: different }];
  };
}

/** Archives ended tasks, each together with all that name it. */
function archiveDecider(state: ReadonlyState, nodes: readonly ReadonlyTaskNode[]): DecideOne {
  const { refusalOf } = archivableOf(state, nodes);
  return (node) => {
    const refusal = refusalOf(node);
    if (refusal !== undefined) throw refusal;
    return archiveEvents([node]);
  };
}

/** Deletes tasks. A task with dependents is deleted only together with all of them. */
function deleteDecider(state: ReadonlyState, nodes: readonly ReadonlyTaskNode[]): DecideOne {
  const deleted = new Set(nodes);
  const isDeleted = (node: ReadonlyTaskNode) => deleted.has(node);
  // A task that cannot be deleted keeps its dependencies, so these are checked again.
  const unchecked = [...nodes];
  for (let node = unchecked.pop(); node !== undefined; node = unchecked.pop()) {
    if (!deleted.has(node)) continue;
    try {
      checkDeletable(state, node, isDeleted);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      deleted.delete(node);
      for (const named of namedBy(state, node)) unchecked.push(named);
      unchecked.push(...node.dependencies, ...conditionSources(node));
    }
  }
  return (node) => {
    checkDeletable(state, node, isDeleted);
    return [{ type: "task.deleted", id: node.task.id }];
  };
}

/** The tasks that a task names in `notBy`. */
function namedBy({ tasks }: ReadonlyState, { task }: ReadonlyTaskNode): readonly ReadonlyTaskNode[] {
  return (task.assignTo?.notBy ?? []).flatMap((id) => tasks.get(id) ?? []);
}

/** The tasks that the dependency expressions of a task name. */
function* conditionSources(node: ReadonlyTaskNode): Iterable<ReadonlyTaskNode> {
  const conditions = [...node.conditions];
  for (let condition = conditions.pop(); condition !== undefined; condition = conditions.pop()) {
    if (condition.type === "branch") conditions.push(...condition.parts);
    else if (condition.type === "task") yield condition.source;
  }
}
