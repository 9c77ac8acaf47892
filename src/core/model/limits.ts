/**
 * Every bound that the core enforces, by name. A value over a bound is refused, never cut.
 */

/** Longest task or instance id, in Unicode code points. */
export const MAX_ID_CHARACTERS = 200;

/** Longest task description, in bytes of UTF-8. */
export const MAX_DESCRIPTION_BYTES = 64 * 1024;

/** Longest title of a group, in bytes of UTF-8. */
export const MAX_TITLE_BYTES = 1024;

/** Longest task result, in bytes of UTF-8. */
export const MAX_RESULT_BYTES = 512 * 1024;

/** Longest error text of a failed task, in bytes of UTF-8. */
export const MAX_ERROR_BYTES = 64 * 1024;

/** Longest reason of a release or a cancellation, in bytes of UTF-8. */
export const MAX_REASON_BYTES = 4 * 1024;

/** Longest note on a task, in bytes of UTF-8. */
export const MAX_NOTE_BYTES = 4 * 1024;

/** Most notes that a task keeps. Over it, the oldest one is dropped. */
export const MAX_NOTES = 50;

/** Most notes, and most bytes of UTF-8 of all their texts, that a claim or another answer to a worker has. */
export const MAX_TOLD_NOTES = 20;
export const MAX_TOLD_NOTES_BYTES = 8 * 1024;

/** Most groups whose earlier audiences are kept, and most earlier audiences of one. */
export const MAX_PAST_AUDIENCES = 1_000;
export const MAX_PAST_AUDIENCES_OF_GROUP = 8;

/** Most instances with news of cancelled tasks that they have not got yet. Beyond it, those of the one that waits longest are dropped. */
export const MAX_CANCELLED_INSTANCES = 10_000;

/** Most characters of the reason of a cancellation that the holder is told. */
export const MAX_TOLD_REASON_CHARACTERS = 200;

/** Longest preamble of a group, in bytes of UTF-8. */
export const MAX_PREAMBLE_BYTES = 8 * 1024;

/** Most instances per group that count as having its preamble. Over it, the first of them would get it again. */
export const MAX_PREAMBLE_INSTANCES = 100;

/** Longest progress message, in bytes of UTF-8. */
export const MAX_MESSAGE_BYTES = 4 * 1024;

/** Most dependencies that one task may name, inside expressions too. */
export const MAX_DEPENDENCIES = 1_000;

/** Deepest nesting of a dependency expression. */
export const MAX_DEPENDENCY_DEPTH = 8;

/** Most characters of the JSON of a condition on a result. */
export const MAX_CONDITION_CHARACTERS = 4 * 1024;

/** Most capabilities, roles or locks that one task or instance may name, and most tasks in `notBy`. */
export const MAX_NAMES = 32;

/** Longest timeout, interval or time to live: a year, in milliseconds. */
export const MAX_DURATION_MS = 366 * 24 * 60 * 60 * 1_000;

/** Most attempts or parallel tasks that can be asked for. */
export const MAX_COUNT = 1_000_000;

/** Largest factor by which a back-off may grow. */
export const MAX_BACKOFF_COEFFICIENT = 100;

/** Most registered instances, including those that left or were lost. Over it, the one of these that called longest ago is forgotten. */
export const MAX_INSTANCES = 10_000;

/** Most entries, and bytes of UTF-8 of each key or value, of an instance's metadata. */
export const MAX_METADATA = 32;
export const MAX_METADATA_BYTES = 1024;

/** Most references of a task, and bytes of UTF-8 of each name or text. */
export const MAX_REFS = 32;
export const MAX_REF_BYTES = 1024;

/** Most hours, days and instances for which the statistics of one group are kept, the newest each. */
export const MAX_MEASURED_HOURS = 48;
export const MAX_MEASURED_DAYS = 90;
export const MAX_MEASURED_INSTANCES = 100;

/** Most groups. */
export const MAX_GROUPS = 100_000;

/** Most versions of templates, all together. */
export const MAX_TEMPLATE_VERSIONS = 10_000;

/** Most tokens that are not revoked, expired ones included. */
export const MAX_TOKENS = 1_000;

/** Most webhooks, disabled ones included. */
export const MAX_WEBHOOKS = 100;

/** Most UTF-16 code units of the address of a webhook. */
export const MAX_URL_CHARACTERS = 2_048;

