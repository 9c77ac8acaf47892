/** What a check says, and what checks look for in records. Nothing here or in a check does anything but read. */

import type { Event, EventOf, JournalRecord } from "../../src/core/messages/events.ts";
import type { NewTask } from "../../src/core/model/task.ts";

export interface Check {
  /** What was checked. */
  readonly title: string;
  /** What is wrong; empty if it holds. */
  readonly complaints: readonly string[];
}

/** An event with the record that it stands in. */
export interface Happening<E extends Event = Event> {
  readonly seq: number;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly event: E;
}

/** Every event, in order. */
export function happeningsOf(records: readonly JournalRecord[]): readonly Happening[] {
  return records.flatMap(({ seq, at, events }) => events.map((event) => ({ seq, at, event })));
}

/** Every event of a type, in order. */
export function findAll<T extends Event["type"]>(
  records: readonly JournalRecord[],
  type: T,
): readonly Happening<EventOf<T>>[] {
  return happeningsOf(records).filter((each): each is Happening<EventOf<T>> => each.event.type === type);
}

export function createdTasks(records: readonly JournalRecord[]): readonly NewTask[] {
  return findAll(records, "tasks.created").flatMap(({ event }) => event.tasks);
}

/** A complaint, if something does not hold. */
export function unless(holds: boolean, complaint: string): readonly string[] {
  return holds ? [] : [complaint];
}
