/**
 * Sees to it that what is due happens though nobody calls: leases that expire, instances that are lost, deadlines that
 * pass, whichever process they belong to. Every process has one; the journal lets each thing happen once. Warns when the
 * journal is ahead of the clock, as nothing becomes due until the clock has caught up.
 */

import { clockWarning } from "../core/views/clock_warning.ts";
import { isSweepDue, nextDueOf } from "../core/rules/sweep.ts";
import type { Engine } from "./engine.ts";
import { ORCHESTRATOR } from "./job.ts";
import { type Log, Unavailable } from "./ports.ts";

/** Longest time without a look at what others have written, in milliseconds. */
const POLL_MS = 1_000;

export interface SweeperOptions {
  readonly engine: Engine;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly log: Log;
}

export class Sweeper {
  readonly #engine: Engine;
  readonly #now: () => number;
  readonly #log: Log;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looking: Promise<void> | undefined;
  #isClosed = false;
  /** What was wrong at the last look, so that it is not said over and over. */
  #complaint = "";
  /** Whether the journal was ahead of the clock at the last look, which is said once. */
  #isClockBehind = false;

  constructor({ engine, now, log }: SweeperOptions) {
    this.#engine = engine;
    this.#now = now;
    this.#log = log;
    this.#lookIn(0);
  }

  /** Looks no more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  #lookIn(delayMs: number): void {
    if (!this.#isClosed) this.#timer = setTimeout(() => this.#looking = this.#look(), delayMs);
  }

  async #look(): Promise<void> {
    let delayMs = POLL_MS;
    try {
      const { isDue, next, warning } = await this.#engine.read((state) => ({
        isDue: isSweepDue(state, this.#now()),
        next: nextDueOf(state),
        warning: clockWarning({ now: state.recordedAt, clock: this.#now() }),
      }));
      if (warning !== undefined && !this.#isClockBehind) this.#log.warn(warning);
      this.#isClockBehind = warning !== undefined;
      if (isDue) await this.#engine.execute({ type: "sweep" }, ORCHESTRATOR);
      if (next !== undefined) delayMs = Math.min(POLL_MS, Math.max(isDue ? 0 : 1, next - this.#now()));
      this.#complaint = "";
    } catch (error) {
      this.#complain(error);
    }
    this.#lookIn(delayMs);
  }

  #complain(error: unknown): void {
    const complaint = `Cannot look for expired leases: ${error}`;
    const isExpected = error instanceof Unavailable && (error.code === "busy" || error.code === "closed");
    if (!isExpected && complaint !== this.#complaint) this.#log.warn(complaint);
    this.#complaint = complaint;
  }
}
