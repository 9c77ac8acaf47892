/** The rule for the record of handlers that failed. */

import { MAX_FAILURE_CHARACTERS } from "../model/limits.ts";
import { Refusal } from "../model/refusal.ts";
import { checkId, printable } from "../model/values.ts";
import { checkNumber } from "./checks/settings.ts";
import type { Deciders } from "./decision.ts";

export const handlerDeciders: Deciders<"record_failure"> = {
  record_failure(_, { failure }) {
    const { handler, notification, error, tries } = failure;
    checkId(handler, "Handler name");
    if (!/^\d{1,15}\.\d{1,15}$/.test(notification)) {
      throw new Refusal(
        "invalid_value",
        `Cannot record a failure of handler ${handler} with ${
          printable(notification)
        }: it must be the id of a notification, ` +
          "like 12.0",
      );
    }
    checkNumber(tries, "The tries of a handler", { least: 1, most: Number.MAX_SAFE_INTEGER });
    if (error.length > MAX_FAILURE_CHARACTERS) {
      throw new Refusal(
        "limit_exceeded",
        `Cannot record an error of more than ${MAX_FAILURE_CHARACTERS} characters of handler ${handler}: cut it`,
        { limit: MAX_FAILURE_CHARACTERS },
      );
    }
    return { events: [{ type: "handler.failed", ...failure }], answer: () => ({ recorded: 1 }) };
  },
};
