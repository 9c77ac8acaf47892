/** Shows that the list of event types is complete and that every event names its tasks. */

import { assertEquals } from "@std/assert";
import { EVENT_TYPES, type EventType, taskIdsOf } from "../../src/core/events.ts";
import { TASK_STATUSES } from "../../src/core/model.ts";
import { emptyState } from "../../src/core/state.ts";
import { newTask, oldTask } from "./given.ts";

Deno.test({
  name: "EVENT_TYPES lists every event type once",
  permissions: "none",
  fn() {
    const all: Readonly<Record<EventType, true>> = {
      "tasks.created": true,
      "tasks.imported": true,
      "task.updated": true,
      "task.deleted": true,
      "task.claimed": true,
      "task.completed": true,
      "task.failed": true,
      "task.released": true,
      "task.cancelled": true,
      "task.retried": true,
    };
    assertEquals(EVENT_TYPES.toSorted(), Object.keys(all).toSorted());
  },
});

Deno.test({
  name: "TASK_STATUSES lists every status once",
  permissions: "none",
  fn: () => assertEquals<readonly string[]>(TASK_STATUSES, Object.keys(emptyState().counts)),
});

Deno.test({
  name: "taskIdsOf names the tasks that an event speaks of",
  permissions: "none",
  fn() {
    assertEquals(taskIdsOf({ type: "tasks.created", tasks: [newTask("b"), newTask("a", "b")] }), ["b", "a"]);
    assertEquals(taskIdsOf({ type: "tasks.imported", tasks: [oldTask("a")] }), ["a"]);
    assertEquals(taskIdsOf({ type: "task.deleted", id: "a" }), ["a"]);
    assertEquals(taskIdsOf({ type: "task.updated", id: "a", dependencies: ["b"] }), ["a"]);
  },
});
