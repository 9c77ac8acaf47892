/** The answer to a command that is no repeat. */

import type { Repeated } from "../../src/core/messages/commands.ts";

/** The answer itself; throws for a repeat. */
export function notRepeated<T extends object>(answer: T | Repeated): T {
  if ("repeated" in answer) throw new Error(`The command was carried out before, as record ${answer.seq}`);
  return answer;
}
