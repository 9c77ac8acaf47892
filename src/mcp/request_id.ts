/** Request ids: where a client gives one, and how a repeat is answered. */

import type { Repeated } from "../core/messages/commands.ts";
import { MAX_ID_CHARACTERS } from "../core/model/limits.ts";
import { Refusal } from "../core/model/refusal.ts";
import type { Json } from "./page.ts";
import { presentGroup } from "./present.ts";
import { presentCompact } from "./present_task.ts";

/** The key of a request id in `_meta` of `tools/call`. */
const REQUEST_ID_KEY = "orchestrator/requestId";

/**
 * The request id of a call, if the client gave one.
 *
 * @throws Refusal `invalid_value` if it is not a text
 */
export function requestIdOf(meta: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const id = meta?.[REQUEST_ID_KEY];
  // Absent, as everywhere.
  if (id === undefined || id === null) return undefined;
  if (typeof id === "string") return id;
  throw new Refusal(
    "invalid_value",
    `_meta["${REQUEST_ID_KEY}"] must be a text of 1 to ${MAX_ID_CHARACTERS} characters`,
  );
}

/** Ends a tool whose command was carried out before: its usual answer can't be given. */
export class RepeatedCall extends Error {
  override readonly name = "RepeatedCall";

  constructor(readonly answer: Repeated) {
    super(`The command was carried out before, as record ${answer.seq}`);
  }
}

/** The answer to a command. Throws `RepeatedCall` if it was carried out before. */
export function unlessRepeated<T>(answer: T | Repeated): T {
  // No answer to a command has this field.
  if (Object(answer).repeated === true) throw new RepeatedCall(answer as Repeated);
  return answer as T;
}

/** The answer to a repeated call. */
export function repeatedAnswer({ seq, tasks, groups }: Repeated): { readonly json: Json; readonly note: string } {
  return {
    json: {
      repeated: true,
      seq,
      ...(tasks.length > 0 && { tasks: tasks.map((task) => presentCompact(task)) }),
      ...(groups.length > 0 && { groups: groups.map(presentGroup) }),
    },
    note:
      "A call with this request id was carried out before: nothing was changed now. get_task_details shows a task " +
      "in full.",
  };
}
