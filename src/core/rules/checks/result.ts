/** Refuses a result that dependents cannot read. */

import { describeCondition, type ResultCondition } from "../../model/dependency.ts";
import type { JsonValue } from "../../model/result.ts";
import { refuse } from "../../model/refusal.ts";
import { nameSome } from "../../model/text.ts";
import { undecidedBy } from "../../state/result_needs.ts";
import type { ReadonlyState, ReadonlyTaskNode } from "../../state/state.ts";

/**
 * Refuses a result from which the conditions of waiting dependents cannot be decided.
 *
 * @param value reads the value of the result, as conditions do; only called if a condition asks
 * @throws Refusal `invalid_value`; its `data.needs` has each condition and the task that waits for it (the first few)
 */
export function checkDecides(state: ReadonlyState, node: ReadonlyTaskNode, value: () => JsonValue): void {
  const needs = undecidedBy(state, node, value);
  const [first] = needs;
  if (first === undefined) return;
  const { id } = node.task;
  const asked = [...new Set(needs.map(({ when }) => describeCondition(when)))];
  const dependents = [...new Set(needs.map(({ dependent }) => dependent))];
  throw refuse(
    "invalid_value",
    `Cannot complete task ${id} with this result as ${nameSome(dependents)} cannot tell from it whether ` +
      `${nameSome(asked)}: give JSON that has it, alone or as the only fenced JSON block, like ${example(first.when)}`,
    {
      // With several dependents, the change of one is not enough.
      ...(dependents.length === 1 && {
        remedies: [{ type: "update_task", id: first.dependent, change: "dependencies" }],
      }),
      data: { id, needs },
    },
  );
}

/** JSON that has the part of a condition. */
function example({ pointer = "", greater_than, less_than }: ResultCondition): string {
  const bound = greater_than ?? less_than;
  let value: JsonValue = typeof bound === "number" ? bound : "…";
  for (const step of pointer.split("/").slice(1).toReversed()) {
    value = { [step.replaceAll("~1", "/").replaceAll("~0", "~")]: value };
  }
  return JSON.stringify(value);
}
