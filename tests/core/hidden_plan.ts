/** Plans with groups that are hidden from callers of the audience `p`, and what happens in them. */

import fc from "fast-check";
import type { Command } from "../../src/core/messages/commands.ts";
import type { Dependency } from "../../src/core/model/dependency.ts";
import { create, newTask } from "./given.ts";

export const SHOWN = ["a", "b", "c", "d"];
export const HIDDEN = ["h", "i", "j"];
export const SHOWN_GROUPS = ["g", "pg", "new"];
export const HIDDEN_GROUPS = ["qg", "qh"];

export const START: readonly Command[] = [
  { type: "create_group", id: "g", settings: {} },
  { type: "create_group", id: "pg", settings: { visibleTo: ["p", "q"] } },
  create({ ...newTask("a"), group: "g" }, newTask("b", "a"), { ...newTask("c", "b", { group: "g" }), group: "pg" }),
];

export const HIDDEN_START: readonly Command[] = [
  { type: "create_group", id: "qg", settings: { visibleTo: ["q"] } },
  { type: "create_group", id: "qh", settings: { visibleTo: ["q"], maxParallel: 1 } },
  create({ ...newTask("h", "b"), description: "secret", group: "qg" }),
];

/**
 * What happens in hidden groups may depend on what is shown. Hidden tasks take no locks, which is told.
 *
 * @param instances who works on hidden tasks
 */
export function hiddenCommand(instances: readonly [string, ...string[]] = ["z"]): fc.Arbitrary<Command> {
  const id = fc.constantFrom(...HIDDEN);
  const group = fc.constantFrom(...HIDDEN_GROUPS);
  const instance = fc.constantFrom(...instances);
  const dependency: fc.Arbitrary<Dependency> = fc.oneof(
    fc.constantFrom(...SHOWN, ...HIDDEN),
    fc.record({ group: fc.constantFrom(...SHOWN_GROUPS, ...HIDDEN_GROUPS) }),
    fc.record({ task: fc.constantFrom(...SHOWN), when: fc.constant({ pointer: "/a", equals: 1 }) }),
    fc.record({ task: fc.constantFrom(...SHOWN), on: fc.constantFrom("failed" as const, "finished" as const) }),
  );
  const settings = fc.record({
    timeoutMs: fc.integer({ min: 1, max: 9 }),
    deadline: fc.nat(60),
    priority: fc.constantFrom("urgent" as const, "low" as const),
    assignTo: fc.constantFrom(...SHOWN).map((task) => ({ notBy: [task] })),
    notBefore: fc.nat(60),
  }, { requiredKeys: [] });
  const task = fc.record({ id, group, dependencies: fc.array(dependency, { maxLength: 2 }), settings })
    .map(({ settings, ...task }) => ({ description: "secret", ...task, ...settings }));
  const result = fc.constantFrom("", `{"a":1}`);
  return fc.oneof<fc.Arbitrary<Command>[]>(
    task.map((task) => create(task)),
    task.map((task) => create(task)),
    fc.record({ group, instance }).map((rest): Command => ({ type: "claim_task", ...rest })),
    fc.record({ id, instance }).map((rest): Command => ({ type: "claim_task", ...rest })),
    fc.record({ id, instance, result }).map((rest): Command => ({ type: "complete_task", ...rest })),
    fc.record({ id, instance }).map((rest): Command => ({ type: "fail_task", error: "secret", ...rest })),
    fc.record({ id }).map((rest): Command => ({ type: "cancel_task", ...rest })),
    fc.record({ id }).map((rest): Command => ({ type: "retry_task", ...rest })),
    fc.record({ id }).map((rest): Command => ({ type: "delete_task", ...rest })),
    fc.record({ group }).map((filter): Command => ({ type: "archive_tasks", filter })),
    fc.record({ id }).map((rest): Command => ({ type: "add_note", text: "secret", ...rest })),
    fc.record({ id, settings }).map((rest): Command => ({ type: "update_task", ...rest })),
    fc.record({ id: group, paused: fc.boolean() }).map(({ id, paused }): Command => {
      return { type: "update_group", id, settings: { paused: paused || null } };
    }),
  );
}
