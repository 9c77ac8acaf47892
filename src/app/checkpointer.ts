/**
 * Decides when a checkpoint is written: soon after things go quiet, now and then while they don't, at a bounded
 * share of the time, and at the end. Failing to write one costs a slower start, nothing else.
 */

import type { Engine } from "./engine.ts";
import type { Checkpoints, Log } from "./ports.ts";

/** Quiet time before a checkpoint, in milliseconds. */
const QUIET_MS = 250;

/** Longest time for which changes that never pause go without one, in milliseconds. */
const BUSY_MS = 5_000;

/** A checkpoint that took a time is followed by this many times that without one. */
const REST_FACTOR = 9;

export interface CheckpointerOptions {
  readonly engine: Engine;
  readonly checkpoints: Checkpoints;
  readonly log: Log;
}

export class Checkpointer {
  readonly #engine: Engine;
  readonly #checkpoints: Checkpoints;
  readonly #log: Log;
  readonly #unsubscribe: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #saving: Promise<void> | undefined;
  /** Times in milliseconds of `performance.now`. */
  #dirtySince: number | undefined;
  #changedAt = 0;
  #restUntil = 0;

  constructor({ engine, checkpoints, log }: CheckpointerOptions) {
    this.#engine = engine;
    this.#checkpoints = checkpoints;
    this.#log = log;
    this.#unsubscribe = engine.subscribe(() => this.#onChange());
    if (engine.seq > engine.checkpointSeq) this.#onChange();
  }

  /** Writes what is not in a checkpoint yet, and no more after that. */
  async close(): Promise<void> {
    this.#unsubscribe();
    await this.#saving;
    clearTimeout(this.#timer);
    if (this.#dirtySince !== undefined) await this.#save();
  }

  #onChange(): void {
    this.#changedAt = performance.now();
    this.#dirtySince ??= this.#changedAt;
    this.#timer ??= setTimeout(() => this.#onTimer(), QUIET_MS);
  }

  #onTimer(): void {
    this.#timer = undefined;
    if (this.#dirtySince === undefined || this.#saving !== undefined) return;
    const due = Math.max(Math.min(this.#changedAt + QUIET_MS, this.#dirtySince + BUSY_MS), this.#restUntil);
    const waitMs = due - performance.now();
    if (waitMs > 0) this.#timer = setTimeout(() => this.#onTimer(), waitMs);
    else this.#saving = this.#save();
  }

  async #save(): Promise<void> {
    const start = performance.now();
    this.#dirtySince = undefined;
    try {
      const { snapshot, position } = await this.#engine.checkpoint();
      await this.#checkpoints.save(snapshot, position);
    } catch (error) {
      this.#log.warn(`Cannot write a checkpoint, the next start will take longer: ${error}`);
    }
    const end = performance.now();
    this.#restUntil = end + REST_FACTOR * (end - start);
    this.#saving = undefined;
    if (this.#dirtySince !== undefined) this.#timer ??= setTimeout(() => this.#onTimer(), QUIET_MS);
  }
}
