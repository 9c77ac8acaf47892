/**
 * Makes the record of a command: applies its events and their consequences, and notes the groups of their tasks. Readers
 * of the journal then need no state to know which group an event belongs to, also after the task has moved or is gone.
 */

import type { Draft, Event, GroupTasks } from "../messages/events.ts";
import { applyWithConsequences } from "./cascade.ts";
import type { ReadonlyState, State } from "./state.ts";

/**
 * Applies a draft as the next record. Returns it with the consequences of its events, and with `groups`.
 *
 * @throws Refusal `limit_exceeded` if the events are too large for one record, before any is applied
 */
export function applyDraft(state: State, draft: Draft): Draft {
  const groups = new Map<string, Set<string>>();
  noteGroups(groups, state, draft.events);
  const events = applyWithConsequences(state, draft.events, draft.at, listed(groups));
  state.seq++;
  // No consequence moves or deletes a task: these groups are the present ones.
  const created = new Set(draft.events.flatMap(createdBy));
  noteGroups(groups, state, events.slice(draft.events.length), created);
  if (groups.size === 0) return { ...draft, events };
  return { ...draft, groups: listed(groups), events };
}

function listed(groups: ReadonlyMap<string, ReadonlySet<string>>): readonly GroupTasks[] {
  return Array.from(groups, ([group, tasks]) => ({ group, tasks: Array.from(tasks) }));
}

function noteGroups(
  groups: Map<string, Set<string>>,
  state: ReadonlyState,
  events: readonly Event[],
  created: ReadonlySet<string> = new Set(),
): void {
  for (const event of events) {
    for (const id of subjectsOf(event)) {
      if (created.has(id)) continue;
      const group = state.tasks.get(id)?.task.group;
      if (group === undefined) continue;
      const tasks = groups.get(group);
      if (tasks === undefined) groups.set(group, new Set([id]));
      else tasks.add(id);
    }
  }
}

function createdBy(event: Event): readonly string[] {
  return event.type === "tasks.created" || event.type === "tasks.imported" ? event.tasks.map(({ id }) => id) : [];
}

/** The tasks that an event is about. New tasks bring their group along, and other events only mention tasks. */
function subjectsOf(event: Event): readonly string[] {
  switch (event.type) {
    case "tasks.skipped":
    case "tasks.abandoned":
      return event.tasks.map(({ id }) => id);
    case "tasks.ready":
    case "tasks.archived":
      return event.tasks;
    default:
      return "id" in event ? [event.id] : [];
  }
}
