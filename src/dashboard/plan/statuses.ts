/** The statuses that a task shows, in the order of the numbers by which `GET /plan` names them. */

export const STATUSES = [
  "ready",
  "limited",
  "waiting",
  "blocked",
  "delayed",
  "in_progress",
  "completed",
  "failed",
  "cancelled",
  "skipped",
] as const;

export type Status = typeof STATUSES[number];

/** The number of each status. */
export const STATUS_CODE = Object.fromEntries(STATUSES.map((status, code) => [status, code])) as Readonly<
  Record<Status, number>
>;

/** How each status is written for people. */
export const STATUS_WORDS: Readonly<Record<Status, string>> = {
  ready: "Ready",
  limited: "Limited",
  waiting: "Waiting",
  blocked: "Blocked",
  delayed: "Delayed",
  in_progress: "Running",
  completed: "Completed",
  failed: "Failed",
  cancelled: "Cancelled",
  skipped: "Skipped",
};

/** A task in one of these can still change by itself. */
export const OPEN_STATUSES: readonly Status[] = ["ready", "limited", "waiting", "blocked", "delayed", "in_progress"];

export const PRIORITIES = ["low", "normal", "high", "urgent"] as const;

export type Priority = typeof PRIORITIES[number];

/** Bits of `kind` in `GET /plan`: on another end than completed; conditional on the result; one of alternatives. */
export const EDGE_OTHER_END = 1;
export const EDGE_CONDITIONAL = 2;
export const EDGE_ALTERNATIVE = 4;

/** Bits of `flags` in `GET /plan`. */
export const FLAG_OVERDUE = 1;
export const FLAG_NOTES = 2;
export const FLAG_RESULT = 4;

/** A mark for each status, different in shape, so that nobody needs the colour. */
export const STATUS_GLYPHS: Readonly<Record<Status, string>> = {
  ready: "○",
  limited: "◫",
  waiting: "⋯",
  blocked: "⊘",
  delayed: "◷",
  in_progress: "▶",
  completed: "✓",
  failed: "✗",
  cancelled: "−",
  skipped: "»",
};
