/** What the indexes of a state must be, worked out from its tasks, groups and instances in the plainest way. */

import {
  type Dependency,
  isDecidable,
  isList,
  meets,
  type Outcome,
  partsOf,
  type ResultCondition,
  type Verdict,
} from "../../src/core/model/dependency.ts";
import type { Instance } from "../../src/core/model/instance.ts";
import { valueOf } from "../../src/core/model/result.ts";
import type { Standing, TaskStatus } from "../../src/core/model/status.ts";
import type { Priority, Task } from "../../src/core/model/task.ts";
import { conditionsOn } from "../../src/core/state/conditions.ts";
import { inOrder } from "../../src/core/state/heap.ts";
import { isLimited } from "../../src/core/state/ready_queue.ts";
import type { Snapshot } from "../../src/core/state/snapshot.ts";
import type { Condition, Lane, State, TaskNode } from "../../src/core/state/state.ts";

/** What the state knows beyond the tasks, in a form that does not depend on the order of its sets and its heaps. */
export interface Indexes {
  /** In the order of claims, were they all for the same instance. */
  readonly ready: readonly ReadyIndexes[];
  readonly urgent: readonly string[];
  /** How many ready tasks their groups or locks keep from being claimed. */
  readonly limited: number;
  /** In the order of creation. */
  readonly waiting: readonly string[];
  readonly blocked: readonly string[];
  readonly running: readonly string[];
  readonly unreachable: readonly string[];
  readonly drained: readonly string[];
  readonly held: readonly (readonly [instance: string, ids: readonly string[]])[];
  readonly sessions: readonly (readonly [session: string, ids: readonly string[]])[];
  /** The tasks that name each task in `notBy`. */
  readonly notBy: readonly (readonly [id: string, ids: readonly string[]])[];
  readonly counts: Readonly<Record<TaskStatus, number>>;
  readonly standings: Readonly<Record<Standing, number>>;
  readonly overdue: number;
  /** The groups that not all see. */
  readonly restricted: readonly string[];
  readonly groups: readonly GroupIndexes[];
  readonly locks: readonly LockIndexes[];
  /** When delays and reservations end, the first one first. */
  readonly delayTimers: readonly Timed[];
  /** When leases, instances and deadlines are over, the first one first. */
  readonly expiryTimers: readonly Timed[];
  readonly nodes: readonly NodeIndexes[];
}

export interface ReadyIndexes {
  readonly id: string;
  readonly claimAt: number;
  readonly isUrgent: boolean;
  readonly requirement: NaiveRequirement;
  /** How many active instances may claim it. */
  readonly able: number;
  /** Whether its group and its locks let it run now. */
  readonly isOpen: boolean;
}

interface NaiveRequirement {
  readonly instance: string | undefined;
  readonly roles: readonly string[];
  readonly capabilities: readonly string[];
  readonly excluded: readonly string[];
}

interface GroupIndexes {
  readonly id: string;
  readonly members: readonly string[];
  readonly counts: Readonly<Record<TaskStatus, number>>;
  readonly standings: Readonly<Record<Standing, number>>;
  /** Its ready tasks, in its own buckets. */
  readonly ready: readonly string[];
  /** How many of its ready tasks wait for a lock. */
  readonly locked: number;
  /** How many of its open tasks are overdue. */
  readonly overdue: number;
  /** In the order of creation. */
  readonly failing: readonly string[];
  readonly isOpen: boolean;
  /** The tasks that wait for it, once for each time that they name it in an expression. */
  readonly subscribers: readonly string[];
}

interface LockIndexes {
  readonly name: string;
  readonly users: number;
  readonly holders: readonly string[];
  /** The ready tasks that name it. */
  readonly ready: readonly string[];
  readonly isOpen: boolean;
}

interface Timed {
  readonly at: number;
  readonly task?: string;
  readonly instance?: string;
}

interface NodeIndexes {
  readonly id: string;
  readonly group: string | undefined;
  readonly standing: Standing | undefined;
  readonly dependencies: readonly string[];
  readonly dependents: readonly string[];
  readonly subscribers: readonly string[];
  readonly conditions: readonly NaiveGate[];
  readonly unmet: number;
  readonly blocked: number;
  readonly notTaken: number;
}

/** What is known of an expression, and of its parts. */
interface NaiveGate {
  readonly verdict: Verdict;
  readonly parts: readonly NaiveGate[];
}

