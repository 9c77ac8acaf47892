/**
 * The database's clock, as it is known here: the time of its last answer and what has passed since. It is never ahead of
 * the database's by more than the clocks drift between two answers, as an answer is at least as old as it is told.
 */

/** How much earlier than this the time may be told again, in milliseconds: more is a clock that was set back. */
const SET_BACK_MS = 1_000;

/** How old the last answer may be before another one should be asked for, in milliseconds. */
const FRESH_MS = 1_000;

export interface DatabaseClockOptions {
  /** Milliseconds since the Unix epoch by this machine, for the time before the first answer. */
  readonly now: () => number;
  /** Milliseconds since some moment, never set. Default: `performance.now`. */
  readonly elapsed?: () => number;
}

export class DatabaseClock {
  readonly #now: () => number;
  readonly #elapsed: () => number;
  /** The time of the database at the moment 0 of `elapsed`, as far as it is known. */
  #offset: number | undefined;
  #told = -Infinity;
  #heardAt = -Infinity;

  constructor({ now, elapsed = () => performance.now() }: DatabaseClockOptions) {
    this.#now = now;
    this.#elapsed = elapsed;
  }

  /** Whole milliseconds since the Unix epoch; never earlier than before, unless the clock was set back. */
  now(): number {
    if (this.#offset === undefined) return this.#now();
    const now = Math.floor(this.#elapsed() + this.#offset);
    return this.#told = now < this.#told && this.#told - now < SET_BACK_MS ? this.#told : now;
  }

  /** Whether the last answer is so old that the next statement should bring another one. */
  get isDue(): boolean {
    return this.#elapsed() - this.#heardAt > FRESH_MS;
  }

  /** The moment at which a statement is sent, for `hear`. */
  start(): number {
    return this.#elapsed();
  }

  /** Notes the time in the answer to a statement that was sent at `start`: it is between the two moments. */
  hear(start: number, time: number): void {
    this.#heardAt = this.#elapsed();
    const [earliest, latest] = [time - this.#heardAt, time - start];
    this.#offset = Math.min(Math.max(this.#offset ?? earliest, earliest), latest);
  }
}
