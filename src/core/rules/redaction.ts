/**
 * The rule for redaction: the texts of a task go from the state at once. Which lines of the journal are rewritten then comes
 * with the command, as only the store knows them.
 */

import { redactTask, textFieldsOf } from "../messages/redact.ts";
import { checkAll } from "../model/faults.ts";
import { MAX_REASON_BYTES, MAX_REDACTED_RECORDS } from "../model/limits.ts";
import { checkRedactableFields, type RedactableField, type RedactedRecord } from "../model/redaction.ts";
import { Refusal } from "../model/refusal.ts";
import type { Task } from "../model/task.ts";
import { checkText, printable } from "../model/values.ts";
import { redactionOf } from "../views/redaction.ts";
import type { Deciders } from "./decision.ts";

export const redactionDeciders: Deciders<"redact_task"> = {
  redact_task(state, { id, fields, reason, records, pastConditions, isPartial }, { caller }) {
    checkAll(
      () => checkRedactableFields(fields),
      () => checkText(reason, `Reason to redact task ${printable(id)}`, MAX_REASON_BYTES),
      () => {
        if (reason.trim() !== "") return;
        throw new Refusal(
          "invalid_value",
          `Cannot redact task ${printable(id)} without a reason: say why, for the audit`,
        );
      },
      () => checkRecords(records),
    );
    const node = state.tasks.get(id);
    if (records.length === 0) refuseWithoutTexts(node?.task, { id, fields });
    return {
      events: [{
        type: "task.redacted",
        ...redactionOf(state, { id, fields, pastConditions }),
        reason,
        by: { caller: caller.name },
        records,
        ...(node === undefined && { isGone: true }),
        ...(isPartial === true && { isPartial }),
      }],
      answer: () => ({ redacted: id, fields, records: records.length }),
    };
  },
};

function checkRecords(records: readonly RedactedRecord[]): void {
  if (records.length > MAX_REDACTED_RECORDS) {
    throw new Refusal("limit_exceeded", `Cannot name more than ${MAX_REDACTED_RECORDS} records in one redaction`, {
      limit: MAX_REDACTED_RECORDS,
    });
  }
  const isSound = records.every(([seq, body], index) => {
    return Number.isSafeInteger(seq) && seq > (records[index - 1]?.[0] ?? 0) && /^[0-9a-f]{64}$/.test(body);
  });
  if (!isSound) throw new Refusal("invalid_value", "The records of a redaction must be [seq, SHA-256], ascending");
}

function refuseWithoutTexts(
  task: Task | undefined,
  { id, fields }: { readonly id: string; readonly fields: readonly RedactableField[] },
): void {
  if (task === undefined) {
    throw new Refusal("not_found", `Task ${printable(id)} not found, and no record has a text of it`, { id });
  }
  if (redactTask(task, { id, fields }) !== task) return;
  const others = textFieldsOf(task);
  const hint = others.length === 0 ? "nothing of it is left to redact" : `it has ${others.join(", ")}`;
  throw new Refusal("wrong_state", `Cannot redact ${fields.join(", ")} of task ${id} as it has no such text: ${hint}`, {
    id,
    fields: others,
  });
}
