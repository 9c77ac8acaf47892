/**
 * The rows that pass a filter, sorted, and kept so while rows change one by one: a changed row is taken out and put where
 * it belongs now. So a plan of 100,000 tasks with hundreds of changes a second is never sorted as a whole again.
 */

import type { PlanTable } from "./plan_table.ts";
import { type Sort, type SortKey, sortKeyOf } from "./row_sort.ts";

/** More changed rows than this are sorted anew: about what that costs one by one, at 100,000 rows. */
const MAX_SINGLE = 2_000;

export interface RowOrderOptions {
  readonly sort: Sort;
  readonly passes: (row: number) => boolean;
}

export class RowOrder {
  readonly #table: PlanTable;
  readonly #options: RowOrderOptions;
  #rows: number[] = [];
  /** By what each row was sorted in. */
  readonly #keys: SortKey[] = [];
  readonly #isIn: boolean[] = [];
  readonly #stamps: number[] = [];

  constructor(table: PlanTable, options: RowOrderOptions) {
    this.#table = table;
    this.#options = options;
    this.#sortAll();
  }

  get rows(): readonly number[] {
    return this.#rows;
  }

  /** How often a row has changed: what was drawn of it with another number is old. */
  stampOf(row: number): number {
    return this.#stamps[row] ?? 0;
  }

  /** The place of a row in `rows`, or -1. O(log rows). */
  indexOf(row: number): number {
    return this.#isIn[row] === true ? this.#placeOf(row) : -1;
  }

  /** Takes changes of rows over, new rows included. O(rows moved), or O(rows log rows) for very many. */
  update(changed: readonly number[]): void {
    for (const row of changed) this.#stamps[row] = this.stampOf(row) + 1;
    if (changed.length > MAX_SINGLE) this.#sortAll();
    else for (const row of changed) this.#move(row);
  }

  #move(row: number): void {
    const wasIn = this.#isIn[row] === true;
    const isIn = this.#options.passes(row);
    const key = this.#keyOf(row);
    if (wasIn === isIn && key === this.#keys[row]) return;
    if (wasIn) this.#rows.splice(this.#placeOf(row), 1);
    this.#keys[row] = key;
    this.#isIn[row] = isIn;
    if (isIn) this.#rows.splice(this.#placeOf(row), 0, row);
  }

  #sortAll(): void {
    const { size } = this.#table;
    this.#rows = [];
    for (let row = 0; row < size; row++) {
      const isIn = this.#options.passes(row);
      this.#isIn[row] = isIn;
      this.#keys[row] = this.#keyOf(row);
      if (isIn) this.#rows.push(row);
    }
    this.#rows.sort((a, b) => this.#compare(a, b));
  }

  #keyOf(row: number): SortKey {
    return sortKeyOf(this.#table, row, this.#options.sort.field);
  }

  /** The first place whose row does not come before `row`. */
  #placeOf(row: number): number {
    let low = 0;
    let high = this.#rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#rows[middle];
      if (other !== undefined && this.#compare(other, row) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** By key, and for one key by row. */
  #compare(a: number, b: number): number {
    const keyA = this.#keys[a];
    const keyB = this.#keys[b];
    if (keyA === keyB || keyA === undefined || keyB === undefined) return a - b;
    return (keyA < keyB ? -1 : 1) * (this.#options.sort.isDescending ? -1 : 1);
  }
}
