/** Finds in events every condition on a result, also conditions that were removed from their tasks later. */

import { conditionsIn, type Dependency, type ResultCondition } from "../model/dependency.ts";
import type { Event } from "./events.ts";

/** The conditions on results in the dependencies that events give to tasks, with the tasks that they are about. */
export function* askedConditions(
  events: readonly Event[],
): Iterable<{ readonly task: string; readonly when: ResultCondition }> {
  for (const event of events) {
    for (const dependency of dependenciesIn(event)) yield* conditionsIn(dependency);
  }
}

function dependenciesIn(event: Event): readonly Dependency[] {
  switch (event.type) {
    case "tasks.created":
    case "tasks.imported":
      return event.tasks.flatMap(({ dependencies }) => dependencies);
    case "task.updated":
    case "task.released":
      return event.dependencies ?? [];
    default:
      return [];
  }
}
