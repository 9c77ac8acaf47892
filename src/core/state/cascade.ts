/**
 * What follows from a command beyond what it says: tasks whose dependencies can never be met are skipped, drained
 * instances leave. It is written into the record of the command; of very many tasks, the rest into those of the sweeps
 * that come next. A task that is to be skipped is claimed by nobody meanwhile.
 */

import type { Event } from "../messages/events.ts";
import { blockersOf, nameBlocker } from "./blockers.ts";
import { unreachableEnd } from "./conditions.ts";
import { evolve } from "./evolve.ts";
import { firstCreated } from "./lookup.ts";
import { roomBeside } from "./record_size.ts";
import type { ReadonlyState, ReadonlyTaskNode, State } from "./state.ts";

/**
 * Applies events that happen at `at` (milliseconds since the Unix epoch); returns them with what follows. Of the tasks
 * that end by it, one record takes `MAX_RECORD_TASKS`, or none if it is large; the others stay unreachable until the next
 * records take them.
 *
 * @throws Refusal `limit_exceeded` if the events are too large for one record, before any is applied
 */
export function applyWithConsequences(state: State, events: readonly Event[], at: number): readonly Event[] {
  let room = roomBeside(events);
  const applied = [...events];
  for (let next = events; next.length > 0; next = consequencesOf(state, Math.max(0, room))) {
    for (const event of next) {
      evolve(state, event, at);
      if (event.type === "tasks.skipped" || event.type === "tasks.abandoned") room -= event.tasks.length;
      else if (next !== events) room--;
    }
    if (next !== events) { for (const event of next) applied.push(event); }
  }
  return applied;
}

/**
 * The next things that follow from what is so: drained instances leave, and tasks end that can never be reached, at most
 * `limit` of each. In the order of creation, so that it does not matter how the state came about.
 */
export function consequencesOf(state: ReadonlyState, limit: number): readonly Event[] {
  if (state.unreachable.size === 0 && state.drained.size === 0) return NONE;
  const nodes = firstCreated(state.unreachable, limit);
  const isFailing = (node: ReadonlyTaskNode) => unreachableEnd(node) === "failed";
  const skipped = nodes.filter((node) => !isFailing(node));
  const failing = nodes.filter(isFailing);
  const instances = Array.from(state.drained, (node) => node.instance.id).sort().slice(0, limit);
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

function nameFirst(node: ReadonlyTaskNode): string {
  const [first] = blockersOf(node, 1);
  return first === undefined ? "its dependencies" : nameBlocker(first);
}
