/** What became of a call, in the form in which it is written down. */

import { Unavailable } from "../../../src/app/ports.ts";
import { Refusal } from "../../../src/core/model/refusal.ts";
import type { Outcome, Request } from "./call_log.ts";

/**
 * Resolves to how a call ended. Errors that no call may end with are thrown. A redaction that was interrupted may have
 * been recorded, whatever stopped it.
 */
export async function outcomeOf(answer: Promise<unknown>, request?: Request): Promise<Outcome> {
  try {
    return { type: "answered", answer: await answer };
  } catch (error) {
    if (error instanceof Refusal) {
      const { code, message, data } = error;
      return { type: "refused", code, message, data };
    }
    if (!(error instanceof Unavailable)) throw error;
    const { code, message } = error;
    return {
      type: "unavailable",
      code,
      message,
      mayHaveHappened: code === "outcome_unknown" || request?.type === "redact_task",
    };
  }
}