/** The indexes as they stand. */
export function indexesOf(state: State): Indexes {
  const ready = lanesIn(state).flatMap(({ tasks }) => [...inOrder(tasks)]);
  return {
    ready: ready.toSorted((a, b) =>
      Number(b.urgent !== undefined) - Number(a.urgent !== undefined) || a.claimAt - b.claimAt ||
      a.task.order - b.task.order
    ).map(readyOf),
    urgent: Array.from(inOrder(state.ready.urgent), ({ target }) => target.task.id),
    limited: state.ready.limited,
    waiting: idsOf(inOrder(state.waiting)),
    blocked: idsOf(inOrder(state.blocked)),
    running: idsOf(inOrder(state.running)),
    unreachable: idsOf(state.unreachable).toSorted(),
    drained: Array.from(state.drained, ({ instance }) => instance.id).toSorted(),
    sessions: Array.from(state.sessions, ([session, nodes]) => [session, idsOf(nodes).toSorted()] as const).toSorted(
      byFirst,
    ),
    notBy: Array.from(state.notBy, ([id, nodes]) => [id, idsOf(nodes).toSorted()] as const).toSorted(byFirst),
    held: Array.from(state.held, ([instance, nodes]) => [instance, idsOf(nodes).toSorted()] as const).toSorted(
      byFirst,
    ),
    counts: state.counts,
    standings: state.standings,
    overdue: state.overdue,
    restricted: Array.from(state.restricted, ({ group }) => group.id).toSorted(),
    groups: Array.from(
      state.groups,
      ([id, { members, counts, standings, buckets, locked, overdue, failing, isOpen, subscriptions }]) => ({
        id,
        members: idsOf(members).toSorted(),
        counts,
        standings,
        ready: Array.from(buckets).flatMap(({ lanes }) => Array.from(lanes.values()))
          .flatMap(({ tasks }) => idsOf(tasks.entries)).toSorted(),
        locked,
        overdue,
        failing: idsOf(inOrder(failing)),
        isOpen,
        subscribers: Array.from(conditionsOn({ subscriptions }), (condition) => condition.root.task.id).toSorted(),
      }),
    ),
    locks: Array.from(state.locks.values(), ({ name, users, holders, lanes, isOpen }) => {
      const ready = Array.from(lanes).flatMap(({ tasks }) => idsOf(tasks.entries)).toSorted();
      return { name, users, holders: idsOf(holders).toSorted(), ready, isOpen };
    }).toSorted((a, b) => compare(a.name, b.name)),
    delayTimers: Array.from(state.delayTimers.entries, ({ at, target }) => ({ at, task: target.task.id })).toSorted(
      byTime,
    ),
    expiryTimers: Array.from(state.expiryTimers.entries, ({ at, target }) => {
      return "task" in target ? { at, task: target.task.id } : { at, instance: target.instance.id };
    }).toSorted(byTime),
    nodes: Array.from(state.tasks, ([id, node]) => ({
      id,
      group: node.group?.group.id,
      standing: node.standing,
      dependencies: idsOf(node.dependencies),
      dependents: idsOf(node.dependents).toSorted(),
      subscribers: Array.from(node.subscribers, (condition) => condition.root.task.id).toSorted(),
      conditions: node.conditions.map(gateOf),
      unmet: node.unmet,
      blocked: node.blocked,
      notTaken: node.notTaken,
    })),
  };
}

/** All lanes of ready tasks. */
export function lanesIn({ ready }: State): readonly Lane[] {
  return Array.from(ready.buckets.values()).flatMap(({ lanes }) => [...lanes.values()]);
}

function readyOf({ task, claimAt, lane }: TaskNode): ReadyIndexes {
  const { instance, roles = [], capabilities = [], excluded = [] } = lane?.bucket.requirement ?? {};
  return {
    id: task.id,
    claimAt,
    isUrgent: task.priority === "urgent",
    requirement: { instance, roles, capabilities, excluded },
    able: lane?.bucket.demand.able ?? -1,
    isOpen: lane !== undefined && !isLimited(lane),
  };
}

function gateOf(condition: Condition): NaiveGate {
  return { verdict: condition.verdict, parts: condition.type === "branch" ? condition.parts.map(gateOf) : [] };
}

