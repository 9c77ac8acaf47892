/** Shows that what agents say of a task arrives as the settings that they mean, each by itself. */

import { assertEquals } from "@std/assert";
import type { Changes } from "../../src/core/messages/events.ts";
import type { TaskSettings } from "../../src/core/model/task.ts";
import { toChanges, toNewTask } from "../../src/mcp/tools/task_arguments.ts";
import { newTask } from "../core/given.ts";

type Said = readonly [
  said: Omit<Parameters<typeof toNewTask>[0], "id" | "description">,
  settings: Changes<TaskSettings>,
];

/** What an agent says, and the settings that it means. */
const EACH: readonly Said[] = [
  [{ priority: "high" }, { priority: "high" }],
  [{ group: "g" }, { group: "g" }],
  [{ role: "r" }, { role: "r" }],
  [{ capabilities: ["c", "d"] }, { capabilities: ["c", "d"] }],
  [{ assign_to: { instance: "x", fallback_ms: 5 } }, { assignTo: { instance: "x", fallbackMs: 5 } }],
  [{ assign_to: { role: "r" } }, { assignTo: { role: "r" } }],
  [{ locks: ["l", "m", "l"] }, { locks: ["l", "m"] }],
  [{ timeout_ms: 5 }, { timeoutMs: 5 }],
  [{ max_attempts: 5 }, { maxAttempts: 5 }],
  [{ estimate_ms: 5 }, { estimateMs: 5 }],
  [{ backoff: { initial_interval_ms: 1 } }, { backoff: { initialIntervalMs: 1 } }],
  [{ backoff: { backoff_coefficient: 3, max_interval_ms: 2 } }, { backoff: { coefficient: 3, maxIntervalMs: 2 } }],
  [{ not_before: "PT1S" }, { notBefore: 1_100 }],
  [{ deadline: "1970-01-01T00:00:02Z" }, { deadline: 2_000 }],
  [{ fail_on_deadline: true }, { failOnDeadline: true }],
  [{ if_unreachable: "skip" }, { ifUnreachable: "skip" }],
];

/** What is the same as saying nothing. */
const NOTHING: readonly Said[] = [
  [{ priority: "normal" }, { priority: null }],
  [{ capabilities: [] }, { capabilities: null }],
  [{ locks: [] }, { locks: null }],
  [{ if_unreachable: "block" }, { ifUnreachable: null }],
];

Deno.test({
  name: "each parameter sets exactly its own setting, in a new task and in a change",
  permissions: "none",
  fn() {
    for (const [said, settings] of EACH) {
      assertEquals(toChanges(said, 100), settings);
      assertEquals(toNewTask({ id: "a", description: "do a", ...said }, 100), {
        ...newTask("a"),
        ...settings,
      });
    }
  },
});

Deno.test({
  name: "a default value is not stored, and removes another value in a change",
  permissions: "none",
  fn() {
    for (const [said, settings] of NOTHING) {
      assertEquals(toChanges(said, 100), settings);
      assertEquals(toNewTask({ id: "a", description: "do a", ...said }, 100), newTask("a"));
    }
  },
});
