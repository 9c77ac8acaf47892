/**
 * What follows from a command beyond what it says: tasks whose dependencies can never be met are skipped, drained
 * instances leave. It is written into the record of the command, so that nothing is ever half-way.
 */

import type { TaskNode } from "./nodes.ts";
import type { Event } from "./events.ts";
import { evolve } from "./evolve.ts";
import { verdictOf } from "./gates.ts";
import { culpritsOf, nameCulprit } from "./culprits.ts";
import type { State } from "./state.ts";
import { inOrderOfCreation } from "./views.ts";

/** Applies events that happen at `at` (milliseconds since the Unix epoch); returns them with all that follows. */
export function applyWithConsequences(state: State, events: readonly Event[], at: number): readonly Event[] {
  const applied = [...events];
  for (let next = events; next.length > 0; next = consequencesOf(state)) {
    for (const event of next) evolve(state, event, at);
    if (next !== events) { for (const event of next) applied.push(event); }
  }
  return applied;
}

/** In the order of creation, so that it does not matter how the state came about. */
function consequencesOf(state: State): readonly Event[] {
  if (state.unreachable.size === 0 && state.drained.size === 0) return NONE;
  const nodes = inOrderOfCreation(state.unreachable);
  const isFailing = (node: TaskNode) => verdictOf(node) === "blocked" && node.task.ifUnreachable === "fail";
  const skipped = nodes.filter((node) => !isFailing(node));
  const failing = nodes.filter(isFailing);
  const instances = Array.from(state.drained, (node) => node.instance.id).sort();
  const events: Event[] = instances.map((instance) => ({ type: "instance.left", instance }));
  if (skipped.length > 0) {
    events.push({
      type: "tasks.skipped",
      tasks: skipped.map((node) => ({ id: node.task.id, because: nameFirst(node) })),
    });
  }
  if (failing.length > 0) {
    events.push({
      type: "tasks.abandoned",
      tasks: failing.map((node) => {
        return { id: node.task.id, error: `Its dependencies cannot be met: ${nameFirst(node)}` };
      }),
    });
  }
  return events;
}

const NONE: readonly Event[] = [];

function nameFirst(node: TaskNode): string {
  const [first] = culpritsOf(node, 1);
  return first === undefined ? "its dependencies" : nameCulprit(first);
}
