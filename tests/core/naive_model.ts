/**
 * The rules again, as simply as they can be written: a list of tasks, looked through from its beginning for everything,
 * and nothing remembered that can be worked out. It is for comparison: see `scheduling_model_test.ts`.
 */

import type { Command, CommandOf, Holding, NoTasksReason } from "../../src/core/messages/commands.ts";
import { type Dependency, normalize, type Verdict } from "../../src/core/model/dependency.ts";
import type { GroupSettings } from "../../src/core/model/group.ts";
import type { InstanceSettings, InstanceStatus } from "../../src/core/model/instance.ts";
import type { RefusalCode } from "../../src/core/model/refusal.ts";
import type { Readiness, TaskStatus } from "../../src/core/model/status.ts";
import type { AttemptOutcome, NewTask } from "../../src/core/model/task.ts";
import { conditionsOnTask, hasCycle, isUndecided, naiveVerdict, namesIn, waitsFor } from "./naive_dependencies.ts";

export interface ModelTask {
  said: NewTask;
  readonly order: number;
  status: TaskStatus;
  attempt: number;
  /** Who holds it, or held it when it ended. */
  holder: string | undefined;
  pendingAt: number;
  /** When what it waits for was last met. */
  metAt: number;
  wasMet: boolean;
  retryAt: number;
  leaseUntil: number | undefined;
  failures: number;
  isOverdue: boolean;
  /** What the holder said at the end. */
  word: string | undefined;
  /** The last attempt that ended without an end of the task. */
  last: { attempt: number; instance: string; outcome: AttemptOutcome; word: string | undefined } | undefined;
  /** Who completed any attempt of it. */
  readonly authors: string[];
  /** Attempts that expired or were lost. */
  readonly taken: { readonly attempt: number; readonly instance: string }[];
}

export interface ModelInstance {
  readonly id: string;
  settings: InstanceSettings;
  status: InstanceStatus;
  /** Of a lost one: whether it drained. */
  wasDraining: boolean;
  expiresAt: number | undefined;
}

export interface Model {
  tasks: ModelTask[];
  /** Archived tasks: only conditions on their groups look at them. */
  readonly archived: ModelTask[];
  /** The highest attempt of each deleted id. */
  readonly deleted: Record<string, number>;
  readonly instances: ModelInstance[];
  readonly groups: { readonly id: string; settings: GroupSettings }[];
  /** Why the project is paused; undefined unless it is. */
  pause: string | undefined;
  now: number;
  recordedAt: number;
  nextOrder: number;
}

/** What a command comes to: a refusal, or the task that was claimed, or the reason why none was. */
export interface ModelOutcome {
  readonly code?: RefusalCode;
  readonly claimed?: string;
  readonly reason?: NoTasksReason;
}

/** The commands that the model knows. */
export type ModelCommand = Exclude<
  Command,
  {
    readonly type:
      | "import_tasks"
      | "bulk_update"
      | "save_template"
      | "apply_template"
      | "archive_template"
      | "delete_group"
      | "correct_clock"
      | "redact_task"
      | "issue_token"
      | "revoke_token"
      | "add_webhook"
      | "rotate_webhook"
      | "replay_webhook"
      | "remove_webhook"
      | "disable_webhook"
      | "record_denials"
      | "record_failure"
      // No caller has a session here: see `sessions_test.ts`.
      | "end_session"
      | "resume_tasks";
  }
>;

class Refused extends Error {
  constructor(readonly code: RefusalCode) {
    super(code);
  }
}

export function newModel(): Model {
  return {
    tasks: [],
    archived: [],
    deleted: {},
    instances: [],
    groups: [],
    pause: undefined,
    now: 0,
    recordedAt: 0,
    nextOrder: 1,
  };
}

/** Carries a command out at a time, as the clock shows it. */
export function carryOut(model: Model, command: ModelCommand, clock: number): ModelOutcome {
  model.now = Math.max(model.recordedAt, clock);
  let outcome: ModelOutcome;
  try {
    outcome = check(model, command);
  } catch (error) {
    if (error instanceof Refused) return { code: error.code };
    throw error;
  }
  const before = JSON.stringify(model);
  const recordedAt = model.recordedAt;
  model.recordedAt = Math.max(recordedAt, clock);
  const isSignOfLife = !["release_task", "leave"].includes(command.type);
  if ("instance" in command && command.instance !== undefined && isSignOfLife) {
    contact(model, { ...command, instance: command.instance });
  }
  apply(model, command, outcome);
  settle(model);
  // What changes nothing that the model knows need not be recorded.
  if (JSON.stringify({ ...model, recordedAt }) === before) model.recordedAt = recordedAt;
  return outcome.claimed !== undefined || command.type !== "claim_task"
    ? outcome
    : { reason: reasonFor(model, command) };
}

