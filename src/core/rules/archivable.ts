/**
 * Which ended tasks can be archived. The state must never name an archived task, so a task goes only together with all
 * that name it, or after them; and a task that blocks others through its group stays, as they wait for its retry.
 */

import { TRUTH_TABLE } from "../model/dependency.ts";
import { MAX_RECORD_TASKS } from "../model/limits.ts";
import { type Refusal, refuse } from "../model/refusal.ts";
import type { Remedy } from "../model/remedies.ts";
import { conditionsOn } from "../state/conditions.ts";
import { firstCreated, inOrderOfCreation } from "../state/lookup.ts";
import { sees, UNSEEN } from "../state/sight.ts";
import type { ReadonlyState, ReadonlyTaskNode } from "../state/state.ts";
import { endsAgain } from "../views/roots.ts";
import { wrongState } from "./decision.ts";
import { namersOf, remediesToDetach } from "./removal.ts";

/** Which tasks are to be archived. */
export interface Wanted {
  /** In the order in which they are looked at. */
  readonly nodes: Iterable<ReadonlyTaskNode>;
  /** Whether a task is among these. One that has not ended stays all the same. */
  readonly has: (node: ReadonlyTaskNode) => boolean;
  /** Most tasks that are found. Default: no bound. */
  readonly limit?: number;
  /** Most tasks that name each other and go together. Default: no bound. */
  readonly maxRing?: number;
}

/** Why a task stays: `node` is that task itself, or one that names it, directly or through others. */
type Kept =
  /** It has not ended, is not among those to archive, or is hidden. It names `named`, unless it is the task itself. */
  | { readonly why: "stays"; readonly node: ReadonlyTaskNode; readonly named?: ReadonlyTaskNode }
  /** It blocks `waiter` through its group. */
  | { readonly why: "blocks"; readonly node: ReadonlyTaskNode; readonly waiter: ReadonlyTaskNode }
  /** It is one of so many that name each other. */
  | { readonly why: "ring"; readonly node: ReadonlyTaskNode; readonly count: number };

export interface Archivable {
  /** The tasks that can be archived, each after those that name it. */
  readonly order: readonly ReadonlyTaskNode[];
  /** Whether the limit was reached: then other tasks may have been left out. */
  readonly isCut: boolean;
  /** Why a task that was looked at stays; undefined if it is in `order`. */
  readonly refusalOf: (node: ReadonlyTaskNode) => Refusal | undefined;
  readonly isKept: (node: ReadonlyTaskNode) => boolean;
}

/** A task in the search: see `archivable`. */
interface Visit {
  readonly node: ReadonlyTaskNode;
  readonly index: number;
  low: number;
  isOpen: boolean;
  kept: Kept | undefined;
  readonly namers: Iterator<ReadonlyTaskNode>;
}

/**
 * Finds the tasks that can be archived, those that name others before these. Tasks may name each other in `notBy`, so it
 * looks for strongly connected components, along the edges from a task to those that name it (Tarjan, "Depth-First Search
 * and Linear Graph Algorithms", 1972); iterative, as a chain may be as long as the plan. O(tasks that it looks at and
 * their edges).
 */
export function archivable(state: ReadonlyState, wanted: Wanted): Archivable {
  const { nodes, has, limit = Infinity, maxRing = Infinity } = wanted;
  const visits = new Map<ReadonlyTaskNode, Visit>();
  const order: ReadonlyTaskNode[] = [];
  const waiterFor = waiterFinder();
  let isCut = false;
  for (const node of nodes) {
    if (isCut || order.length === limit) {
      isCut = true;
      break;
    }
    if (!visits.has(node)) walk(node);
  }
  const isKept = (node: ReadonlyTaskNode) => visits.get(node)?.kept !== undefined;
  return { order, isCut, isKept, refusalOf: (node) => refusal(state, node, visits.get(node)?.kept) };

  function walk(start: ReadonlyTaskNode): void {
    const open: Visit[] = [];
    const path: Visit[] = [];
    enter(start);
    for (let top = path.at(-1); top !== undefined && !isCut; top = path.at(-1)) {
      const { value: namer, done } = top.namers.next();
      if (done === true) leave(top);
      else if (!visits.has(namer)) enter(namer);
      else note(top, visits.get(namer));
    }

    function enter(node: ReadonlyTaskNode): void {
      const index = visits.size;
      const kept = reasonToStay(node);
      // What stays by itself needs no search.
      const namers = kept === undefined ? inOrderOfCreation(namersOf(state, node)) : [];
      const visit = { node, index, low: index, isOpen: true, kept, namers: namers.values() };
      visits.set(node, visit);
      open.push(visit);
      path.push(visit);
    }

    function leave(visit: Visit): void {
      path.pop();
      if (visit.low === visit.index) close(open.splice(open.lastIndexOf(visit)));
      const parent = path.at(-1);
      if (parent !== undefined) note(parent, visit);
    }
  }

  /** Notes at a task what is known of one that names it. */
  function note(visit: Visit, namer: Visit | undefined): void {
    if (namer === undefined) return;
    if (namer.isOpen) visit.low = Math.min(visit.low, namer.low);
    else visit.kept ??= keptBy(visit.node, namer.kept);
  }

  /** Decides about tasks that name each other; mostly it is one. */
  function close(visits: readonly Visit[]): void {
    let kept = visits.find((visit) => visit.kept !== undefined)?.kept;
    const [first] = visits;
    if (kept === undefined && first !== undefined && visits.length > maxRing) {
      kept = { why: "ring", node: first.node, count: visits.length };
    }
    if (kept === undefined && order.length + visits.length > limit) {
      isCut = true;
      return;
    }
    for (const visit of visits) {
      visit.isOpen = false;
      visit.kept ??= kept;
      if (kept === undefined) order.push(visit.node);
    }
  }

  function reasonToStay(node: ReadonlyTaskNode): Kept | undefined {
    if (!hasEnded(node) || !has(node)) return { why: "stays", node };
    const waiter = waiterFor(node);
    return waiter && { why: "blocks", node, waiter };
  }
}

