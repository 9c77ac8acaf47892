/** Shows that a refusal names dependents in the order of creation, however the state came about. */

import { assertEquals } from "@std/assert";
import type { Command } from "../../../src/core/messages/commands.ts";
import { decide } from "../../../src/core/rules/decide.ts";
import { restore, snapshotOf } from "../snapshot.ts";
import { contextAt, create, newTask, refusalOf, remove, stateAfter, update } from "../given.ts";

function namedBy(command: Command, dependents: readonly string[]): void {
  const state = stateAfter(
    { type: "create_group", id: "g", settings: {} },
    create(newTask("base"), newTask("first"), newTask("second")),
    update("second", "base"),
    update("first", "base"),
    { type: "update_task", id: "second", settings: { group: "g" } },
    { type: "update_task", id: "first", settings: { group: "g" } },
  );
  for (const made of [state, restore(snapshotOf(state))]) {
    assertEquals(refusalOf(() => decide(made, command, contextAt(10))).data["dependents"], dependents);
  }
}

Deno.test({
  name: "a task or group that is not deleted names what depends on it in the order of creation",
  permissions: "none",
  fn() {
    namedBy(remove("base"), ["first", "second"]);
    namedBy({ type: "delete_group", id: "g" }, ["first", "second"]);
  },
});
