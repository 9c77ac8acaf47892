/** Shows that a refusal names every fault of the settings of one task, group or instance, as if each were the only one. */

import { assertEquals } from "@std/assert";
import { decide } from "../../../../src/core/rules/decide.ts";
import type { Command } from "../../../../src/core/messages/commands.ts";
import { emptyState } from "../../../../src/core/state/state.ts";
import { contextAt, create, importing, newTask, oldTask, refusalOf, stateAfter } from "../../given.ts";

const BAD_SETTINGS = {
  group: "none",
  role: "",
  capabilities: ["\t"],
  locks: ["\t"],
  assignTo: { instance: "", fallbackMs: -1, notBy: ["a", "none"] },
  timeoutMs: 0,
  maxAttempts: 0,
  estimateMs: 0,
  notBefore: -1,
  deadline: -1,
  backoff: { initialIntervalMs: -1, coefficient: 0, maxIntervalMs: -1 },
  refs: { k: "\0" },
};

function messagesOf(command: Command, state = emptyState()): readonly string[] {
  const { message, data } = refusalOf(() => decide(state, command, contextAt(10)));
  const faults = data["faults"] as readonly { readonly message: string }[] | undefined;
  return faults === undefined ? [message] : faults.map((fault) => fault.message);
}

Deno.test({
  name: "each bad setting of a new or changed task is named",
  permissions: "none",
  fn() {
    const state = stateAfter(create(newTask("a")));
    const creating = (settings: object): Command => create({ ...newTask("b"), ...settings });
    const updating = (settings: object): Command => ({ type: "update_task", id: "a", settings });
    for (const command of [creating, updating]) {
      const alone = Object.entries(BAD_SETTINGS).flatMap(([name, value]) =>
        messagesOf(command({ [name]: value }), state)
      );
      assertEquals(messagesOf(command(BAD_SETTINGS), state), alone.slice(0, 20));
      assertEquals(alone.length >= Object.keys(BAD_SETTINGS).length + 4, true);
    }
  },
});

Deno.test({
  name: "each bad setting of a group and of an instance is named",
  permissions: "none",
  fn() {
    const group = { title: "\0", maxParallel: 0, preamble: "\0", visibleTo: ["", "\t"] };
    assertEquals(messagesOf({ type: "create_group", id: "g", settings: group }).length, 5);
    const instance = { roles: [""], capabilities: ["\t"], maxConcurrent: 0, ttlMs: 0, metadata: { k: "\0" } };
    assertEquals(messagesOf({ type: "register_instance", instance: "i", settings: instance }).length, 5);
  },
});

Deno.test({
  name: "each fault of an imported task is named, a number that is none only once",
  permissions: "none",
  fn() {
    assertEquals(messagesOf(importing(oldTask("a", { assignedTo: "\t", result: "r", error: "e", createdAt: NaN }))), [
      'Instance id "\\t" has a control character: use visible characters only',
      "Cannot import task a as it is: its times must be milliseconds since 1970",
      "Cannot import task a as it is: a pending task cannot have assignedTo",
      "Cannot import task a as it is: only a completed task can have a result",
      "Cannot import task a as it is: only a failed task can have an error",
    ]);
  },
});