/** Why a task stays if one that names it does. */
function keptBy(named: ReadonlyTaskNode, kept: Kept | undefined): Kept | undefined {
  return kept?.why === "stays" && kept.named === undefined ? { ...kept, named } : kept;
}

function hasEnded({ task }: ReadonlyTaskNode): boolean {
  return task.finishedAt !== undefined;
}

/**
 * Finds the first open task that waits for a group, and that an ended member of the group blocks. O(conditions on the
 * group), once for each group and status.
 */
function waiterFinder(): (node: ReadonlyTaskNode) => ReadonlyTaskNode | undefined {
  const known = new Map<unknown, Map<string, ReadonlyTaskNode | undefined>>();
  return ({ group, task: { status } }) => {
    if (group === undefined || group.subscriptions.size === 0) return undefined;
    const waiters = known.get(group) ?? new Map<string, ReadonlyTaskNode | undefined>();
    known.set(group, waiters);
    if (!waiters.has(status)) {
      const waiting = new Set<ReadonlyTaskNode>();
      for (const { on, verdict, root } of conditionsOn(group)) {
        if (verdict !== "true" && TRUTH_TABLE[on][status] === "blocked" && !hasEnded(root)) waiting.add(root);
      }
      waiters.set(status, firstCreated(waiting, 1)[0]);
    }
    return waiters.get(status);
  };
}

function refusal(state: ReadonlyState, node: ReadonlyTaskNode, kept: Kept | undefined): Refusal | undefined {
  if (kept === undefined) return undefined;
  const { task } = node;
  if (kept.node === node && kept.why === "stays") {
    if (hasEnded(node)) throw new Error(`Cannot tell why task ${task.id} stays: it was not looked for`);
    return wrongState("archive", task, "it has not ended", [{ type: "cancel_task", id: task.id }]);
  }
  if (!sees(state, kept.node)) return refused(node, `${UNSEEN} names it`, []);
  const subject = kept.node === node ? "it" : `${kept.node.task.id}, which names it${howFar(node, kept)},`;
  const { why, remedies } = reasonOf(state, kept);
  return refused(node, `${subject} ${why}`, remedies, kept.node);
}

function howFar(node: ReadonlyTaskNode, kept: Kept): string {
  if (kept.why !== "stays") return " directly or through others";
  return kept.named === node ? "" : " through others";
}

function refused(
  { task: { id } }: ReadonlyTaskNode,
  why: string,
  remedies: readonly Remedy[],
  by?: ReadonlyTaskNode,
): Refusal {
  return refuse("has_dependents", `Cannot archive task ${id} as ${why}`, {
    remedies,
    data: { id, ...(by !== undefined && { kept_by: by.task.id }) },
  });
}

/** Why a task stays, as the end of a sentence about it. */
function reasonOf(state: ReadonlyState, kept: Kept): { readonly why: string; readonly remedies: readonly Remedy[] } {
  const { node } = kept;
  const { id, status, group } = node.task;
  switch (kept.why) {
    case "stays": {
      if (hasEnded(node)) {
        return { why: "has ended, but is not to be archived with it", remedies: [{ type: "archive", id }] };
      }
      const isNotBy = node.task.assignTo?.notBy?.includes(kept.named?.task.id ?? "") === true;
      const detach = remediesToDetach(state, node, isNotBy ? "requirements" : "dependencies");
      return { why: `is ${status}`, remedies: [...detach, { type: "cancel_task", id }] };
    }
    case "blocks": {
      const { waiter } = kept;
      if (!sees(state, waiter)) return { why: `is ${status}, and ${UNSEEN} waits for its group`, remedies: [] };
      return {
        why: `is ${status}, which blocks ${waiter.task.id} through group ${group}`,
        remedies: [
          ...(endsAgain(node) ? [] : [{ type: "retry_task", id }] as const),
          ...remediesToDetach(state, waiter, "dependencies"),
        ],
      };
    }
    case "ring":
      return {
        why: `and ${kept.count - 1} others name each other, and at most ${MAX_RECORD_TASKS} can go at once`,
        remedies: [],
      };
  }
}