/** The same, from what a snapshot has and the time alone. */
export function naiveIndexesOf({ tasks, groups, instances }: Snapshot, now: number): Indexes {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const membersOf = (group: string) => tasks.filter((task) => task.group === group);
  const tasksOf = (group: string) => [
    ...membersOf(group),
    ...Object.entries(groups.find(({ id }) => id === group)?.archived ?? {}).flatMap(([status, count]) =>
      // The keys of these counts are statuses.
      Array<Pick<Task, "status">>(count).fill({ status: status as TaskStatus })
    ),
  ];
  const condition = (dependency: Dependency): NaiveGate => naiveGate({ byId, tasksOf }, dependency);
  const verdicts = (task: Task) => task.dependencies.map((dependency) => condition(dependency).verdict);
  const count = (task: Task, ...wanted: readonly Verdict[]) =>
    verdicts(task).filter((each) => wanted.includes(each)).length;
  const plain = (task: Task) => task.dependencies.filter((each) => typeof each === "string");
  /** Which tasks name a task or group in their expressions, once for each time. */
  const watching = (type: "task" | "group", id: string) =>
    tasks.flatMap((task) =>
      task.dependencies.filter((each) => typeof each !== "string").flatMap(leavesOf)
        .filter((leaf) => leaf.type === type && leaf.id === id).map(() => task.id)
    ).toSorted();

  const delayedUntil = (task: Task) => Math.max(task.notBefore ?? 0, task.retryAt ?? 0);
  const standing = (task: Task): Standing | undefined => {
    if (task.status !== "pending") return undefined;
    if (count(task, "unknown", "blocked", "not_taken") === 0) return delayedUntil(task) > now ? "delayed" : "ready";
    return count(task, "not_taken") === 0 && count(task, "blocked") > 0 ? "blocked" : "waiting";
  };
  const standingAt = (wanted: Standing, among = tasks) => among.filter((task) => standing(task) === wanted);
  const standings = (among: readonly Task[]) => ({
    ready: standingAt("ready", among).length,
    waiting: standingAt("waiting", among).length,
    blocked: standingAt("blocked", among).length,
    delayed: standingAt("delayed", among).length,
  });
  const since = (task: Task) => Math.max(task.pendingAt, task.readyAt ?? 0, delayedUntil(task));
  const reservedUntil = (task: Task) =>
    task.assignTo?.instance === undefined && task.assignTo?.role === undefined
      ? -Infinity
      : since(task) + (task.assignTo.fallbackMs ?? Infinity);
  const excluded = (task: Task) => {
    const named = (task.assignTo?.notBy ?? []).map((id) => byId.get(id));
    const authors = named.flatMap((each) => {
      const isLast = each?.status === "completed" || each?.status === "in_progress";
      return [...each?.pastAuthors ?? [], ...isLast ? [each.assignedTo ?? []].flat() : []];
    });
    return [...new Set(authors)].toSorted();
  };
  const running = tasks.filter(({ status }) => status === "in_progress");
  const isOpenGroup = (id: string) => {
    const group = groups.find((each) => each.id === id);
    const inProgress = running.filter((task) => task.group === id).length;
    return group?.paused !== true && inProgress < (group?.maxParallel ?? Infinity);
  };
  const holdersOf = (lock: string) => running.filter((task) => task.locks?.includes(lock) === true);
  const isLocked = (task: Task) => (task.locks ?? []).some((lock) => holdersOf(lock).length > 0);
  const ready = standingAt("ready").map((task): ReadyIndexes & { readonly order: number } => {
    const isReserved = reservedUntil(task) > now;
    const requirement = { ...naiveRequirement(task, isReserved), excluded: excluded(task) };
    return {
      id: task.id,
      order: task.order,
      claimAt: since(task) - BOOST_MS[task.priority ?? "normal"],
      isUrgent: task.priority === "urgent",
      requirement,
      able: instances.filter((instance) => instance.status === "active" && isNaivelyAble(instance, requirement)).length,
      isOpen: (task.group === undefined || isOpenGroup(task.group)) && !isLocked(task),
    };
  }).toSorted((a, b) => Number(b.isUrgent) - Number(a.isUrgent) || a.claimAt - b.claimAt || a.order - b.order);
  const open = tasks.filter(({ status }) => status === "pending" || status === "in_progress");
  const holders = [...new Set(running.map(({ assignedTo }) => assignedTo ?? ""))];
  const locks = [...new Set(tasks.flatMap((task) => task.locks ?? []))];
  const isGone = ({ status }: Instance) => status === "lost" || status === "left";
  return {
    ready: ready.map(({ order: _, ...rest }) => rest),
    urgent: standingAt("ready").filter(({ priority }) => priority === "urgent").map(({ id }) => id),
    limited: ready.filter(({ isOpen }) => !isOpen).length,
    waiting: standingAt("waiting").map(({ id }) => id),
    blocked: standingAt("blocked").map(({ id }) => id),
    running: running.map(({ id }) => id),
    // What cannot be met and drained instances are taken care of by each command.
    unreachable: [],
    drained: [],
    sessions: Array.from(new Set(running.flatMap(({ session = [] }) => session)), (session) => {
      return [session, running.filter((task) => task.session === session).map(({ id }) => id).toSorted()] as const;
    }).toSorted(byFirst),
    notBy: Array.from(new Set(tasks.flatMap(({ assignTo }) => assignTo?.notBy ?? [])), (id) => {
      const naming = tasks.filter(({ assignTo }) => assignTo?.notBy?.includes(id));
      return [id, naming.map((task) => task.id).toSorted()] as const;
    }).toSorted(byFirst),
    held: holders.map((holder) => {
      const ids = running.filter(({ assignedTo }) => assignedTo === holder).map(({ id }) => id);
      return [holder, ids.toSorted()] as const;
    }).toSorted(byFirst),
    counts: naiveCounts(tasks),
    standings: standings(tasks),
    overdue: open.filter(({ overdue }) => overdue === true).length,
    restricted: groups.filter(({ visibleTo }) => visibleTo !== undefined).map(({ id }) => id).toSorted(),
    groups: groups.map(({ id }) => ({
      id,
      members: membersOf(id).map((task) => task.id).toSorted(),
      counts: naiveCounts(membersOf(id)),
      standings: standings(membersOf(id)),
      ready: standingAt("ready", membersOf(id)).map((task) => task.id).toSorted(),
      locked: standingAt("ready", membersOf(id)).filter(isLocked).length,
      overdue: membersOf(id).filter((task) => task.overdue === true && task.finishedAt === undefined).length,
      failing: membersOf(id).filter(({ status }) => status === "failed" || status === "cancelled").map(({ id }) => id),
      isOpen: isOpenGroup(id),
      subscribers: watching("group", id),
    })),
    locks: locks.map((name) => ({
      name,
      users: tasks.flatMap((task) => task.locks ?? []).filter((each) => each === name).length,
      holders: holdersOf(name).map(({ id }) => id).toSorted(),
      ready: standingAt("ready").filter(({ locks = [] }) => locks.includes(name)).map(({ id }) => id).toSorted(),
      isOpen: holdersOf(name).length === 0,
    })).toSorted((a, b) => compare(a.name, b.name)),
    delayTimers: [
      ...standingAt("delayed").map((task) => ({ at: delayedUntil(task), task: task.id })),
      ...standingAt("ready").map((task) => ({ at: reservedUntil(task), task: task.id })),
    ].filter(({ at }) => at > now && at < Infinity).toSorted(byTime),
    expiryTimers: [
      ...open.map(({ id, leaseUntil = Infinity, deadline = Infinity, overdue }) => {
        return { at: Math.min(leaseUntil, overdue === true ? Infinity : deadline), task: id };
      }),
      ...instances.filter((instance) => !isGone(instance)).map(({ id, expiresAt = Infinity }) => {
        return { at: expiresAt, instance: id };
      }),
    ].filter(({ at }) => at < Infinity).toSorted(byTime),
    nodes: tasks.map((task) => ({
      id: task.id,
      group: task.group,
      standing: standing(task),
      dependencies: plain(task),
      dependents: tasks.filter((each) => plain(each).includes(task.id)).map(({ id }) => id).toSorted(),
      subscribers: watching("task", task.id),
      conditions: task.dependencies.filter((each) => typeof each !== "string").map(condition),
      unmet: count(task, "unknown", "blocked", "not_taken"),
      blocked: count(task, "blocked"),
      notTaken: count(task, "not_taken"),
    })),
  };
}

