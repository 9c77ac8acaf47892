/** What columns name by a number. */

/** Values, each once, by their indexes. */
export class Table<T> {
  readonly entries: T[] = [];
  readonly #indexes = new Map<T, number>();

  constructor(entries: readonly T[] = []) {
    for (const entry of entries) this.indexOf(entry);
  }

  /** The index of a value, which is added if it is new; -1 for undefined. */
  indexOf(value: T | undefined): number {
    if (value === undefined) return -1;
    const known = this.#indexes.get(value);
    if (known !== undefined) return known;
    this.#indexes.set(value, this.entries.length);
    return this.entries.push(value) - 1;
  }
}