/** What is known of the dependencies of a task. */
export function verdictIn(model: Model, task: ModelTask): Verdict {
  return naiveVerdict(task.said.dependencies, worldOf(model));
}

export function readinessIn(model: Model, task: ModelTask): Readiness | undefined {
  if (task.status !== "pending") return undefined;
  const verdict = verdictIn(model, task);
  if (verdict === "blocked") return "blocked";
  if (verdict !== "true") return "waiting";
  if (delayedUntil(task) > model.now) return "delayed";
  return hasRoom(model, task) ? "ready" : "limited";
}

/** Whether nothing keeps a task from being claimed, but perhaps its group and its locks. */
function isDue(model: Model, task: ModelTask): boolean {
  return ["ready", "limited"].includes(readinessIn(model, task) ?? "");
}

/** The time by which ready tasks are ordered. */
export function claimAtOf(task: ModelTask): number {
  const minute = 60_000;
  const boost = { low: 0, normal: 10 * minute, high: 60 * minute, urgent: 60 * minute };
  return sinceOf(task) - boost[task.said.priority ?? "normal"];
}

function worldOf(model: Model) {
  return [...model.tasks, ...model.archived].map(({ said: { id, group }, status, word }) => ({
    id,
    status,
    ...(group !== undefined && { group }),
    ...(status === "completed" && word !== undefined && { result: word }),
  }));
}

function delayedUntil({ said: { notBefore = 0 }, retryAt }: ModelTask): number {
  return Math.max(notBefore, retryAt);
}

function sinceOf(task: ModelTask): number {
  return Math.max(task.pendingAt, task.metAt, delayedUntil(task));
}

function find(model: Model, id: string): ModelTask {
  const task = model.tasks.find(({ said }) => said.id === id);
  if (task === undefined) throw new Refused("not_found");
  return task;
}

function heldBy(model: Model, instance: string): ModelTask[] {
  return model.tasks.filter(({ status, holder }) => status === "in_progress" && holder === instance);
}

