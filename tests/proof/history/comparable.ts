/**
 * What of an outcome can be compared between processes: all, but for what depends on the order in which a process came
 * to know tasks. Why nothing can be claimed names the first few running, blocking and unmatched tasks in no order of
 * its own, so of these lists only the counts are compared, and of messages that name them the beginning.
 */

import type { NoTasks } from "../../../src/core/messages/commands.ts";
import type { Outcome } from "./call_log.ts";

/** An outcome as it is after being written and read, without what cannot be compared. */
export function comparable(outcome: Outcome): unknown {
  const plain = JSON.parse(JSON.stringify(outcome));
  if (outcome.type === "refused") {
    return isUnordered(outcome) ? { ...plain, message: beginning(outcome.message) } : plain;
  }
  if (outcome.type !== "answered" || !isNone(outcome.answer)) return plain;
  const { none } = outcome.answer;
  return { ...plain, answer: { ...plain.answer, none: comparableReason(none) } };
}

function comparableReason({ reason, message, runningCount, blockedCount, holding, nextAt }: NoTasks): unknown {
  return plainOf({ reason, message: beginning(message), runningCount, blockedCount, holding, nextAt });
}

/** A claim by name that an instance's limit refuses says why it can claim nothing. */
function isUnordered({ code }: Extract<Outcome, { type: "refused" }>): boolean {
  return code === "limit_reached";
}

function isNone(answer: unknown): answer is { readonly none: NoTasks } {
  return typeof answer === "object" && answer !== null && "none" in answer;
}

function beginning(message: string): string {
  return message.split(/[:;]| by /)[0] ?? "";
}

function plainOf(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
