/** How long something may take. What is over its budget ends at the next opportunity, and says so. */

/** For a server, to get the tasks of one size; again for what is measured there; again for each race. */
export const BUDGET_MS = 20_000;

export interface Budget {
  isOver(): boolean;
}

/** A budget that begins now. */
export function newBudget(): Budget {
  const end = performance.now() + BUDGET_MS;
  return { isOver: () => performance.now() > end };
}