/** Refuses what is forbidden; finds what a claim takes. */
function check(model: Model, command: ModelCommand): ModelOutcome {
  switch (command.type) {
    case "create_tasks":
      if (command.tasks.some(({ id }) => model.tasks.some(({ said }) => said.id === id))) {
        throw new Refused("already_exists");
      }
      checkNew(model, command.tasks);
      checkGraph(model, [...model.tasks.map(({ said }) => said), ...command.tasks]);
      return {};
    case "update_task": {
      const task = find(model, command.id);
      const next = updated(task.said, command);
      if (command.settings?.assignTo !== undefined) checkNotBy(model, [next]);
      const different = [
        ...differentKeys(task.said, next),
        ...command.description === undefined ? [] : ["description"],
      ];
      const isFree = (key: string) => task.status !== "completed" && CHANGEABLE_WHILE_RUNNING.includes(key);
      if (["in_progress", "completed"].includes(task.status) && !different.every(isFree)) {
        throw new Refused("wrong_state");
      }
      checkGraph(model, model.tasks.map((each) => each === task ? next : each.said));
      return {};
    }
    case "delete_task": {
      const task = find(model, command.id);
      if (model.tasks.some((each) => tasksNamedBy(each).includes(command.id))) {
        throw new Refused("has_dependents");
      }
      if (task.status === "in_progress") throw new Refused("wrong_state");
      return {};
    }
    case "archive_tasks": {
      const { group, status } = command.filter;
      if (group === undefined && status === undefined) throw new Refused("invalid_value");
      if (group !== undefined && !model.groups.some(({ id }) => id === group)) throw new Refused("not_found");
      return {};
    }
    case "claim_task": {
      if (command.id === undefined) {
        const { group } = command;
        if (group !== undefined && !model.groups.some(({ id }) => id === group)) throw new Refused("not_found");
        const mayClaim = isFree(model, command.instance) && model.pause === undefined;
        const next = mayClaim ? nextFor(model, command) : undefined;
        return next === undefined ? {} : { claimed: next.said.id };
      }
      const task = find(model, command.id);
      if (task.status === "in_progress" && task.holder === command.instance) return { claimed: command.id };
      if (task.status !== "pending") throw new Refused("wrong_state");
      if (!isDue(model, task)) throw new Refused("not_ready");
      if (!isMatch(model, task, offerOf(model, command))) throw new Refused("not_eligible");
      if (isGoing(model, command.instance)) throw new Refused("not_eligible");
      if (!isFree(model, command.instance) || !hasRoom(model, task) || model.pause !== undefined) {
        throw new Refused("limit_reached");
      }
      return { claimed: command.id };
    }
    case "report_progress":
      checkHeld(model, command, () => false);
      return {};
    case "complete_task":
      if (!isLate(fenced(model, command), command.instance)) {
        checkHeld(model, command, ({ status, word }) => status === "completed" && word === command.result);
      }
      if (find(model, command.id).status !== "completed") checkDecides(model, command);
      return {};
    case "fail_task":
      if (command.isRetryable === true && hasFailedSo(fenced(model, command), command)) return {};
      checkHeld(model, command, ({ status, word }) => status === "failed" && word === command.error);
      return {};
    case "release_task": {
      checkHeld(model, command, () => false);
      const { id, dependencies } = command;
      if (dependencies === undefined) return {};
      checkGraph(model, model.tasks.map(({ said }) => said.id === id ? withAdded(said, dependencies) : said));
      return {};
    }
    case "cancel_task":
      if (!["pending", "in_progress", "cancelled"].includes(find(model, command.id).status)) {
        throw new Refused("wrong_state");
      }
      return {};
    case "add_note":
      find(model, command.id);
      if (command.text === "") throw new Refused("invalid_value");
      return {};
    case "retry_task": {
      const task = find(model, command.id);
      if (task.status === "in_progress") throw new Refused("wrong_state");
      // It would end again at once, and in the same way.
      if (endIn(task, verdictIn(model, task)) === task.status) throw new Refused("wrong_state");
      return {};
    }
    case "leave":
      if (!model.instances.some(({ id }) => id === command.instance)) throw new Refused("not_found");
      return {};
    case "create_group":
      if (model.groups.some(({ id }) => id === command.id)) throw new Refused("already_exists");
      return {};
    case "pause_project":
      if (command.reason === "") throw new Refused("invalid_value");
      return {};
    case "update_group":
    case "register_instance":
    case "heartbeat":
    case "sweep":
    case "resume_project":
      return {};
  }
}

function tasksNamedBy({ said: { dependencies, assignTo } }: ModelTask): readonly string[] {
  return [...dependencies.flatMap(namesIn), ...assignTo?.notBy ?? []];
}

/** Those that can go: looked for by taking out what must stay until nothing changes. */
function archivedBy(model: Model, { filter: { group, status } }: CommandOf<"archive_tasks">): readonly ModelTask[] {
  const isEnded = (task: ModelTask) => task.status !== "pending" && task.status !== "in_progress";
  let going = model.tasks.filter((task) =>
    isEnded(task) && (group === undefined || task.said.group === group) &&
    (status?.some((each) => each === task.status) ?? true)
  );
  for (let before = -1; before !== going.length;) {
    before = going.length;
    const staying = model.tasks.filter((task) => !going.includes(task));
    going = going.filter((task) =>
      !staying.some((each) => tasksNamedBy(each).includes(task.said.id)) &&
      !staying.some((each) => !isEnded(each) && isInTheWayOf(model, task, each))
    );
  }
  return going;
}

/** Whether a retry of an ended task could bring what an open one waits for its group for. */
function isInTheWayOf(model: Model, { status, said: { group } }: ModelTask, { said }: ModelTask): boolean {
  if (group === undefined || (status !== "failed" && status !== "cancelled")) return false;
  return said.dependencies.flatMap((each) => waitsFor(each, group)).some((part) =>
    part.on !== status && part.on !== "finished" && naiveVerdict([part.dependency], worldOf(model)) !== "true"
  );
}

/** Refuses the first task that names what does not exist, in `notBy` or as a dependency. */
function checkNew(model: Model, tasks: readonly NewTask[]): void {
  const batch = [...model.tasks.map(({ said }) => said), ...tasks];
  for (const task of tasks) {
    checkNotBy(model, [task], batch);
    checkNames(model, [task], batch);
  }
}

