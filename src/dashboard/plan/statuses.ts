/** The statuses as every view shows them: a word, a glyph, and a colour of the palette. */

export const STATUSES = [
  "ready",
  "waiting",
  "blocked",
  "delayed",
  "limited",
  "in_progress",
  "completed",
  "failed",
  "cancelled",
  "skipped",
] as const;

export type Status = typeof STATUSES[number];

export const STATUS_WORDS: Readonly<Record<Status, string>> = {
  ready: "ready",
  waiting: "waiting",
  blocked: "blocked",
  delayed: "delayed",
  limited: "limited",
  in_progress: "in progress",
  completed: "completed",
  failed: "failed",
  cancelled: "cancelled",
  skipped: "skipped",
};

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
