/**
 * Who may see what: a task may depend only on what everybody who sees it also sees, and what a caller makes or changes is
 * shown to nobody but whom the caller may show it to. This holds for tasks of every status, so a retry needs no check.
 */

import { hasRight, type KnownCaller, sessionOf } from "../../model/access.ts";
import { type Audience, describeAudience, isWithin } from "../../model/audience.ts";
import { type Dependency, referencesOf } from "../../model/dependency.ts";
import { checkAll, checkEach } from "../../model/faults.ts";
import type { Names } from "../../model/id_map.ts";
import { MAX_NAMED } from "../../model/limits.ts";
import { Refusal } from "../../model/refusal.ts";
import type { Assignment, NewTask } from "../../model/task.ts";
import { nameSome } from "../../model/text.ts";
import { conditionsOn } from "../../state/conditions.ts";
import { dependentsOf, inOrderOfCreation } from "../../state/lookup.ts";
import { seen, UNSEEN, wholeOf } from "../../state/sight.ts";
import type { ReadonlyGroupNode, ReadonlyState, ReadonlyTaskNode } from "../../state/state.ts";

/** The audiences of tasks and groups, as they would be after a command. */
export interface Audiences {
  readonly ofTask: (id: string) => Audience;
  readonly ofGroup: (id: string) => Audience;
}

/** A task as far as it refers to others. */
export interface Referring extends Pick<NewTask, "id" | "dependencies"> {
  readonly assignTo?: Assignment | undefined;
}

/** The present audiences. */
export function audiencesIn(state: ReadonlyState): Audiences {
  const { tasks, groups } = wholeOf(state);
  return {
    ofTask: (id) => tasks.get(id)?.group?.group.visibleTo,
    ofGroup: (id) => groups.get(id)?.group.visibleTo,
  };
}

/** The same once some tasks, which may be new, are seen by an audience. */
export function withTasks(audiences: Audiences, changed: (id: string) => boolean, audience: Audience): Audiences {
  return { ...audiences, ofTask: (id) => changed(id) ? audience : audiences.ofTask(id) };
}

/** The tasks and groups that a caller may name: those that it sees, and those that it makes. */
export interface Visible {
  readonly tasks: Names;
  readonly groups: Names;
}

/**
 * Refuses a task that depends on what not all who see it see, or that names such a task in `notBy`. A refusal tells
 * audiences, so it is silent about what the caller does not see: that is refused as not found.
 */
export function checkReferences(
  { id, dependencies, assignTo }: Referring,
  { ofTask, ofGroup }: Audiences,
  { tasks, groups }: Visible,
): void {
  const audience = ofTask(id);
  const named = new Map<string, Pick<Reference, "type" | "name">>();
  const add = (type: Reference["type"], name: string) => named.set(`${type} ${name}`, { type, name });
  for (const dependency of dependencies) for (const { type, id: name } of referencesOf(dependency)) add(type, name);
  for (const name of assignTo?.notBy ?? []) add("task", name);
  checkEach(named.values(), ({ type, name }) => {
    if (!(type === "group" ? groups : tasks).has(name)) return;
    const other = type === "group" ? ofGroup(name) : ofTask(name);
    if (!isWithin(audience, other)) throw notSeenByAll(id, { audience, name, other, type });
  });
}

/** A change of a task, or of several that join a group together. */
export interface Change {
  readonly caller: KnownCaller;
  /** The new group; null for none, undefined if it stays. */
  readonly group?: string | null | undefined;
  readonly dependencies?: readonly Dependency[] | undefined;
  readonly assignTo?: Assignment | null | undefined;
  /** Whether a task joins the group with it. */
  readonly isMoved?: (id: string) => boolean;
}

/**
 * Refuses a change after which some callers would see too much, or a task without what it depends on. A group that the
 * caller does not see is refused as not found.
 */
export function checkChange(
  state: ReadonlyState,
  node: ReadonlyTaskNode,
  { caller, group, dependencies, assignTo, isMoved = (id) => id === node.task.id }: Change,
): void {
  if (wholeOf(state).restricted.size === 0 || (group != null && !state.groups.has(group))) return;
  const { task } = node;
  const present = audiencesIn(state);
  const from = present.ofTask(task.id);
  const to = group === undefined ? from : group === null ? undefined : present.ofGroup(group);
  const audiences = withTasks(present, isMoved, to);
  const changed = {
    id: task.id,
    dependencies: dependencies ?? task.dependencies,
    assignTo: assignTo === undefined ? task.assignTo : assignTo ?? undefined,
  };
  checkAll(
    () => group !== undefined && checkNotWider(caller, `task ${task.id}`, { from, to }),
    () => checkReferences(changed, audiences, state),
    () => group !== undefined && checkDependentsOf(state, [node], audiences),
  );
}

/** Refuses an audience of tasks on which others depend, or that others name in `notBy`, if more callers see those. */
export function checkDependentsOf(
  state: ReadonlyState,
  nodes: Iterable<ReadonlyTaskNode>,
  audiences: Audiences,
): void {
  checkEach(nodes, (node) => {
    const { id } = node.task;
    const dependents = Array.from(dependentsOf(node));
    checkAll(
      () => checkSeenByAll(state, { name: `task ${id}`, audience: audiences.ofTask(id), dependents }, audiences),
      () => checkNamingOf(state, id, audiences),
    );
  });
}

