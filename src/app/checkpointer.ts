/**
 * Decides when to write a checkpoint: soon after the last change, every few seconds while changes go on, and at the end.
 * Writing takes a bounded share of the time. Without a checkpoint the next start is slower; nothing else is lost.
 */

import type { Engine } from "./engine.ts";
import type { Checkpoints, Log } from "./ports.ts";

/** Time without a change before a checkpoint, in milliseconds. */
const QUIET_MS = 250;

/** Longest time without a checkpoint while changes go on, in milliseconds. */
const BUSY_MS = 5_000;

/** Pause after a checkpoint, as a multiple of the time that it took. */
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
  /** Time of the first change that no checkpoint holds. All three times are those of `performance.now`. */
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

  /** Writes a last checkpoint if one is due; none are written afterwards. */
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
