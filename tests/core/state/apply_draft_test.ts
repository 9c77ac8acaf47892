/** Shows that a record tells the groups of its tasks, so that readers of the journal need no state. */

import { assertEquals } from "@std/assert";
import type { Event } from "../../../src/core/messages/events.ts";
import { applyDraft } from "../../../src/core/state/apply_draft.ts";
import { evolve } from "../../../src/core/state/evolve.ts";
import { emptyState } from "../../../src/core/state/state.ts";
import { newTask } from "../given.ts";

Deno.test({
  name: "a record tells the groups of its tasks before it, also of those that it skips, moves or deletes",
  permissions: "none",
  fn() {
    const state = emptyState();
    const tasks = [
      { ...newTask("a"), group: "g" },
      { ...newTask("b", "a"), group: "g", ifUnreachable: "skip" as const },
      { ...newTask("c"), group: "h" },
      newTask("d"),
    ];
    const draft = (events: readonly Event[]) => ({ at: 1, actor: "x", command: "c", events });
    const groups = ["g", "h"].map((id): Event => ({ type: "group.created", group: { id } }));
    assertEquals(applyDraft(state, draft(groups)).groups, undefined);
    assertEquals(applyDraft(state, draft([{ type: "tasks.created", tasks }])).groups, undefined);
    const cancelled = applyDraft(state, draft([{ type: "task.cancelled", id: "a" }]));
    assertEquals(cancelled.events.map(({ type }) => type), ["task.cancelled", "tasks.skipped"]);
    assertEquals(cancelled.groups, [{ group: "g", tasks: ["a", "b"] }]);
    const moved = applyDraft(state, draft([{ type: "task.updated", id: "c", settings: { group: "g" } }]));
    assertEquals(moved.groups, [{ group: "h", tasks: ["c"] }]);
    assertEquals(applyDraft(state, draft([{ type: "task.deleted", id: "c" }])).groups, [{ group: "g", tasks: ["c"] }]);
    assertEquals(applyDraft(state, draft([{ type: "task.cancelled", id: "d" }])).groups, undefined);
  },
});

Deno.test({
  name: "a record names a task once among those of its group, however many of its events are about it",
  permissions: "none",
  fn() {
    const state = emptyState();
    evolve(state, { type: "group.created", group: { id: "g" } }, 1);
    evolve(state, { type: "tasks.created", tasks: [{ ...newTask("a"), group: "g" }] }, 1);
    const events: Event[] = [{ type: "task.overdue", id: "a" }, { type: "task.cancelled", id: "a" }];
    assertEquals(applyDraft(state, { at: 2, actor: "x", command: "c", events }).groups, [{ group: "g", tasks: ["a"] }]);
  },
});
