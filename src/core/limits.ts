/**
 * Every bound that the core enforces, by name. A value over a bound is refused, never cut.
 */

/** Longest task or instance id, in Unicode code points. */
export const MAX_ID_CHARACTERS = 200;

/** Longest task description, in bytes of UTF-8. */
export const MAX_DESCRIPTION_BYTES = 64 * 1024;

/** Longest task result, in bytes of UTF-8. */
export const MAX_RESULT_BYTES = 512 * 1024;

/** Longest error text of a failed task, in bytes of UTF-8. */
export const MAX_ERROR_BYTES = 64 * 1024;

/** Longest reason given with a release or a cancellation, in bytes of UTF-8. */
export const MAX_REASON_BYTES = 4 * 1024;

/** Most dependencies that one task may name. */
export const MAX_DEPENDENCIES = 1_000;

/** Most tasks that one `create_tasks` may create. */
export const MAX_BATCH_TASKS = 1_000;

/** Most tasks in one journal, finished ones included. */
export const MAX_TASKS = 1_000_000;

/** Highest attempt of an imported task; far from where numbers stop counting. */
export const MAX_IMPORTED_ATTEMPT = 1_000_000_000;

/** Latest time of an imported task, in milliseconds since the Unix epoch: the last one that has a date (ECMA-262). */
export const MAX_TIME_MS = 8.64e15;

/** Most tasks, dependents or culprits that an error or a "no tasks" answer names. */
export const MAX_NAMED = 10;

/** Most tasks that a completion shows as unlocked. */
export const MAX_UNLOCKED = 20;

/** Most blocked tasks that are looked at to name the culprits in a "no tasks" answer. */
export const MAX_SCANNED = 100;

/** Most characters of dependency results handed out with a claim, all together. */
export const MAX_INPUTS_CHARACTERS = 32 * 1024;

/** Most characters of one dependency's result handed out with a claim. */
export const MAX_INPUT_CHARACTERS = 4 * 1024;

/** Most dependencies whose results are handed out with a claim. */
export const MAX_INPUTS = 100;