/** Refuses tasks that name in `notBy` themselves, or one that does not exist. */
function checkNotBy(model: Model, tasks: readonly NewTask[], known = model.tasks.map(({ said }) => said)): void {
  const ids = known.map(({ id }) => id);
  for (const { id, assignTo } of tasks) {
    if (assignTo?.notBy?.includes(id)) throw new Refused("invalid_value");
    if (assignTo?.notBy?.some((each) => !ids.includes(each))) throw new Refused("dependency_not_found");
  }
}

function checkGraph(model: Model, tasks: readonly NewTask[]): void {
  checkNames(model, tasks, tasks);
  if (hasCycle(tasks)) throw new Refused("cycle");
}

/** Refuses dependencies on tasks that are not among `known`, or on groups that do not exist. */
function checkNames(model: Model, tasks: readonly NewTask[], known: readonly NewTask[]): void {
  const names = new Set([...known.map(({ id }) => id), ...model.groups.map(({ id }) => `group ${id}`)]);
  if (!tasks.every((task) => task.dependencies.flatMap(namesIn).every((name) => names.has(name)))) {
    throw new Refused("dependency_not_found");
  }
}

/** Refuses a result that cannot decide what a waiting task asks of it. */
function checkDecides(model: Model, { id, result }: CommandOf<"complete_task">): void {
  for (const task of model.tasks) {
    const isWaiting = ["waiting", "blocked"].includes(readinessIn(model, task) ?? "");
    const asked = isWaiting ? task.said.dependencies.flatMap((each) => conditionsOnTask(each, id)) : [];
    if (asked.some((when) => isUndecided(when, result))) throw new Refused("invalid_value");
  }
}

function fenced(model: Model, { id, attempt }: Holding): ModelTask {
  const task = find(model, id);
  if (attempt !== undefined && attempt !== task.attempt) throw new Refused("stale_attempt");
  return task;
}

function checkHeld(model: Model, holding: Holding, isSame: (task: ModelTask) => boolean): void {
  const task = fenced(model, holding);
  if (task.holder !== holding.instance) {
    const wasFollowed = task.taken.some(({ attempt, instance }) => {
      return instance === holding.instance && attempt < task.attempt;
    });
    throw new Refused(wasFollowed ? "stale_attempt" : "not_holder");
  }
  if (task.status !== "in_progress" && !isSame(task)) throw new Refused("wrong_state");
}

/** Whether an instance may still complete what was taken from it. */
function isLate({ status, attempt, last }: ModelTask, instance: string): boolean {
  return status === "pending" && last?.attempt === attempt && last.instance === instance &&
    (last.outcome === "expired" || last.outcome === "lost");
}

function hasFailedSo({ status, attempt, last }: ModelTask, { instance, error }: CommandOf<"fail_task">): boolean {
  return status === "pending" && last?.attempt === attempt && last.instance === instance &&
    last.outcome === "failed" && last.word === error;
}

interface Offer {
  readonly instance: string;
  readonly roles: readonly string[];
  readonly capabilities: readonly string[];
}

function offerOf(model: Model, command: CommandOf<"claim_task">): Offer {
  const settings = model.instances.find(({ id }) => id === command.instance)?.settings;
  return {
    instance: command.instance,
    roles: command.roles ?? settings?.roles ?? [],
    capabilities: command.capabilities ?? settings?.capabilities ?? [],
  };
}

function isReserved(model: Model, task: ModelTask): boolean {
  const { assignTo } = task.said;
  return (assignTo?.instance !== undefined || assignTo?.role !== undefined) &&
    sinceOf(task) + (assignTo.fallbackMs ?? Infinity) > model.now;
}

/** Whether a task's wishes are met by what an instance offers. */
function isMatch(model: Model, task: ModelTask, { instance, roles, capabilities }: Offer): boolean {
  const { role, capabilities: wished = [], assignTo } = task.said;
  if (authorsFor(model, task).includes(instance)) return false;
  if (isReserved(model, task)) {
    if (assignTo?.instance !== undefined) return assignTo.instance === instance;
    if (assignTo?.role !== undefined && !roles.includes(assignTo.role)) return false;
  }
  return (role === undefined || roles.includes(role)) && wished.every((each) => capabilities.includes(each));
}

/** Who completed, or does now, what the task must not be done by the same one as. */
function authorsFor(model: Model, task: ModelTask): readonly string[] {
  const all = namedBy(model, task).flatMap(({ status, holder = "", authors }) => {
    return status === "in_progress" ? [...authors, holder] : authors;
  });
  return [...new Set(all)].sort();
}

