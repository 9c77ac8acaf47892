/**
 * The real rules once more for what a simulation needs of them, without events, records or indexes for readers: a run of it
 * takes a fraction of the time. `tests/core/rules/forecast/compact_rules_test.ts` holds every claim, delay and end equal to
 * those of the real rules.
 *
 * In a simulation no task is reopened: what is true, ready or ended stays so.
 */

import { combine, TRUTH_TABLE, type Verdict } from "../../model/dependency.ts";
import { MAX_EQUALS, MAX_RECORD_TASKS } from "../../model/limits.ts";
import type { TaskStatus } from "../../model/status.ts";
import { countVerdict, groupVerdict, verdictOf } from "../../state/conditions.ts";
import type { Profile } from "../../state/eligibility.ts";
import { add, emptyHeap, inOrder, remove } from "../../state/heap.ts";
import { endOfAttempt } from "../retry_policy.ts";
import type { Blueprint, ConditionPlan, GroupPlan, LanePlan } from "./blueprint.ts";
import type { EndedAttempt, Rules } from "./rules.ts";
import {
  endOf,
  goesBefore,
  isClaimedBefore,
  simulated,
  type SimulatedLane,
  type SimulatedTask,
} from "./simulated_tasks.ts";

interface SimulatedCondition {
  readonly plan: ConditionPlan;
  verdict: Verdict;
  unmet: number;
  blocked: number;
  notTaken: number;
}

interface SimulatedGroup {
  readonly plan: GroupPlan;
  readonly counts: Record<TaskStatus, number>;
  readonly verdicts: Verdict[];
}

export class CompactRules implements Rules {
  readonly #blueprint: Blueprint;
  readonly #tasks: readonly SimulatedTask[];
  readonly #conditions: readonly SimulatedCondition[];
  readonly #groups: readonly SimulatedGroup[];
  readonly #lanes: readonly SimulatedLane[];
  readonly #crew: ReadonlyMap<string, number>;
  /** How many tasks in progress hold each lock. */
  readonly #holders: number[];
  readonly #held = new Map<string, number>();
  readonly #delays = emptyHeap<SimulatedTask>((a, b) => a.delayedUntil < b.delayedUntil);
  readonly #unreachable = new Set<SimulatedTask>();
  #now: number;
  #open = 0;

