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

/** From what is over to what is yet to come: the order of bars that tell how far tasks are. */
export const STATUSES_BY_PROGRESS = [
  "completed",
  "skipped",
  "cancelled",
  "failed",
  "in_progress",
  "ready",
  "limited",
  "delayed",
  "blocked",
  "waiting",
] as const satisfies readonly Status[];

/** A task in one of these can still change by itself. */
export const OPEN_STATUSES: readonly Status[] = ["ready", "limited", "waiting", "blocked", "delayed", "in_progress"];

export const PRIORITIES = ["low", "normal", "high", "urgent"] as const;

export type Priority = typeof PRIORITIES[number];

/** A bit of `kind` in `GET /plan`: one of several alternatives. */
export const EDGE_ALTERNATIVE = 4;

/** Bits of `flags` in `GET /plan`. */
export const FLAG_OVERDUE = 1;
export const FLAG_NOTES = 2;
export const FLAG_RESULT = 4;

/**
 * One line drawing each, as an SVG path in a square from -1 to 1: told apart by shape alone. Stroked with round ends,
 * 0.36 wide, on a disc of the status's colour.
 */
export const STATUS_GLYPHS: Readonly<Record<Status, string>> = {
  ready: "M0 -.42A.42 .42 0 1 1 0 .42A.42 .42 0 1 1 0 -.42Z",
  waiting: "M-.5 0h.01M0 0h.01M.5 0h.01",
  blocked: "M-.5 0H.5",
  delayed: "M0 -.5V.05L.38 .3",
  limited: "M-.24 -.42V.42M.24 -.42V.42",
  in_progress: "M-.26 -.42L.44 0L-.26 .42Z",
  completed: "M-.46 .04L-.12 .38L.48 -.34",
  failed: "M-.36 -.36L.36 .36M.36 -.36L-.36 .36",
  cancelled: "M-.4 .4L.4 -.4",
  skipped: "M-.44 -.38L-.08 0L-.44 .38M.06 -.38L.42 0L.06 .38",
};