/** What the task must not be done by the same one as. */
function namedBy(model: Model, { said: { assignTo } }: ModelTask): readonly ModelTask[] {
  return model.tasks.filter(({ said }) => assignTo?.notBy?.includes(said.id));
}

/** In which ways an instance is kept from a task that is due, by what it did to others or does. */
export function exclusionsOf(model: Model, instance: string): readonly ("author" | "earlier author" | "holder")[] {
  return model.tasks.filter((task) => isDue(model, task)).flatMap((task) => namedBy(model, task)).flatMap((named) => {
    if (named.status === "in_progress" && named.holder === instance) return ["holder"];
    if (!named.authors.includes(instance)) return [];
    return named.status === "completed" && named.holder === instance ? ["author"] : ["earlier author"];
  });
}

/** Whether the task asks for something that at most one active instance offers. */
function isSpecial(model: Model, task: ModelTask): boolean {
  const { role, capabilities = [] } = task.said;
  const isForAll = !isReserved(model, task) && authorsFor(model, task).length === 0;
  if (role === undefined && capabilities.length === 0 && isForAll) return false;
  const able = model.instances.filter(({ id, status, settings: { roles = [], capabilities = [] } }) =>
    status === "active" && isMatch(model, task, { instance: id, roles, capabilities })
  );
  return able.length <= 1;
}

/** Whether its group and locks allow one more task to run. */
function hasRoom(model: Model, { said: { group, locks = [] } }: ModelTask): boolean {
  const running = model.tasks.filter(({ status }) => status === "in_progress");
  const { paused, maxParallel = Infinity } = model.groups.find(({ id }) => id === group)?.settings ?? {};
  return paused !== true &&
    running.filter(({ said }) => group !== undefined && said.group === group).length < maxParallel &&
    running.every(({ said }) => !(said.locks ?? []).some((lock) => locks.includes(lock)));
}

function isFree(model: Model, id: string): boolean {
  const instance = model.instances.find((each) => each.id === id);
  return !isGoing(model, id) && heldBy(model, id).length < (instance?.settings.maxConcurrent ?? Infinity);
}

function isGoing(model: Model, id: string): boolean {
  const { status, wasDraining } = model.instances.find((each) => each.id === id) ?? {};
  return status === "draining" || status === "left" || (status === "lost" && wasDraining === true);
}

function nextFor(model: Model, command: CommandOf<"claim_task">): ModelTask | undefined {
  const offer = offerOf(model, command);
  const ranked = model.tasks
    .filter((task) => isAsked(task, command) && readinessIn(model, task) === "ready" && isMatch(model, task, offer))
    .map((task) => ({
      task,
      rank: [
        task.said.priority === "urgent" ? 0 : 1,
        claimAtOf(task),
        isSpecial(model, task) ? 0 : 1,
        task.order,
      ],
    }))
    .sort((a, b) => {
      const place = a.rank.findIndex((value, index) => value !== b.rank[index]);
      return place < 0 ? 0 : a.rank[place]! - b.rank[place]!;
    });
  const first = ranked[0];
  // With one that waited for nothing, nobody's work is looked for.
  if (first === undefined || first.task.said.dependencies.length === 0) return first?.task;
  // Of those that ask for the same under the same bounds, one that continues the instance's own work.
  const isEqual = ({ rank, task }: typeof first) =>
    rank[0] === first.rank[0] && rank[1] === first.rank[1] && kindOf(model, task) === kindOf(model, first.task);
  const isOwn = (dependency: unknown) =>
    model.tasks.some(({ said, status, holder }) =>
      said.id === dependency && status === "completed" && holder === command.instance
    );
  return ranked.find((each) => isEqual(each) && each.task.said.dependencies.some(isOwn))?.task ?? first.task;
}

/** Whether a claim asks for all tasks, or for those of a group that has the task. */
function isAsked({ said }: ModelTask, { group }: CommandOf<"claim_task">): boolean {
  return group === undefined || said.group === group;
}

function kindOf(model: Model, task: ModelTask): string {
  const { role, capabilities = [], assignTo, group, locks = [] } = task.said;
  const bounds = [group ?? "", [...locks].sort(), authorsFor(model, task)];
  if (!isReserved(model, task)) return JSON.stringify([role ?? "", [...capabilities].sort(), bounds]);
  if (assignTo?.instance !== undefined) return JSON.stringify([assignTo.instance, bounds]);
  const roles = new Set([role ?? assignTo?.role, assignTo?.role]);
  const wishes = roles.size === 1 ? assignTo?.role : [...roles].sort();
  return JSON.stringify([wishes, [...capabilities].sort(), bounds]);
}