/** Refuses an audience of a task, which may be new, that others name in `notBy`, if more callers see those. */
export function checkNamingOf(state: ReadonlyState, id: string, audiences: Audiences): void {
  const dependents = Array.from(wholeOf(state).notBy.get(id) ?? []);
  checkSeenByAll(state, { name: `task ${id}`, audience: audiences.ofTask(id), dependents }, audiences);
}

/** Refuses an audience of a group on which tasks depend, if more callers see those. */
export function checkDependentsOfGroup(state: ReadonlyState, node: ReadonlyGroupNode, audiences: Audiences): void {
  const { id } = node.group;
  const dependents = Array.from(conditionsOn(node), ({ root }) => root);
  checkSeenByAll(state, { name: `group ${id}`, audience: audiences.ofGroup(id), dependents }, audiences);
}

/** Refuses audiences that the caller is not in. A new group without any gets the caller's. */
export function checkAudienceGiven(caller: KnownCaller, id: string, given: Audience): void {
  if (sees(caller) || given === undefined) return;
  const others = given.filter((each) => caller.audiences?.includes(each) !== true);
  if (others.length === 0) return;
  throw notVisible(
    `Cannot make group ${id} visible to ${nameSome(others)} as ${caller.name} is of ${
      describeAudience(caller.audiences)
    }: name only these`,
    { group: id, audiences: caller.audiences },
  );
}

/** Refuses to show something to more callers than see it now, but to an admin. */
export function checkNotWider(caller: KnownCaller, what: string, { from, to }: { from: Audience; to: Audience }): void {
  if (isWithin(to, from) || hasRight(caller.role, "administer")) return;
  throw notVisible(
    `Cannot show ${what} to ${describeAudience(to)} as only an admin may show it to more than ${
      describeAudience(from)
    }`,
    { visible_to: from },
  );
}

/** Whether all groups are shown to a caller. */
function sees({ role, audiences }: KnownCaller): boolean {
  return audiences === undefined || hasRight(role, "administer");
}

/**
 * The task in the group in which a caller puts it. A caller of some audiences would show a task without group to all, so
 * it gets the group of the task that the caller holds, if not all see that one.
 *
 * @throws Refusal `not_visible` if there is no such group, or there are several
 */
export function placed(state: ReadonlyState, task: NewTask, caller: KnownCaller): NewTask {
  if (sees(caller) || task.group !== undefined) return task;
  const groups = new Set<string>();
  for (const { group } of heldByCaller(state, caller)) {
    if (group?.group.visibleTo !== undefined) groups.add(group.group.id);
  }
  const [group] = groups;
  if (group !== undefined && groups.size === 1) return { ...task, group };
  const why = groups.size === 0 ? "holds no task of a group that" : "holds tasks of several groups that";
  throw notVisible(
    `Cannot create task ${task.id} without a group as all would see it, and ${caller.name} ${why} only some see: name ` +
      "its group",
    { id: task.id },
  );
}

/** The tasks in progress that a caller sees and holds: by its only instance, or in its session. */
function heldByCaller(state: ReadonlyState, caller: KnownCaller): readonly ReadonlyTaskNode[] {
  const { sessions, held } = wholeOf(state);
  const session = sessionOf(caller);
  const ofSession = session === undefined ? [] : sessions.get(session) ?? [];
  const ofInstance = caller.instance === undefined ? [] : held.get(caller.instance) ?? [];
  return seen(state, new Set([...ofInstance, ...ofSession]));
}

interface Seen {
  readonly name: string;
  readonly audience: Audience;
  readonly dependents: readonly ReadonlyTaskNode[];
}

function checkSeenByAll(state: ReadonlyState, { name, audience, dependents }: Seen, { ofTask }: Audiences): void {
  if (audience === undefined) return;
  const left = [...new Set(dependents)].filter(({ task }) => !isWithin(ofTask(task.id), audience));
  if (left.length === 0) return;
  const { ids, named } = namedTo(state, left);
  throw notVisible(
    `Cannot show ${name} to ${describeAudience(audience)} only as others see tasks that depend on it: ${named}`,
    { dependents: ids.slice(0, MAX_NAMED) },
  );
}

/** The ids of the tasks that the caller sees, and all of them in words; not empty. */
export function namedTo(
  state: ReadonlyState,
  nodes: readonly ReadonlyTaskNode[],
): { readonly ids: readonly string[]; readonly named: string } {
  const shown = seen(state, nodes);
  const ids = inOrderOfCreation(shown).map(({ task }) => task.id);
  const named = [...(ids.length > 0 ? [nameSome(ids)] : []), ...(shown.length < nodes.length ? [UNSEEN] : [])];
  return { ids, named: named.join(" and ") };
}

interface Reference {
  readonly type: "task" | "group";
  readonly name: string;
  readonly audience: Audience;
  readonly other: Audience;
}

function notSeenByAll(id: string, { type, name, audience, other }: Reference): Refusal {
  const what = type === "group" ? `group ${name}` : `task ${name}`;
  return notVisible(
    `Cannot let task ${id} depend on ${what} as not all who see ${id} see it: ${id} is for ${
      describeAudience(audience)
    }, ${what} for ${describeAudience(other)}; put ${id} in a group for these`,
    { id, [type === "group" ? "group" : "dependency"]: name },
  );
}

function notVisible(message: string, data: Readonly<Record<string, unknown>>): Refusal {
  return new Refusal("not_visible", message, data);
}
