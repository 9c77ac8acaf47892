/**
 * Sweeps when something is due and no call comes: expired leases, lost instances and overdue deadlines of all processes.
 * Every process has a sweeper; the journal's lock makes each sweep happen once. A sweep that finds nothing due under the
 * lock delays the next look. Warns when the journal is ahead of its clock, because nothing becomes due until the clock has
 * caught up.
 */

import type { Engine } from "./engine.ts";
import { ORCHESTRATOR } from "./job.ts";
import { Pause } from "./pause.ts";
import { type Log, Unavailable } from "./ports.ts";

/** Longest time between two reads of the journal, in milliseconds. */
const POLL_MS = 1_000;

export interface SweeperOptions {
  readonly engine: Engine;
  readonly log: Log;
}

export class Sweeper {
  readonly #engine: Engine;
  readonly #log: Log;
  readonly #pause = new Pause();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #checking: Promise<void> | undefined;
  #isClosed = false;
  /** The error of the last check, so that it is logged only once. */
  #complaint = "";
  /** Whether the journal was ahead of the clock at the last check, so that the warning comes once. */
  #isClockBehind = false;

  constructor({ engine, log }: SweeperOptions) {
    this.#engine = engine;
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
      const { isSweepDue, sweepInMs = POLL_MS, clockWarning } = await this.#engine.query(
        { type: "next_event" },
        ORCHESTRATOR,
      );
      if (clockWarning !== undefined && !this.#isClockBehind) this.#log.warn(clockWarning);
      this.#isClockBehind = clockWarning !== undefined;
      if (isSweepDue) {
        const { swept } = await this.#engine.execute({ type: "sweep" }, ORCHESTRATOR);
        this.#pause.note(swept > 0);
      } else this.#pause.reset();
      delayMs = isSweepDue ? this.#pause.remainingMs : Math.min(POLL_MS, Math.max(1, sweepInMs));
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