function reasonFor(model: Model, command: CommandOf<"claim_task">): NoTasksReason {
  const instance = model.instances.find(({ id }) => id === command.instance);
  if (instance?.status === "left") return "left";
  if (isGoing(model, command.instance)) return "draining";
  if (!isFree(model, command.instance)) return "at_capacity";
  if (model.pause !== undefined) return "paused";
  const tasks = model.tasks.filter((task) => isAsked(task, command));
  const hasArchived = command.group !== undefined && model.archived.some((task) => isAsked(task, command));
  if (tasks.length === 0) return hasArchived ? "all_finished" : "no_tasks_exist";
  const having = (readiness: Readiness) => tasks.filter((task) => readinessIn(model, task) === readiness);
  const ready = tasks.filter((task) => isDue(model, task));
  if (ready.some((task) => isMatch(model, task, offerOf(model, command)))) return "limited";
  if (ready.length > 0) return "no_match";
  if (tasks.some(({ status }) => status === "in_progress")) return "waiting";
  if (having("delayed").length > 0) return "delayed";
  if (having("blocked").length > 0) return "blocked";
  return having("waiting").length > 0 ? "waiting" : "all_finished";
}

/** Whoever calls has all of the time that was asked for before it; what is written then is half as much again. */
function contact(
  model: Model,
  command: { readonly type: string; readonly instance: string; readonly id?: string },
): void {
  const { now } = model;
  const isEnd = command.type === "complete_task" || command.type === "fail_task";
  for (const task of heldBy(model, command.instance)) {
    const { timeoutMs } = task.said;
    if (timeoutMs === undefined || task.leaseUntil === undefined || (isEnd && command.id === task.said.id)) continue;
    if (task.leaseUntil < now + timeoutMs) task.leaseUntil = now + timeoutMs * 1.5;
  }
  const instance = model.instances.find(({ id }) => id === command.instance);
  // Who registers says anew how long it has.
  if (instance === undefined || instance.status === "left" || command.type === "register_instance") return;
  const { settings: { ttlMs }, expiresAt } = instance;
  const isBack = instance.status === "lost";
  if (isBack) instance.status = instance.wasDraining ? "draining" : "active";
  if (ttlMs !== undefined && expiresAt !== undefined && (isBack || expiresAt < now + ttlMs)) {
    instance.expiresAt = now + ttlMs * 1.5;
  }
}

