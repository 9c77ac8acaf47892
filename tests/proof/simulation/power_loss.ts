/** What a loss of power leaves of what was not synced, by chance: more of it, or less, and whole or torn. */

import type { Random } from "../history/random.ts";
import type { Survivors } from "../../support/memory_disk.ts";

/** What a disk writes as a whole, or not at all. */
const SECTOR_BYTES = 512;

export class RandomSurvivors implements Survivors {
  readonly #random: Random;
  /** Whether names survive in the order of their changes, as where a file system keeps a journal of them. */
  readonly areNamesInOrder: boolean;

  constructor(random: Random) {
    this.#random = random;
    this.areNamesInOrder = random.chance(0.7);
  }

  changes(count: number): number {
    return this.#random.pick([0, count, this.#random.between(0, count)]);
  }

  names(count: number): readonly boolean[] {
    const first = this.changes(count);
    return Array.from({ length: count }, (_, index) => {
      return this.areNamesInOrder ? index < first : this.#random.chance(0.5);
    });
  }

  /** Some whole sectors, and then nothing, or zeros, or one sector of anything. */
  torn(bytes: Uint8Array, offset: number): Uint8Array {
    const sectors = Math.floor((offset + bytes.length) / SECTOR_BYTES) - Math.floor(offset / SECTOR_BYTES);
    const kept = Math.max(0, SECTOR_BYTES * this.#random.between(0, sectors) - offset % SECTOR_BYTES);
    const rest = this.#random.pick(["missing", "missing", "zeros", "garbage"] as const);
    if (rest === "missing") return bytes.slice(0, kept);
    const torn = bytes.slice();
    torn.fill(0, kept);
    if (rest === "zeros") return torn;
    const end = Math.min(bytes.length, kept + SECTOR_BYTES - (offset + kept) % SECTOR_BYTES);
    for (let index = kept; index < end; index++) torn[index] = this.#random.between(0, 255);
    return torn.slice(0, end);
  }
}