/** Most denials in one record. Each has at most 80 ids, so a record stays below 4 MiB. */
export const MAX_RECORD_DENIALS = 50;

/** Most characters of the error of a handler that failed. */
export const MAX_FAILURE_CHARACTERS = 1_000;

/** Most tasks that one bulk operation changes. */
export const MAX_BULK = 10_000;

/** Most bytes of UTF-8 of the events of one bulk operation, as JSON. */
export const MAX_BULK_BYTES = 2 * 1024 * 1024;

/** Most records that one record of a redaction names; each takes fewer than 100 bytes. */
export const MAX_REDACTED_RECORDS = 10_000;

/** Most bytes of a record in a journal, its line feed included. */
export const MAX_RECORD_BYTES = 4 * 1024 * 1024;

/** Most bytes of UTF-8 of the events that one command may cause, as JSON: the other fields of the record need the rest. */
export const MAX_EVENTS_BYTES = MAX_RECORD_BYTES - 64 * 1024;

/**
 * Most bytes of UTF-8 of the tasks in one record of an import, as JSON, unless it is a single task. The groups that the
 * record creates for them may take as much again.
 */
export const MAX_IMPORT_BYTES = 1024 * 1024;

/**
 * Most tasks that one record changes for one reason without a caller naming them: expired, skipped, lost or handed back
 * with their instance, or with an extended lease. It keeps a record below 4 MiB.
 */
export const MAX_RECORD_TASKS = 1_000;

/** Most request ids of callers that the state remembers. Over it, the oldest one is forgotten. */
export const MAX_REQUESTS = 10_000;

/** Most tasks, and most groups, that the answer to a repeated command shows. */
export const MAX_REPEATED = 100;

/** Attempts that a task remembers, besides the current or last one. */
export const MAX_PAST_ATTEMPTS = 10;

/** Most instances that completed earlier attempts of a task which it remembers, for `notBy`. */
export const MAX_PAST_AUTHORS = 32;

/** Most removed ids whose last attempts are remembered; for others, new attempts start above all forgotten ones. */
export const MAX_REMOVED_ATTEMPTS = 10_000;

/** Most characters of the result of a completed attempt that a task remembers after it was opened again. */
export const MAX_PAST_RESULT_CHARACTERS = 4 * 1024;

/** How many tasks of equal rank are examined for one that continues the instance's work. */
export const MAX_EQUALS = 16;

/** Most urgent tasks that are shown as a hint. */
export const MAX_URGENT = 5;

/** Most tasks that one `create_tasks` may create. */
export const MAX_BATCH_TASKS = 1_000;

/** Most tasks in one journal, finished ones included. */
export const MAX_TASKS = 1_000_000;

/** Highest attempt of an imported task; far below the largest safe integer. */
export const MAX_IMPORTED_ATTEMPT = 1_000_000_000;

/** Latest time, in milliseconds since the Unix epoch: the last that ECMA-262 can represent as a date. */
export const MAX_TIME_MS = 8.64e15;

/** How far the journal must be ahead of the clock for its time to be corrected, in milliseconds: more than clocks differ. */
export const MIN_CORRECTION_MS = 60_000;

/** Most tasks, dependents or blockers that an error or a "no tasks" answer names. */
export const MAX_NAMED = 10;

/** Most faults of one command that its refusal names, and most characters of the message of each but the first. */
export const MAX_FAULTS = 20;
export const MAX_FAULT_CHARACTERS = 500;

/** Most faults of one command that are counted: the rest of it is not checked. */
export const MAX_COUNTED_FAULTS = 10_000;

/** Most tasks that a completion shows as unlocked. */
export const MAX_UNLOCKED = 20;

/** Most tasks that a completion shows as skipped. */
export const MAX_SKIPPED = 10;

/** Most tasks, or kinds of tasks, that are examined for the few that an answer names. */
export const MAX_SCANNED = 100;

/** Most characters of the texts of tasks that one page of a search reads, but for the last task. */
export const MAX_SEARCHED_CHARACTERS = 4 * 1024 * 1024;

/** Most characters of all dependency results together that a claim returns. */
export const MAX_INPUTS_CHARACTERS = 32 * 1024;

/** Most characters of one dependency's result that a claim returns. */
export const MAX_INPUT_CHARACTERS = 4 * 1024;

/** Most dependencies whose results a claim returns. */
export const MAX_INPUTS = 100;
