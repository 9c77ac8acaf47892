/**
 * Records calls that were refused to their callers. A caller that calls again and again is recorded at a bounded rate: in
 * each window its first denials one by one, then only how many more there were. So nobody fills the journal by failing.
 */

import type { Denial } from "../core/model/access.ts";
import { MAX_RECORD_DENIALS } from "../core/model/limits.ts";
import type { Engine } from "./engine.ts";
import { ORCHESTRATOR } from "./job.ts";
import type { Log } from "./ports.ts";

/** The length of a window, in milliseconds. */
const WINDOW_MS = 60_000;

/** Most denials of a caller in a window that are recorded one by one; the others are recorded as one at its end. */
export const MAX_DENIALS = 10;

/** Most callers (by name and token, or else address) that are counted apart in a window. All further ones are counted as if they were one. */
export const MAX_DENIED_CALLERS = 20;

/** The denials of a caller in the window. */
interface Count {
  recorded: number;
  /** How many are not recorded yet, and the last of them. */
  more: number;
  last: Denial | undefined;
}

export class Denials implements AsyncDisposable {
  readonly #engine: Engine;
  readonly #log: Log;
  readonly #unsubscribe: () => void;
  readonly #counts = new Map<string, Count>();
  #queue: Denial[] = [];
  #writing: Promise<void> | undefined;
  #windowEnd: ReturnType<typeof setTimeout> | undefined;

  constructor({ engine, log }: { readonly engine: Engine; readonly log: Log }) {
    this.#engine = engine;
    this.#log = log;
    this.#unsubscribe = engine.onDenied((denial) => this.note(denial));
  }

  /** Records what is not recorded yet. Call it before the engine is closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#unsubscribe();
    this.#endWindow();
    await this.#writing;
  }

  /** Counts a denial; called for those of which the engine does not know. */
  note(denial: Denial): void {
    const count = this.#countOf(denial);
    this.#windowEnd ??= setTimeout(() => this.#endWindow(), WINDOW_MS);
    if (count.recorded === MAX_DENIALS) {
      count.more++;
      count.last = denial;
      return;
    }
    count.recorded++;
    this.#queue.push(denial);
    this.#writing ??= this.#write();
  }

  #countOf({ caller, via }: Denial): Count {
    // Not `keyOfCaller`: a denial has no digest of a token, and callers without one differ in nothing but their address.
    const own = JSON.stringify([caller, via?.token ?? via?.address]);
    const key = this.#counts.has(own) || this.#counts.size < MAX_DENIED_CALLERS ? own : "";
    const count = this.#counts.get(key) ?? { recorded: 0, more: 0, last: undefined };
    this.#counts.set(key, count);
    return count;
  }

  #endWindow(): void {
    clearTimeout(this.#windowEnd);
    this.#windowEnd = undefined;
    for (const { last, more } of this.#counts.values()) {
      if (last !== undefined) this.#queue.push({ ...last, ...(more > 1 && { more: more - 1 }) });
    }
    this.#counts.clear();
    if (this.#queue.length > 0) this.#writing ??= this.#write();
  }

  /** Empties the queue. What cannot be written is logged. Never rejects. */
  async #write(): Promise<void> {
    while (this.#queue.length > 0) {
      const denials = this.#queue.splice(0, MAX_RECORD_DENIALS);
      try {
        await this.#engine.execute({ type: "record_denials", denials }, ORCHESTRATOR);
      } catch (error) {
        const names = [...new Set(denials.map(({ caller }) => caller))].join(", ");
        this.#log.warn(`Cannot record ${denials.length} calls that were refused to ${names}: ${error}`);
      }
    }
    this.#writing = undefined;
  }
}
