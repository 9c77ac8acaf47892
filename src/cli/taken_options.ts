/** Which of the options for serving count for the commands that call tools. */

import type { PersonCommand } from "./person/command.ts";

/** The options for serving that say who calls, and how to tell of it. */
const CALLER_OPTIONS: readonly string[] = ["--as", "--log-level", "--log-format"];

/** The options for serving that new tasks have. */
const TASK_OPTIONS: readonly string[] = [
  "--timeout-ms",
  "--max-attempts",
  "--initial-interval-ms",
  "--backoff-coefficient",
  "--max-interval-ms",
];

/** The options for serving that also count for the commands of a person. */
export const PERSON_OPTIONS: Readonly<Record<PersonCommand["type"], readonly string[]>> = {
  add: [...CALLER_OPTIONS, ...TASK_OPTIONS],
  next: [...CALLER_OPTIONS, "--instance", "--timeout-ms"],
  done: [...CALLER_OPTIONS, "--instance"],
  note: [...CALLER_OPTIONS, "--instance"],
  cancel: [...CALLER_OPTIONS, "--instance"],
  retry: CALLER_OPTIONS,
  show: CALLER_OPTIONS,
  why: CALLER_OPTIONS,
};

/** The options for serving that also count for a single call. */
export const CALL_OPTIONS: readonly string[] = [
  ...CALLER_OPTIONS,
  ...TASK_OPTIONS,
  "--instance",
  "--max-wait-ms",
  "--allow-private-webhooks",
];
