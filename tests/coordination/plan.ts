/**
 * The plan that the planner enters, and what a worker makes of a task: a list of all the work that its result is
 * made of. So the result of the last task proves that results travelled along every dependency.
 */

import type { Input } from "../../src/core/messages/commands.ts";
import type { NewTask } from "../../src/core/model/task.ts";

/** Tasks of the fan-out. */
const MODULES = Array.from({ length: 24 }, (_, index) => `module-${String(index + 1).padStart(2, "0")}`);

/** A task that waits for nothing but tasks. */
export interface PlainTask extends NewTask {
  readonly dependencies: readonly string[];
}

/** A chain of three, a fan-out of 24, a fan-in, and a last one. */
export const PLAN: readonly PlainTask[] = [
  { id: "research", description: "Find out what is needed", dependencies: [] },
  { id: "design", description: "Decide how it is built", dependencies: ["research"] },
  { id: "implement", description: "Write what all modules stand on", dependencies: ["design"] },
  ...MODULES.map((id) => ({ id, description: `Write ${id}`, dependencies: ["implement"] })),
  { id: "integrate", description: "Put all modules together", dependencies: MODULES },
  { id: "release", description: "Hand it over", dependencies: ["integrate"] },
];

/** The plan in a line. */
export const PLAN_TEXT = `research → design → implement → ${MODULES.length} modules → integrate → release`;

/** Whether a task is one of the fan-out, of which several are worked on at the same time. */
export function isModule(task: string): boolean {
  return MODULES.includes(task);
}

/** The result of a task: what the results of its dependencies are made of, and itself. */
export function resultOf(task: string, inputs: readonly Input[]): string {
  const parts = inputs.flatMap(({ result }) => result.slice(PREFIX.length).split(", "));
  return PREFIX + [...new Set([...parts, task])].sort().join(", ");
}

/** The result that each task of a plan must have. The plan names every task after its dependencies. */
export function expectedResults(plan: readonly PlainTask[]): ReadonlyMap<string, string> {
  const results = new Map<string, string>();
  for (const { id, dependencies } of plan) {
    results.set(id, resultOf(id, dependencies.map((task) => ({ task, result: results.get(task) ?? "" }))));
  }
  return results;
}

const PREFIX = "made of ";
