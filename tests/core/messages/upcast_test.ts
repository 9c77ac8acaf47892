/** Shows what records of older formats mean in the present one. */

import { assertEquals } from "@std/assert";
import type { Event, JournalRecord } from "../../../src/core/messages/events.ts";
import { upcast2to3 } from "../../../src/core/messages/upcast.ts";
import { newTask } from "../given.ts";

Deno.test({
  name: "a record of format 2 is silent, and its groups of version 1 of a built-in template are of the built-in one",
  permissions: "none",
  fn() {
    const group = (name: string, version: number): Event => {
      return { type: "group.created", group: { id: "g", template: { name, version } } };
    };
    const plain: Event = { type: "group.created", group: { id: "h" } };
    const tasks: Event = { type: "tasks.created", tasks: [newTask("a")] };
    const events = [group("feature", 1), group("feature", 2), group("own", 1), plain, tasks];
    const record: JournalRecord = { seq: 1, at: 1, actor: "test", command: "apply_template", events };
    const builtin: Event = {
      type: "group.created",
      group: { id: "g", template: { name: "feature", version: 0, builtinVersion: 1 } },
    };
    assertEquals(upcast2to3(record), {
      ...record,
      groups: "unknown",
      isSilent: true,
      events: [builtin, ...events.slice(1)],
    });
  },
});
