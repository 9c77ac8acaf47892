/**
 * Consequences of a command's events: tasks whose dependencies can never be met are skipped or fail, drained instances
 * leave, and last the tasks that have become ready are announced. They are written into the record of the command; if it has no room, into the records of the next
 * sweeps. Until then, nobody can claim these tasks.
 */

import type { Event, EventType } from "../messages/events.ts";
import { readyEvent } from "./announcements.ts";
import { blockersOf, nameBlocker } from "./blockers.ts";
import { unreachableEnd } from "./conditions.ts";
import { evolve } from "./evolve.ts";
import { firstCreated } from "./lookup.ts";
import { roomBeside } from "./record_size.ts";
import type { ReadonlyState, ReadonlyTaskNode, State } from "./state.ts";

/**
 * Applies events and their consequences at the time `at`, in milliseconds since the Unix epoch, and returns both. One
 * record ends and announces at most `MAX_RECORD_TASKS` tasks as a consequence, or none if its events are large; the
 * others wait for the next records.
 *
 * @throws Refusal `limit_exceeded` if the events are too large for one record, before any is applied
 */
export function applyWithConsequences(state: State, events: readonly Event[], at: number): readonly Event[] {
  let room = roomBeside(events);
  const applied = [...events];
  for (let next = events; next.length > 0; next = consequencesOf(state, Math.max(0, room))) {
    for (const event of next) {
      evolve(state, event, at);
      if (LISTS.includes(event.type) && "tasks" in event) room -= event.tasks.length;
      else if (next !== events) room--;
    }
    if (next !== events) { for (const event of next) applied.push(event); }
  }
  const ready = events.length === 0 ? undefined : readyEvent(state, { at: state.recordedAt, limit: room });
  if (ready === undefined) return applied;
  evolve(state, ready, at);
  return [...applied, ready];
}

/** Events of consequences that list tasks. */
const LISTS: readonly EventType[] = ["tasks.skipped", "tasks.abandoned", "tasks.ready"];

/**
 * The next consequences of the present state: drained instances leave, and unreachable tasks end, at most `limit` of
 * each. In the order of creation, so that they depend on the content of the state only.
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
        return {
          id: node.task.id,
          error: `Its dependencies cannot be met: ${nameFirst(node)}`,
          cause: "dependencies",
        };
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