/** By how much a priority brings a claim forward, in milliseconds: 10 minutes and an hour. */
const BOOST_MS: Readonly<Record<Priority, number>> = { low: 0, normal: 600_000, high: 3_600_000, urgent: 3_600_000 };

/** Where a dependency finds what it names. */
interface Sources {
  readonly byId: ReadonlyMap<string, Task>;
  /** The members of a group, and its archived tasks. */
  readonly tasksOf: (group: string) => readonly Pick<Task, "status" | "result">[];
}

function naiveGate(sources: Sources, dependency: Dependency): NaiveGate {
  if (typeof dependency === "string") return naiveGate(sources, { task: dependency });
  if ("task" in dependency) {
    const task = sources.byId.get(dependency.task);
    return { verdict: naiveVerdict(task, dependency.on, dependency.when), parts: [] };
  }
  if ("group" in dependency) return naiveGate(sources, { at_least: "100%", of: dependency });
  if ("at_least" in dependency && !isList(dependency.of)) {
    const { at_least, of: { group, on } } = dependency;
    const members = sources.tasksOf(group).map((task) => naiveVerdict(task, on));
    const need = naiveNeed(at_least, members.length);
    // Others may join.
    const isOpen = members.length === 0 || need > members.length;
    return { verdict: isOpen ? "unknown" : naiveAtLeast(need, members), parts: [] };
  }
  const parts = partsOf(dependency).map((part) => naiveGate(sources, part));
  const need = "any" in dependency ? 1 : "all" in dependency ? parts.length : naiveNeed(
    dependency.at_least,
    parts.length,
  );
  return { verdict: naiveAtLeast(need, parts.map(({ verdict }) => verdict)), parts };
}

