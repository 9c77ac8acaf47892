/** The command `status`: what matters most of a plan of any size, on one screen. */

import type { Terminal } from "./commands.ts";
import { mostOf, type Overview, taskLines } from "./overview.ts";
import { printCounts } from "./status.ts";

/** Most rows of tasks, and lines of the terminal that are left for what stands around them. */
const MAX_ROWS = 50;
const OTHER_LINES = 5;

/** Fewest rows, however small the terminal is. */
const MIN_ROWS = 5;

/** How to see the tasks left out, where the files are at hand. */
export const HINT = ": status --all prints every task";

export interface BriefOptions {
  readonly now: number;
  /** What the line that counts the tasks left out says of how to see them. */
  readonly hint: string;
}

/** Prints some tasks of each kind, those that matter most first, and the counts. What is done is only counted. */
export function printBriefStatus(
  { kinds, counts, paused }: Omit<Overview, "instances">,
  terminal: Terminal,
  { now, hint }: BriefOptions,
): number {
  const { columns, rows = Infinity, hasColors, print } = terminal;
  const shown = mostOf(kinds, Math.max(MIN_ROWS, Math.min(MAX_ROWS, rows - OTHER_LINES)));
  for (const line of taskLines(shown, { columns, hasColors, now })) print(line);
  const { total, byStatus: { completed, skipped } } = counts;
  const others = total - completed - skipped - shown.length;
  if (others > 0) print(`… and ${others} more${hint}`);
  printCounts(counts, paused, terminal);
  return 0;
}
