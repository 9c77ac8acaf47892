/** Shows that the list of event types is complete and that every event names its tasks. */

import { EVENT_TYPES, type EventType, taskIdsOf } from "../../../src/core/messages/events.ts";
import { READINESSES, TASK_STATUSES } from "../../../src/core/model/status.ts";
import { emptyState } from "../../../src/core/state/state.ts";
import { summarize } from "../../../src/core/views/tasks.ts";
import { newTask, oldTask } from "../given.ts";
import { assertEquals } from "@std/assert";

Deno.test({
  name: "EVENT_TYPES lists every event type once",
  permissions: "none",
  fn() {
    const all: Readonly<Record<EventType, true>> = {
      "tasks.created": true,
      "tasks.imported": true,
      "task.updated": true,
      "task.deleted": true,
      "tasks.archived": true,
      "task.claimed": true,
      "task.progressed": true,
      "task.completed": true,
      "task.failed": true,
      "attempt.ended": true,
      "task.released": true,
      "task.cancelled": true,
      "task.retried": true,
      "task.noted": true,
      "task.redacted": true,
      "tasks.skipped": true,
      "tasks.abandoned": true,
      "task.overdue": true,
      "tasks.ready": true,
      "instance.registered": true,
      "instance.renewed": true,
      "instance.drained": true,
      "instance.left": true,
      "instance.lost": true,
      "session.closed": true,
      "session.lost": true,
      "session.resumed": true,
      "group.created": true,
      "group.updated": true,
      "group.deleted": true,
      "template.saved": true,
      "template.archived": true,
      "token.issued": true,
      "token.revoked": true,
      "webhook.saved": true,
      "webhook.rotated": true,
      "webhook.replayed": true,
      "webhook.disabled": true,
      "webhook.deleted": true,
      "access.denied": true,
      "project.paused": true,
      "project.resumed": true,
      "handler.failed": true,
      "clock.corrected": true,
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
  name: "READINESSES lists every readiness once",
  permissions: "none",
  fn() {
    const { total: _t, byStatus: _s, overdue: _o, ...readinesses } = summarize(emptyState());
    assertEquals<readonly string[]>(READINESSES.toSorted(), Object.keys(readinesses).toSorted());
  },
});

Deno.test({
  name: "taskIdsOf names the tasks that an event speaks of",
  permissions: "none",
  fn() {
    assertEquals(taskIdsOf({ type: "tasks.created", tasks: [newTask("b"), newTask("a", "b")] }), ["b", "a"]);
    assertEquals(taskIdsOf({ type: "tasks.imported", tasks: [oldTask("a")] }), ["a"]);
    assertEquals(taskIdsOf({ type: "task.deleted", id: "a" }), ["a"]);
    assertEquals(taskIdsOf({ type: "task.updated", id: "a", dependencies: ["b"] }), ["a"]);
    assertEquals(taskIdsOf({ type: "tasks.skipped", tasks: [{ id: "a", because: "b" }] }), ["a"]);
    assertEquals(taskIdsOf({ type: "instance.lost", instance: "x", tasks: ["a", "b"] }), ["a", "b"]);
    assertEquals(taskIdsOf({ type: "instance.renewed", instance: "x", leases: [{ id: "a", until: 9 }] }), ["a"]);
    assertEquals(taskIdsOf({ type: "instance.renewed", instance: "x" }), []);
    assertEquals(taskIdsOf({ type: "tasks.ready", tasks: ["a", "b"] }), ["a", "b"]);
    assertEquals(taskIdsOf({ type: "tasks.archived", tasks: ["b", "a"] }), ["b", "a"]);
    assertEquals(taskIdsOf({ type: "instance.left", instance: "x" }), []);
    assertEquals(taskIdsOf({ type: "group.created", group: { id: "g" } }), []);
  },
});