/** What becomes of waiting for one end of a task. Only what failed or was cancelled can be tried again. */
function naiveVerdict(
  task: Pick<Task, "status" | "result" | "keptVerdicts"> | undefined,
  on: Outcome = "completed",
  when?: ResultCondition,
): Verdict {
  const { status, result = "" } = task ?? { status: "pending" };
  if (status === "pending" || status === "in_progress") return "unknown";
  if (on === "finished") return "true";
  if (on !== status) return status === "failed" || status === "cancelled" ? "blocked" : "not_taken";
  if (when !== undefined && task?.keptVerdicts !== undefined) {
    return task.keptVerdicts[JSON.stringify(when)] ?? "blocked";
  }
  if (when === undefined || meets(valueOf({ result }), when)) return "true";
  return isDecidable(valueOf({ result }), when) ? "not_taken" : "blocked";
}

/** Whether so many parts are true, or can be if all goes well, or can be if what is blocked is tried again. */
function naiveAtLeast(need: number, parts: readonly Verdict[]): Verdict {
  const count = (...verdicts: readonly Verdict[]) => parts.filter((part) => verdicts.includes(part)).length;
  if (count("true") >= need) return "true";
  if (count("true", "unknown") >= need) return "unknown";
  return count("true", "unknown", "blocked") >= need ? "blocked" : "not_taken";
}

/** The least number of parts that is no smaller a share. */
function naiveNeed(atLeast: number | string, total: number): number {
  if (typeof atLeast === "number") return atLeast;
  const [whole = "", fraction = ""] = atLeast.slice(0, -1).split(".");
  const share = Number(whole + fraction.padEnd(4, "0"));
  let need = 0;
  while (need * 1_000_000 < share * total) need++;
  return need;
}

/** The tasks and groups that an expression names, once for each time. */
function leavesOf(dependency: Dependency): readonly { readonly type: "task" | "group"; readonly id: string }[] {
  if (typeof dependency === "string") return [{ type: "task", id: dependency }];
  if ("task" in dependency) return [{ type: "task", id: dependency.task }];
  if ("group" in dependency) return [{ type: "group", id: dependency.group }];
  return partsOf(dependency).flatMap(leavesOf);
}

function naiveRequirement(
  { role, capabilities = [], assignTo }: Task,
  isReserved: boolean,
): Omit<NaiveRequirement, "excluded"> {
  if (isReserved && assignTo?.instance !== undefined) {
    return { instance: assignTo.instance, roles: [], capabilities: [] };
  }
  const roles = [role, isReserved ? assignTo?.role : undefined].filter((each) => each !== undefined);
  return {
    instance: undefined,
    roles: [...new Set(roles)].toSorted(),
    capabilities: [...new Set(capabilities)].toSorted(),
  };
}

function isNaivelyAble(
  { id, roles = [], capabilities = [] }: Instance,
  { instance, excluded, ...asked }: NaiveRequirement,
): boolean {
  if (excluded.includes(id)) return false;
  if (instance !== undefined) return instance === id;
  return asked.roles.every((role) => roles.includes(role)) &&
    asked.capabilities.every((each) => capabilities.includes(each));
}

function naiveCounts(tasks: readonly Task[]): Record<TaskStatus, number> {
  const counts = { pending: 0, in_progress: 0, completed: 0, failed: 0, cancelled: 0, skipped: 0 };
  for (const { status } of tasks) counts[status]++;
  return counts;
}

/** The ids of nodes, in their order. */
export function idsOf(nodes: Iterable<{ readonly task: Task }>): readonly string[] {
  return Array.from(nodes, ({ task }) => task.id);
}

function byFirst([a]: readonly [string, ...unknown[]], [b]: readonly [string, ...unknown[]]): number {
  return compare(a, b);
}

function byTime(a: Timed, b: Timed): number {
  return a.at - b.at || compare(`${a.task}`, `${b.task}`) || compare(`${a.instance}`, `${b.instance}`);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