function apply(model: Model, command: ModelCommand, { claimed }: ModelOutcome): void {
  const at = model.recordedAt;
  switch (command.type) {
    case "create_tasks":
      for (const said of command.tasks) {
        const task = newModelTask({ ...said, dependencies: normalize(said.dependencies) }, model.nextOrder++, at);
        model.tasks.push({ ...task, attempt: model.deleted[said.id] ?? 0 });
      }
      return;
    case "update_task": {
      const task = find(model, command.id);
      const before = task.said;
      task.said = updated(before, command);
      const { timeoutMs } = task.said;
      if (task.status === "in_progress" && timeoutMs !== undefined && timeoutMs !== before.timeoutMs) {
        task.leaseUntil = at + timeoutMs;
      }
      return;
    }
    case "delete_task":
      model.deleted[command.id] = find(model, command.id).attempt;
      model.tasks = model.tasks.filter(({ said }) => said.id !== command.id);
      return;
    case "archive_tasks":
      for (const task of archivedBy(model, command)) {
        model.archived.push(task);
        model.deleted[task.said.id] = task.attempt;
        model.tasks = model.tasks.filter((each) => each !== task);
      }
      return;
    case "claim_task": {
      const task = claimed === undefined ? undefined : find(model, claimed);
      if (task?.status !== "pending") return;
      const { timeoutMs } = task.said;
      Object.assign(task, {
        status: "in_progress",
        holder: command.instance,
        attempt: task.attempt + 1,
        retryAt: 0,
        leaseUntil: timeoutMs === undefined ? undefined : model.now + timeoutMs,
      });
      return;
    }
    case "complete_task": {
      const task = find(model, command.id);
      if (task.status === "completed") return;
      if (task.last?.attempt === task.attempt) {
        task.last = undefined;
        if (task.taken.at(-1)?.attempt === task.attempt) task.taken.pop();
      }
      task.authors.push(command.instance);
      Object.assign(task, ended("completed", command.result), { holder: command.instance, retryAt: 0 });
      return;
    }
    case "fail_task": {
      const task = find(model, command.id);
      if (task.status !== "in_progress") return;
      if (command.isRetryable === true) return endAttempt(model, task, "failed", command.error);
      Object.assign(task, ended("failed", command.error));
      return;
    }
    case "release_task":
      return handBack(model, find(model, command.id), command.dependencies);
    case "cancel_task": {
      const task = find(model, command.id);
      if (task.status !== "cancelled") Object.assign(task, ended("cancelled", undefined));
      return;
    }
    case "retry_task": {
      const task = find(model, command.id);
      if (task.status === "pending") {
        if (task.retryAt > model.now) Object.assign(task, { pendingAt: at, failures: 0, retryAt: 0 });
        return;
      }
      if (task.holder !== undefined && task.last?.attempt !== task.attempt) {
        const outcome = task.status === "failed" || task.status === "completed" ? task.status : "cancelled";
        task.last = { attempt: task.attempt, instance: task.holder, outcome, word: task.word };
      }
      Object.assign(task, goneBack(at), { failures: 0, retryAt: 0 });
      return;
    }
    case "register_instance": {
      const { instance: id, settings } = command;
      const known = model.instances.find((each) => each.id === id);
      const expiresAt = settings.ttlMs === undefined ? undefined : at + settings.ttlMs;
      if (known === undefined) model.instances.push({ id, settings, status: "active", wasDraining: false, expiresAt });
      else Object.assign(known, { settings, status: "active", expiresAt, wasDraining: false });
      return;
    }
    case "leave": {
      const instance = model.instances.find(({ id }) => id === command.instance);
      if (instance === undefined) return;
      if (command.isDraining === true) {
        if (instance.status === "active") instance.status = "draining";
      } else if (instance.status !== "left") {
        for (const task of heldBy(model, command.instance)) handBack(model, task);
        instance.status = "left";
      }
      return;
    }
    case "create_group":
      model.groups.push({ id: command.id, settings: command.settings });
      return;
    case "update_group": {
      const group = model.groups.find(({ id }) => id === command.id);
      if (group !== undefined) group.settings = merged(group.settings, command.settings);
      return;
    }
    case "pause_project":
      model.pause = command.reason;
      return;
    case "resume_project":
      model.pause = undefined;
      return;
    case "sweep":
      return sweep(model);
    case "report_progress":
    case "add_note":
    case "heartbeat":
      return;
  }
}

function newModelTask(said: NewTask, order: number, at: number): ModelTask {
  return {
    said,
    order,
    status: "pending",
    attempt: 0,
    holder: undefined,
    pendingAt: at,
    metAt: 0,
    wasMet: false,
    retryAt: 0,
    leaseUntil: undefined,
    failures: 0,
    isOverdue: false,
    word: undefined,
    last: undefined,
    authors: [],
    taken: [],
  };
}

function updated(said: NewTask, { dependencies, settings }: CommandOf<"update_task">): NewTask {
  const { assignTo } = settings ?? {};
  const isKept = assignTo != null && assignTo.notBy === undefined && said.assignTo?.notBy !== undefined;
  return {
    ...merged(said, { ...settings, ...(isKept && { assignTo: { ...assignTo, notBy: said.assignTo.notBy } }) }),
    ...(dependencies !== undefined && { dependencies: normalize(dependencies) }),
  };
}

/** What can be changed of a running task. */
const CHANGEABLE_WHILE_RUNNING = [
  "priority",
  "deadline",
  "failOnDeadline",
  "timeoutMs",
  "maxAttempts",
  "backoff",
  "estimateMs",
  "refs",
];

function differentKeys(before: NewTask, after: NewTask): readonly string[] {
  const valueIn = (task: NewTask, key: string) => JSON.stringify(new Map(Object.entries(task)).get(key));
  return Object.keys({ ...before, ...after }).filter((key) => valueIn(before, key) !== valueIn(after, key));
}

/** Null removes. */
function merged<T extends object>(value: T, changes: object): T {
  const entries = Object.entries({ ...value, ...changes }).filter(([, field]) => field !== null);
  // Only optional fields are ever null.
  return Object.fromEntries(entries) as T;
}

function ended(status: TaskStatus, word: string | undefined) {
  return { status, word, leaseUntil: undefined };
}

function goneBack(at: number) {
  return { status: "pending", holder: undefined, leaseUntil: undefined, word: undefined, pendingAt: at, wasMet: false };
}

