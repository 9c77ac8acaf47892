/** Shows what comes first where two things could decide: a task and the server's settings, a version and the archive. */

import { assertEquals } from "@std/assert";
import type { Command, TaskDefaults } from "../../../src/core/messages/commands.ts";
import type { Dependency } from "../../../src/core/model/dependency.ts";
import { emptyState } from "../../../src/core/state/state.ts";
import { create, given, newTask, refusalOf, run, stateAfter, taskWith } from "../given.ts";

Deno.test({
  name: "what a task says comes before the server's settings, one by one, in a plan and in a template",
  permissions: "none",
  fn() {
    const defaults: TaskDefaults = { timeoutMs: 7_000, maxAttempts: 7, backoff: { initialIntervalMs: 7 } };
    const said = { timeoutMs: 1_000, maxAttempts: 1, backoff: { initialIntervalMs: 1 } };
    for (const key of ["timeoutMs", "maxAttempts", "backoff"] as const) {
      const task = taskWith({ [key]: said[key] }, "a");
      const expected = { ...defaults, [key]: said[key] };
      const state = emptyState();
      const [created] = run(state, create(task), 1, defaults).answer;
      run(state, { type: "save_template", template: { name: "t", parameters: [], tasks: [task] } }, 2);
      const applied = run(
        state,
        { type: "apply_template", name: "t", group: "g", settings: {}, parameters: {} },
        3,
        defaults,
      ).answer.tasks[0];
      for (const made of [created, applied]) {
        assertEquals([made?.timeoutMs, made?.maxAttempts, made?.backoff], Object.values(expected));
      }
    }
  },
});

Deno.test({
  name: "no version of an archived template can be applied until it is taken back, named or not",
  permissions: "none",
  fn() {
    const save: Command = {
      type: "save_template",
      template: { name: "t", parameters: [], tasks: [newTask("a")] },
    };
    const state = stateAfter(save, save, { type: "archive_template", name: "t", isArchived: true });
    const apply = (group: string, version: { readonly version?: number }) =>
      run(state, { type: "apply_template", name: "t", group, settings: {}, parameters: {}, ...version }, 9).answer;
    for (const version of [{}, { version: 1 }, { version: 2 }]) {
      assertEquals(refusalOf(() => apply("g", version)).code, "wrong_state");
    }
    run(state, { type: "archive_template", name: "t", isArchived: false }, 9);
    assertEquals([apply("newest", {}).version, apply("first", { version: 1 }).version], [2, 1]);
  },
});

Deno.test({
  name: "a group is not deleted while it has a task or anything depends on it, in whatever form",
  permissions: "none",
  fn() {
    const group: Command = { type: "create_group", id: "g", settings: {} };
    const remove: Command = { type: "delete_group", id: "g" };
    const dependencies: readonly Dependency[] = [
      { group: "g" },
      { group: "g", on: "failed" },
      { any: [{ group: "g" }] },
      { at_least: 1, of: { group: "g" } },
    ];
    for (const task of [taskWith({ group: "g" }, "a"), ...dependencies.map((each) => newTask("a", each))]) {
      given(group, create(task)).when(remove).thenRefused("has_dependents", "Cannot delete group g", {
        group: "g",
        dependents: ["a"],
        count: 1,
      });
    }
    given(group).when(remove).then({ type: "group.deleted", group: "g" });
  },
});
