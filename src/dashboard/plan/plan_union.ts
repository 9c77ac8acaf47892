/**
 * All tasks of several moments as one plan, to be laid out once: so no task moves when another moment is shown. Where
 * moments differ in a task, the present counts.
 */

import type { PlanRows } from "../api/types.ts";
import { PlanTable } from "./plan_table.ts";

/** Moments whose tasks are kept though they are not in the present. */
const MAX_GONE = 20;

export class PlanUnion {
  #present: PlanRows | undefined;
  readonly #ids = new Set<string>();
  #gone: readonly PlanRows[] = [];
  #table: PlanTable | undefined;

  /** Whether `with` must be given the present plan, too. */
  get needsPresent(): boolean {
    return this.#present === undefined;
  }

  /**
   * The tasks of all moments so far and of another one: another table only if that has tasks which no moment had before.
   * O(tasks), and O(tasks of all moments with tasks of their own) for another table.
   */
  with(past: PlanRows, present: PlanRows | undefined): PlanTable | undefined {
    if (this.#present === undefined) {
      if (present === undefined) return undefined;
      this.#present = present;
      addAll(this.#ids, present);
    }
    const known = this.#ids.size;
    addAll(this.#ids, past);
    if (this.#ids.size > known) this.#gone = [...this.#gone, past].slice(-MAX_GONE);
    else if (this.#table !== undefined) return this.#table;
    this.#table = new PlanTable();
    for (const rows of [...this.#gone, this.#present]) this.#table.merge(rows, 0);
    return this.#table;
  }

  clear(): void {
    this.#present = undefined;
    this.#ids.clear();
    this.#gone = [];
    this.#table = undefined;
  }
}

function addAll(ids: Set<string>, { ids: more, rows }: PlanRows): void {
  for (const id of more.slice(0, rows)) ids.add(id);
}
