/**
 * Consequences of a command's events: tasks whose dependencies can never be met are skipped or fail, drained instances
 * leave, and last the tasks that have become ready are announced. They are written into the record of the command; if it
 * has no room, into the records of the next sweeps. Until then, nobody can claim the tasks that are to end.
 */

import type { Event, EventType, GroupTasks } from "../messages/events.ts";
import { readyEvent } from "./announcements.ts";
import { blockersOf, nameBlocker } from "./blockers.ts";
import { unreachableEnd } from "./conditions.ts";
import { evolve } from "./evolve.ts";
import { firstCreated } from "./lookup.ts";
import { limitOf, type Room, roomAfter, roomBeside } from "./record_size.ts";
import type { ReadonlyState, ReadonlyTaskNode, State } from "./state.ts";

/**
 * Applies events and their consequences at the time `at`, in milliseconds since the Unix epoch, and returns both. One
 * record ends and announces at most `MAX_RECORD_TASKS` tasks as a consequence, or none if its events are large; the
 * others wait for the next records.
 *
 * @param groups of the tasks of `events`, for which the record needs room, too
 * @throws Refusal `limit_exceeded` if the events are too large for one record, before any is applied
 */
export function applyWithConsequences(
  state: State,
  events: readonly Event[],
  at: number,
  groups: readonly GroupTasks[] = [],
): readonly Event[] {
  const { tasks, bytes } = roomBeside(events, groups);
  // What a sweep ends or announces counts, too.
  let room: Room = { tasks: tasks - countChanged(events.filter(({ type }) => LISTS.includes(type))), bytes };
  const applied = [...events];
  for (const event of events) evolve(state, event, at);
  for (let next = events; next.length > 0;) {
    next = fitting(room, (limit) => consequencesOf(state, limit));
    room = roomAfter(room, next, countChanged(next));
    for (const event of next) {
      evolve(state, event, at);
      applied.push(event);
    }
  }
  const ready = events.length === 0 ? NONE : fitting(room, (limit) => readyEvents(state, limit));
  for (const event of ready) evolve(state, event, at);
  return [...applied, ...ready];
}

/** Events of consequences that list tasks. */
const LISTS: readonly EventType[] = ["tasks.skipped", "tasks.abandoned", "tasks.ready"];

/** As many consequences as a room has place for; with ids so long that they do not fit, as many as fit in any case. */
function fitting(room: Room, make: (limit: number) => readonly Event[]): readonly Event[] {
  const all = make(Math.max(0, room.tasks));
  if (all.length === 0 || roomAfter(room, all, countChanged(all)).bytes >= 0) return all;
  return make(limitOf(room));
}

function readyEvents(state: ReadonlyState, limit: number): readonly Event[] {
  const event = readyEvent(state, { at: state.recordedAt, limit });
  return event === undefined ? NONE : [event];
}

function countChanged(consequences: readonly Event[]): number {
  return consequences.reduce((count, event) => count + ("tasks" in event ? event.tasks.length : 1), 0);
}

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
