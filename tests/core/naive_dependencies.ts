/** What design.md says of dependencies, in the simplest words: no counts, no indexes, everything looked at each time. */

import type { Dependency, Outcome, ResultCondition, Verdict } from "../../src/core/model/dependency.ts";
import { isList } from "../../src/core/model/dependency.ts";
import type { Task } from "../../src/core/model/task.ts";

/** What the evaluation looks at: all tasks. */
export type World = readonly Pick<Task, "id" | "status" | "group" | "result">[];

/** A result that tests give, and conditions of which it is known which of these results meet them. */
export const RESULTS = ['{"ok":true,"n":5}', '{"ok":false,"n":1}', "just text"] as const;

interface KnownCondition {
  readonly when: ResultCondition;
  readonly metBy: readonly string[];
  /** The results from which it cannot be decided. */
  readonly undecidedBy: readonly string[];
}

/** Conditions, each with the results that meet it. */
export const CONDITIONS: readonly KnownCondition[] = [
  { when: { pointer: "/ok", equals: true }, metBy: [RESULTS[0]], undecidedBy: [RESULTS[2]] },
  { when: { pointer: "/ok", not_equals: true }, metBy: [RESULTS[1], RESULTS[2]], undecidedBy: [RESULTS[2]] },
  { when: { pointer: "/n", greater_than: 3 }, metBy: [RESULTS[0]], undecidedBy: [RESULTS[2]] },
  { when: { pointer: "/n", less_than: 9 }, metBy: [RESULTS[0], RESULTS[1]], undecidedBy: [RESULTS[2]] },
  { when: { contains: "text" }, metBy: [RESULTS[2]], undecidedBy: [] },
  { when: { pointer: "/ok", exists: true }, metBy: [RESULTS[0], RESULTS[1]], undecidedBy: [RESULTS[2]] },
  { when: { pointer: "/none", exists: true }, metBy: [], undecidedBy: [RESULTS[2]] },
];

/** Whether a condition cannot be decided from a result. */
export function isUndecided(when: ResultCondition, result: string): boolean {
  return knownOf(when)?.undecidedBy.includes(result) === true;
}

function knownOf(when: ResultCondition): KnownCondition | undefined {
  return CONDITIONS.find((each) => JSON.stringify(each.when) === JSON.stringify(when));
}

/** The conditions on a task's result that a dependency has. */
export function conditionsOnTask(dependency: Dependency, id: string): readonly ResultCondition[] {
  if (typeof dependency === "string" || "group" in dependency) return [];
  if ("task" in dependency) return dependency.task === id && dependency.when !== undefined ? [dependency.when] : [];
  if ("any" in dependency) return dependency.any.flatMap((part) => conditionsOnTask(part, id));
  if ("all" in dependency) return dependency.all.flatMap((part) => conditionsOnTask(part, id));
  return isList(dependency.of) ? dependency.of.flatMap((part) => conditionsOnTask(part, id)) : [];
}

/** What may still happen: nothing more; open tasks end as one likes; and failed and cancelled ones are retried. */
type Hope = "as it is" | "open ones end well" | "failures are retried";

/** What is known of all the dependencies of a task. */
export function naiveVerdict(dependencies: readonly Dependency[], world: World): Verdict {
  const holds = (hope: Hope) => dependencies.every((each) => isMet(each, world, hope));
  if (holds("as it is")) return "true";
  if (holds("open ones end well")) return "unknown";
  return holds("failures are retried") ? "blocked" : "not_taken";
}

/** Expressions only ever ask for more, so the best that may still happen decides. */
function isMet(dependency: Dependency, world: World, hope: Hope): boolean {
  if (typeof dependency === "string") return isMet({ task: dependency }, world, hope);
  if ("task" in dependency) {
    const task = world.find(({ id }) => id === dependency.task);
    return task !== undefined && hasEndedSo(task, dependency, hope);
  }
  if ("group" in dependency) return isGroupMet(dependency, "100%", world, hope);
  if ("any" in dependency) return dependency.any.some((part) => isMet(part, world, hope));
  if ("all" in dependency) return dependency.all.every((part) => isMet(part, world, hope));
  const { at_least, of } = dependency;
  if (!isList(of)) return isGroupMet(of, at_least, world, hope);
  return of.filter((part) => isMet(part, world, hope)).length >= share(at_least, of.length);
}