  constructor(blueprint: Blueprint) {
    this.#blueprint = blueprint;
    this.#now = blueprint.now;
    this.#crew = new Map(blueprint.crew.map(({ instance }, place) => [instance, place]));
    this.#holders = new Array<number>(blueprint.lockCount).fill(0);
    this.#lanes = blueprint.lanes.map((plan) => ({ plan, tasks: emptyHeap(isClaimedBefore) }));
    this.#groups = blueprint.groups.map((plan) => ({
      plan,
      counts: { ...plan.node.counts },
      verdicts: plan.subscriptions.map(({ verdict }) => verdict),
    }));
    this.#conditions = blueprint.conditions.map((plan) => {
      const { unmet = 0, blocked = 0, notTaken = 0 } = plan.branch?.tally ?? {};
      return { plan, verdict: plan.verdict, unmet, blocked, notTaken };
    });
    this.#tasks = blueprint.tasks.map(simulated);
    for (const task of this.#tasks) this.#begin(task);
  }

  nextDelayAt(): number | undefined {
    return this.#delays.entries[0]?.delayedUntil;
  }

  advanceClock(now: number): void {
    if (now <= this.#now) return;
    this.#now = now;
    for (
      let [next] = this.#delays.entries;
      next !== undefined && next.delayedUntil <= now;
      [next] = this.#delays.entries
    ) {
      remove(this.#delays, next);
      this.#place(next);
    }
  }

  holds(instance: string): boolean {
    return (this.#held.get(instance) ?? 0) > 0;
  }

  claim({ instance }: Profile): string | undefined {
    const member = this.#crew.get(instance);
    const lane = member === undefined ? undefined : this.#bestLane(member);
    if (lane === undefined) return undefined;
    const task = this.#nextOf(lane, instance);
    if (task === undefined) return undefined;
    remove(lane.tasks, task);
    task.instance = instance;
    this.#changeStatus(task, "in_progress");
    this.#hold(task, 1);
    return task.plan.task.id;
  }

  end({ id, instance, at, fails }: EndedAttempt): void {
    const task = this.#tasks[this.#blueprint.places.get(id) ?? -1];
    if (task === undefined) return;
    this.#hold(task, -1);
    task.instance = instance;
    if (fails) this.#fail(task, at);
    else this.#finish(task, "completed", at);
    while (this.#unreachable.size > 0) this.#endUnreachable(at);
  }

  countOpen(): number {
    return this.#open;
  }

  *pendingIds(): Iterable<string> {
    for (const { status, plan } of this.#tasks) if (status === "pending") yield plan.task.id;
  }

  #begin(task: SimulatedTask): void {
    const { status } = task;
    if (status === "pending") this.#place(task);
    else if (status === "in_progress") this.#hold(task, 1);
    else return;
    this.#open++;
  }

  /** Puts a pending task where its dependencies and delays require. */
  #place(task: SimulatedTask): void {
    const { plan, delayedUntil } = task;
    if (task.unmet > 0) {
      if (endOf(task) !== undefined) this.#unreachable.add(task);
    } else if (delayedUntil > this.#now) add(this.#delays, task);
    else {
      task.claimAt = Math.max(plan.task.pendingAt, task.readyAt, delayedUntil) - plan.boostMs;
      add(this.#lanes[plan.lane]!.tasks, task);
    }
  }

  /** The lane with the task that goes before all others which a member of the crew can claim now. */
  #bestLane(member: number): SimulatedLane | undefined {
    let best: SimulatedLane | undefined;
    for (const lane of this.#lanes) {
      if (lane.tasks.entries.length === 0 || (best !== undefined && !goesBefore(lane, best))) continue;
      if (lane.plan.isEligible[member] === true && this.#isFree(lane.plan)) best = lane;
    }
    return best;
  }

  #isFree({ group, locks }: LanePlan): boolean {
    for (const lock of locks) if (this.#holders[lock]! > 0) return false;
    if (group === undefined) return true;
    const { plan: { node: { group: { paused, maxParallel = Infinity } } }, counts } = this.#groups[group]!;
    return paused !== true && counts.in_progress < maxParallel;
  }

  /** The first task of a lane, or one of equal rank that continues the work of an instance. */
  #nextOf({ tasks }: SimulatedLane, instance: string): SimulatedTask | undefined {
    const first = tasks.entries[0];
    if (first === undefined || first.plan.task.dependencies.length === 0) return first;
    let examined = 0;
    for (const task of inOrder(tasks)) {
      if (examined++ === MAX_EQUALS || task.claimAt !== first.claimAt || task.plan.isUrgent !== first.plan.isUrgent) {
        break;
      }
      // It is ready, so all these are completed.
      if (task.plan.dependencies.some((place) => this.#tasks[place]!.instance === instance)) return task;
    }
    return first;
  }

  /** Counts a task in progress at its holder and its locks, or no more: `change` is 1 or -1. */
  #hold({ plan, instance }: SimulatedTask, change: 1 | -1): void {
    for (const lock of this.#lanes[plan.lane]!.plan.locks) this.#holders[lock]! += change;
    if (instance !== undefined) this.#held.set(instance, (this.#held.get(instance) ?? 0) + change);
  }

  #fail(task: SimulatedTask, at: number): void {
    const { plan } = task;
    const { isLast, retryAt = 0 } = endOfAttempt({ ...plan.task, failures: task.failures }, "failed", at, "");
    task.failures++;
    if (isLast === true) return this.#finish(task, "failed", at);
    this.#changeStatus(task, "pending");
    // Not before `at`, since when it is pending.
    task.delayedUntil = Math.max(plan.task.notBefore ?? 0, retryAt);
    this.#place(task);
  }

  #changeStatus(task: SimulatedTask, status: TaskStatus): void {
    const { group } = task.plan;
    if (group !== undefined) {
      const { counts } = this.#groups[group]!;
      counts[task.status]--;
      counts[status]++;
    }
    task.status = status;
  }

  /** Ends a task, and propagates that to its dependents: those by plain ids first, then conditions on it, on its group. */
  #finish(task: SimulatedTask, status: TaskStatus, at: number): void {
    this.#open--;
    this.#changeStatus(task, status);
    const { dependents, subscribers, group } = task.plan;
    const verdict = TRUTH_TABLE.completed[status];
    for (const place of dependents) {
      const dependent = this.#tasks[place]!;
      const before = verdictOf(dependent);
      countVerdict(dependent, "unknown", -1);
      countVerdict(dependent, verdict, 1);
      this.#update(dependent, before, at);
    }
    for (const place of subscribers) {
      const condition = this.#conditions[place]!;
      const root = this.#tasks[condition.plan.root]!;
      const before = verdictOf(root);
      this.#setVerdict(condition, TRUTH_TABLE[condition.plan.on ?? "completed"][status]);
      this.#update(root, before, at);
    }
    if (group !== undefined) this.#propagateGroup(this.#groups[group]!, at);
  }

  /** Each dependent on a group is updated once, after all its conditions. */
  #propagateGroup({ plan, counts, verdicts }: SimulatedGroup, at: number): void {
    const before = new Map<SimulatedTask, Verdict>();
    for (const [index, { first, conditions }] of plan.subscriptions.entries()) {
      const verdict = groupVerdict(first, counts);
      if (verdict === verdicts[index]) continue;
      verdicts[index] = verdict;
      for (const place of conditions) {
        const condition = this.#conditions[place]!;
        const root = this.#tasks[condition.plan.root]!;
        if (!before.has(root)) before.set(root, verdictOf(root));
        this.#setVerdict(condition, verdict);
      }
    }
    for (const [root, verdict] of before) this.#update(root, verdict, at);
  }

  #setVerdict(condition: SimulatedCondition, verdict: Verdict): void {
    if (condition.verdict === verdict) return;
    const { owner, root } = condition.plan;
    const branch = owner === undefined ? undefined : this.#conditions[owner];
    const counts = branch ?? this.#tasks[root]!;
    countVerdict(counts, condition.verdict, -1);
    countVerdict(counts, verdict, 1);
    condition.verdict = verdict;
    const parts = branch?.plan.branch;
    if (branch === undefined || parts === undefined) return;
    const { unmet, blocked, notTaken } = branch;
    this.#setVerdict(branch, combine({ total: parts.total, unmet, blocked, notTaken }, parts.need));
  }

  #update(task: SimulatedTask, before: Verdict, at: number): void {
    if (task.status !== "pending") return;
    const verdict = verdictOf(task);
    if (verdict === before) return;
    if (verdict === "true") task.readyAt = at;
    this.#place(task);
  }

  /** Ends the unreachable tasks of one record, as they were before it. */
  #endUnreachable(at: number): void {
    const tasks = [...this.#unreachable].sort((a, b) => a.place - b.place).slice(0, MAX_RECORD_TASKS);
    const ends = tasks.map((task) => endOf(task) ?? "skipped");
    for (const [index, task] of tasks.entries()) {
      this.#unreachable.delete(task);
      this.#finish(task, ends[index]!, at);
    }
  }
}
