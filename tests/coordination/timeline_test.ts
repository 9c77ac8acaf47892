/** Shows how a history becomes lines that a person can read. */

import { assertEquals } from "@std/assert";
import { type Entry, timeline } from "./timeline.ts";

const ENTRIES: readonly Entry[] = [
  { at: 1_000, who: "planner", did: "created", what: "2 tasks" },
  { at: 1_020, who: "ada", did: "claimed", what: "a" },
  { at: 2_000, who: "ada", did: "completed", what: "a → b can start" },
  { at: 2_001, who: "ben", did: "claimed", what: "b" },
];

Deno.test({
  name: "coordination: a timeline has a line for each entry, and lanes that show who is busy",
  permissions: "none",
  fn() {
    const killed = { at: 1_500, who: "ben", did: "killed", what: "for a try" } as const;
    assertEquals(timeline([...ENTRIES, killed], ["ada", "ben"], { columns: 80, hasColors: false }), [
      "   0.000 s       planner  created    2 tasks",
      "   0.020 s  ┌    ada      claimed    a",
      "   0.500 s  │ ╳  ben      killed     for a try",
      "   1.000 s  └ ┊  ada      completed  a → b can start",
      "   1.001 s    ┌  ben      claimed    b",
    ]);
  },
});

Deno.test({
  name: "coordination: a lane stays as it is where somebody only says or hears something",
  permissions: "none",
  fn() {
    const entries: readonly Entry[] = [
      { at: 0, who: "ada", did: "waits", what: "" },
      { at: 1, who: "ada", did: "is told", what: "" },
      { at: 2, who: "server", did: "takes back", what: "" },
      { at: 3, who: "ada", did: "claimed", what: "" },
      { at: 4, who: "ada", did: "reports", what: "" },
      { at: 5, who: "server", did: "skipped", what: "" },
      { at: 6, who: "ada", did: "refused", what: "" },
      { at: 7, who: "server", did: "skipped", what: "" },
    ];
    const lines = timeline(entries, ["ada"], { columns: 80, hasColors: false });
    assertEquals(lines.map((line) => line[12]).join(""), "○├┆┌├│✗ ");
  },
});

Deno.test({
  name: "coordination: a timeline is no wider than the terminal, and coloured only if asked",
  permissions: "none",
  fn() {
    const paper = { columns: 44, hasColors: false };
    const lines = timeline(ENTRIES, ["ada", "ben"], paper);
    assertEquals(lines[2], "   1.000 s  └    ada      completed  a → b …");
    const [, colored] = timeline(ENTRIES, ["ada", "ben"], { ...paper, hasColors: true });
    assertEquals(
      colored,
      "  \x1b[2m 0.020 s\x1b[0m  \x1b[36m┌\x1b[0m \x1b[33m \x1b[0m  \x1b[36mada      claimed    a\x1b[0m",
    );
  },
});
