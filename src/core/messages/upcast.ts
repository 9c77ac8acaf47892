/**
 * Reads records of older formats: adds what says what they meant. One pure function a step; a record passes all steps from
 * its own format on.
 */

import type { Event, JournalRecord } from "./events.ts";

/** The templates that were built in while format 2 was written. Saved ones of these names had versions from 2 on. */
const BUILTIN_IN_2: readonly string[] = ["feature", "bugfix", "review_panel", "migration", "release"];

/**
 * A record of format 1 or 2 as one of format 3: it tells no groups of tasks, it announced no task that became ready, and version 1 of a built-in
 * template was the built-in one.
 */
export function upcast2to3(record: JournalRecord): JournalRecord {
  return { ...record, groups: "unknown", events: record.events.map(withOrigin), isSilent: true };
}

function withOrigin(event: Event): Event {
  if (event.type !== "group.created" || event.group.template === undefined) return event;
  const { name, version } = event.group.template;
  if (version !== 1 || !BUILTIN_IN_2.includes(name)) return event;
  return { ...event, group: { ...event.group, template: { name, version: 0, builtinVersion: 1 } } };
}
