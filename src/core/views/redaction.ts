/** What a redaction of a task needs to know of it before the lines of its records are rewritten. */

import type { Redaction } from "../messages/redact.ts";
import { checkRedactableFields, type RedactableField } from "../model/redaction.ts";
import { keptVerdictsOn } from "../state/conditions.ts";
import type { ReadonlyState } from "../state/state.ts";

/** The redaction of a task, which may be gone, as `redact_task` records it in this state. */
export function redactionOf(
  state: ReadonlyState,
  { id, fields }: { readonly id: string; readonly fields: readonly RedactableField[] },
): Redaction {
  checkRedactableFields(fields);
  const node = fields.includes("result") ? state.tasks.get(id) : undefined;
  const keptVerdicts = node === undefined ? {} : keptVerdictsOn(node);
  return { id, fields, ...(Object.keys(keptVerdicts).length > 0 && { keptVerdicts }) };
}
