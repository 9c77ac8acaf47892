/** What a redaction of a task needs to know of it before the lines of its records are rewritten. */

import type { Redaction } from "../messages/redact.ts";
import type { ResultCondition } from "../model/dependency.ts";
import { checkRedactableFields, type RedactableField } from "../model/redaction.ts";
import type { ReadonlyState } from "../state/state.ts";

export interface RedactionPlan {
  readonly id: string;
  readonly fields: readonly RedactableField[];
  /** What the journal has of conditions on the task's result; those of present tasks are known without it. */
  readonly pastConditions?: readonly ResultCondition[] | undefined;
}

/** The redaction of a task, which may be gone, as `redact_task` records it in this state. O(conditions). */
export function redactionOf(
  state: Pick<ReadonlyState, "tasks">,
  { id, fields, pastConditions = [] }: RedactionPlan,
): Redaction {
  checkRedactableFields(fields);
  if (!fields.includes("result")) return { id, fields };
  const node = state.tasks.get(id);
  // The rest of an interrupted redaction keeps no more than the state does, in which the result is redacted already.
  const kept = node?.task.keptVerdicts;
  const conditions = new Map<string, ResultCondition>();
  for (const when of [...presentConditions(node), ...pastConditions]) {
    const key = JSON.stringify(when);
    if (kept === undefined || Object.hasOwn(kept, key)) conditions.set(key, when);
  }
  return { id, fields, ...(conditions.size > 0 && { conditions: [...conditions.values()] }) };
}

function presentConditions(node: ReturnType<ReadonlyState["tasks"]["get"]>): readonly ResultCondition[] {
  return Array.from(node?.subscribers ?? [], ({ when }) => when).filter((when) => when !== undefined);
}
