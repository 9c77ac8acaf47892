/** The plans of earlier moments that were looked at last, up to a number of rows: the past does not change. */

import type { PlanTable } from "./plan_table.ts";

export class PastTables {
  readonly #maxRows: number;
  /** The one that was looked at last comes last. */
  readonly #tables = new Map<string, PlanTable>();
  #rows = 0;

  /** @param maxRows of all tables together; the newest is kept even if it has more */
  constructor(maxRows: number) {
    this.#maxRows = maxRows;
  }

  get(moment: string): PlanTable | undefined {
    const table = this.#tables.get(moment);
    if (table === undefined) return undefined;
    this.#tables.delete(moment);
    this.#tables.set(moment, table);
    return table;
  }

  set(moment: string, table: PlanTable): void {
    this.#rows += table.size - (this.#tables.get(moment)?.size ?? 0);
    this.#tables.delete(moment);
    this.#tables.set(moment, table);
    for (const [oldest, { size }] of this.#tables) {
      if (this.#rows <= this.#maxRows || oldest === moment) return;
      this.#tables.delete(oldest);
      this.#rows -= size;
    }
  }

  clear(): void {
    this.#tables.clear();
    this.#rows = 0;
  }
}