function handBack(model: Model, task: ModelTask, added: readonly Dependency[] = []): void {
  if (task.holder !== undefined) {
    task.last = { attempt: task.attempt, instance: task.holder, outcome: "released", word: undefined };
  }
  Object.assign(task, goneBack(model.recordedAt), { said: withAdded(task.said, added) });
}

function withAdded(said: NewTask, added: readonly Dependency[]): NewTask {
  const known = said.dependencies.map((each) => JSON.stringify(each));
  const isNew = (each: Dependency) => !known.includes(JSON.stringify(each));
  return { ...said, dependencies: [...said.dependencies, ...normalize(added).filter(isNew)] };
}

function endAttempt(model: Model, task: ModelTask, outcome: "failed" | "expired" | "lost", word?: string): void {
  const { maxAttempts = Infinity, backoff: { initialIntervalMs = 1_000, coefficient = 2, maxIntervalMs } = {} } =
    task.said;
  task.last = { attempt: task.attempt, instance: task.holder ?? "", outcome, word };
  if (outcome !== "failed") task.taken.push({ attempt: task.attempt, instance: task.holder ?? "" });
  task.failures++;
  if (task.failures >= maxAttempts) {
    Object.assign(task, ended("failed", word));
    return;
  }
  let pauseMs = initialIntervalMs;
  for (let failure = 1; failure < task.failures; failure++) pauseMs *= coefficient;
  pauseMs = Math.min(pauseMs, maxIntervalMs ?? 100 * initialIntervalMs);
  Object.assign(task, goneBack(model.recordedAt), {
    retryAt: outcome === "lost" ? 0 : model.now + Math.round(pauseMs),
  });
}

function sweep(model: Model): void {
  const { now } = model;
  const lost = new Set<ModelTask>();
  const dueLeases = model.tasks.filter(({ status, leaseUntil = Infinity }) =>
    status === "in_progress" && leaseUntil <= now
  );
  const dueDeadlines = model.tasks.filter(({ status, isOverdue, said: { deadline = Infinity } }) =>
    (status === "pending" || status === "in_progress") && !isOverdue && deadline <= now
  );
  for (const instance of model.instances) {
    const isThere = instance.status === "active" || instance.status === "draining";
    if (!isThere || (instance.expiresAt ?? Infinity) > now) continue;
    for (const task of heldBy(model, instance.id)) {
      lost.add(task);
      endAttempt(model, task, "lost");
    }
    instance.wasDraining = instance.status === "draining";
    instance.status = "lost";
  }
  for (const task of model.tasks) {
    // Whoever lost it may have used up its last attempt.
    const isOverdue = dueDeadlines.includes(task) && (task.status === "pending" || task.status === "in_progress");
    if (isOverdue) task.isOverdue = true;
    if (isOverdue && task.said.failOnDeadline === true) Object.assign(task, ended("failed", undefined));
    else if (dueLeases.includes(task) && !lost.has(task)) endAttempt(model, task, "expired");
  }
}

/** How a task ends when it is pending, as its dependencies cannot be met. */
function endIn({ said: { ifUnreachable } }: ModelTask, verdict: Verdict): "skipped" | "failed" | undefined {
  if (verdict === "blocked" && ifUnreachable === "fail") return "failed";
  return verdict === "not_taken" || (verdict === "blocked" && ifUnreachable === "skip") ? "skipped" : undefined;
}

/** What follows: skipped tasks, given up ones, and those who have drained; then the times of what is met now. */
function settle(model: Model): void {
  while (true) {
    const verdicts = model.tasks.filter(({ status }) => status === "pending").map((task) => ({
      task,
      verdict: verdictIn(model, task),
    }));
    // Also where it is met again at once, as what was retried is skipped again.
    for (const { task, verdict } of verdicts) if (verdict !== "true") task.wasMet = false;
    const drained = model.instances.filter(({ id, status }) => status === "draining" && heldBy(model, id).length === 0);
    const hopeless = verdicts.filter(({ task, verdict }) => endIn(task, verdict) !== undefined);
    for (const { task, verdict } of hopeless) {
      Object.assign(task, ended(endIn(task, verdict) ?? "skipped", undefined));
    }
    for (const instance of drained) instance.status = "left";
    if (hopeless.length + drained.length > 0) continue;
    for (const { task, verdict } of verdicts) {
      if (verdict === "true" && !task.wasMet) task.metAt = model.recordedAt;
      if (verdict === "true") task.wasMet = true;
    }
    return;
  }
}