function isGroupMet(
  { group, on }: { readonly group: string; readonly on?: Outcome },
  atLeast: number | string,
  world: World,
  hope: Hope,
): boolean {
  const members = world.filter((task) => task.group === group);
  const need = share(atLeast, members.length);
  // Tasks may join.
  if (members.length === 0 || need > members.length) return hope !== "as it is";
  return members.filter((task) => hasEndedSo(task, on === undefined ? {} : { on }, hope)).length >= need;
}

function hasEndedSo(
  { status, result }: World[number],
  { on = "completed", when }: { readonly on?: Outcome; readonly when?: ResultCondition },
  hope: Hope,
): boolean {
  if (status === "pending" || status === "in_progress") return hope !== "as it is";
  const known = status === "completed" && when !== undefined ? knownOf(when) : undefined;
  const isMeeting = known === undefined || known.metBy.includes(result ?? "");
  // The task can be done again.
  if (!isMeeting && known.undecidedBy.includes(result ?? "")) return hope === "failures are retried";
  if (on === "finished" || status === on) return isMeeting;
  return (status === "failed" || status === "cancelled") && hope === "failures are retried";
}

/** The whole numbers k, from none, of which the first is at least the share of `total`. */
function share(atLeast: number | string, total: number): number {
  if (typeof atLeast === "number") return atLeast;
  let least = 0;
  while (least * 100 < Number.parseFloat(atLeast) * total) least++;
  return least;
}

/** The ids, with a mark for groups, that a dependency names. */
export function namesIn(dependency: Dependency): readonly string[] {
  if (typeof dependency === "string") return [dependency];
  if ("task" in dependency) return [dependency.task];
  if ("group" in dependency) return [`group ${dependency.group}`];
  if ("any" in dependency) return dependency.any.flatMap(namesIn);
  if ("all" in dependency) return dependency.all.flatMap(namesIn);
  return isList(dependency.of) ? dependency.of.flatMap(namesIn) : namesIn(dependency.of);
}

/** The parts of a dependency that wait for a group, and for which end of its tasks. */
export function waitsFor(
  dependency: Dependency,
  group: string,
): readonly { readonly dependency: Dependency; readonly on: Outcome }[] {
  if (typeof dependency === "string" || "task" in dependency) return [];
  if ("group" in dependency) {
    return dependency.group === group ? [{ dependency, on: dependency.on ?? "completed" }] : [];
  }
  if ("any" in dependency) return dependency.any.flatMap((part) => waitsFor(part, group));
  if ("all" in dependency) return dependency.all.flatMap((part) => waitsFor(part, group));
  if (isList(dependency.of)) return dependency.of.flatMap((part) => waitsFor(part, group));
  return waitsFor(dependency.of, group).map(({ on }) => ({ dependency, on }));
}

/** Whether some task waits for itself: leaves out, again and again, what waits for nothing that is left. */
export function hasCycle(
  tasks: readonly Pick<Task, "id" | "dependencies" | "group">[],
): boolean {
  const waits = new Map<string, readonly string[]>();
  for (const { id, dependencies } of tasks) waits.set(id, dependencies.flatMap(namesIn));
  for (const group of new Set(tasks.map((task) => task.group))) {
    if (group === undefined) continue;
    waits.set(`group ${group}`, tasks.filter((task) => task.group === group).map(({ id }) => id));
  }
  for (let before = -1; before !== waits.size;) {
    before = waits.size;
    for (const [name, names] of waits) if (!names.some((each) => waits.has(each))) waits.delete(name);
  }
  return waits.size > 0;
}
