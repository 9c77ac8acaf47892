/** Shows how a history becomes lines that a person can read. */

import { assertEquals } from "@std/assert";
import type { Event, JournalRecord } from "../../src/core/events.ts";
import { entriesOf, timeline } from "./timeline.ts";

const RECORDS: readonly JournalRecord[] = [
  record(1, 1_000, "planner#42", {
    type: "tasks.created",
    tasks: [{ id: "a", description: "", dependencies: [] }, { id: "b", description: "", dependencies: ["a"] }],
  }),
  record(2, 1_020, "ada", { type: "task.claimed", id: "a", instance: "ada", attempt: 1 }),
  record(3, 2_000, "ada", { type: "task.completed", id: "a", instance: "ada", attempt: 1, result: "" }),
  record(4, 2_001, "ben", { type: "task.claimed", id: "b", instance: "ben", attempt: 1 }),
];

Deno.test({
  name: "coordination: a timeline has a line for each event, and lanes that show who is busy",
  permissions: "none",
  fn() {
    const killed = { at: 1_500, who: "ben", did: "killed", what: "for a try" } as const;
    assertEquals(timeline([...entriesOf(RECORDS), killed], ["ada", "ben"], { columns: 80, hasColors: false }), [
      "   0.000 s       planner  created    2 tasks",
      "   0.020 s  ┌    ada      claimed    a",
      "   0.500 s  │ ╳  ben      killed     for a try",
      "   1.000 s  └ ┊  ada      completed  a → b can start",
      "   1.001 s    ┌  ben      claimed    b",
    ]);
  },
});

Deno.test({
  name: "coordination: a timeline is no wider than the terminal, and coloured only if asked",
  permissions: "none",
  fn() {
    const paper = { columns: 44, hasColors: false };
    const lines = timeline(entriesOf(RECORDS), ["ada", "ben"], paper);
    assertEquals(lines[2], "   1.000 s  └    ada      completed  a → b …");
    const [, colored] = timeline(entriesOf(RECORDS), ["ada", "ben"], { ...paper, hasColors: true });
    assertEquals(
      colored,
      "  \x1b[2m 0.020 s\x1b[0m  \x1b[36m┌\x1b[0m \x1b[33m \x1b[0m  \x1b[36mada      claimed    a\x1b[0m",
    );
  },
});

function record(seq: number, at: number, actor: string, event: Event): JournalRecord {
  return { seq, at, actor, command: "test", events: [event] };
}
