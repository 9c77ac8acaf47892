/**
 * Sweeps when something is due and no call comes: expired leases, lost instances and overdue deadlines of all processes.
 * Every process has a sweeper; the journal's lock makes each sweep happen once. Warns when the journal is ahead of the
 * clock, because nothing becomes due until the clock has caught up.
 */

import type { Engine } from "./engine.ts";
import { ORCHESTRATOR } from "./job.ts";
import { type Log, Unavailable } from "./ports.ts";

/** Longest time between two reads of the journal, in milliseconds. */
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
  #checking: Promise<void> | undefined;
  #isClosed = false;
  /** The error of the last check, so that it is logged only once. */
  #complaint = "";
  /** Whether the journal was ahead of the clock at the last check, so that the warning comes once. */
  #isClockBehind = false;

  constructor({ engine, now, log }: SweeperOptions) {
    this.#engine = engine;
    this.#now = now;
    this.#log = log;
    this.#checkIn(0);
  }

  /** Stops; resolves once a check under way has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#checking;
  }

  #checkIn(delayMs: number): void {
    if (!this.#isClosed) this.#timer = setTimeout(() => this.#checking = this.#check(), delayMs);
  }

  async #check(): Promise<void> {
    let delayMs = POLL_MS;
    try {
      const { isSweepDue, sweepAt, clockWarning } = await this.#engine.query({ type: "next_event" }, ORCHESTRATOR);
      if (clockWarning !== undefined && !this.#isClockBehind) this.#log.warn(clockWarning);
      this.#isClockBehind = clockWarning !== undefined;
      if (isSweepDue) await this.#engine.execute({ type: "sweep" }, ORCHESTRATOR);
      if (sweepAt !== undefined) delayMs = Math.min(POLL_MS, Math.max(isSweepDue ? 0 : 1, sweepAt - this.#now()));
      this.#complaint = "";
    } catch (error) {
      this.#complain(error);
    }
    this.#checkIn(delayMs);
  }

  #complain(error: unknown): void {
    const complaint = `Cannot look for expired leases: ${error}`;
    const isExpected = error instanceof Unavailable && (error.code === "busy" || error.code === "closed");
    if (!isExpected && complaint !== this.#complaint) this.#log.warn(complaint);
    this.#complaint = complaint;
  }
}
