/** Time that only the test advances. Replaces timers and `performance.now` until it is disposed. */

interface Timer {
  readonly id: number;
  readonly run: () => void;
  readonly everyMs: number | undefined;
  due: number;
}

/** More than any work takes that waits for no timer: on a busy machine, a single turn may take all of a millisecond. */
const SETTLE_TURNS = 20;

export class FakeTime implements Disposable {
  readonly #real = { setTimeout, clearTimeout, setInterval, clearInterval, now: performance.now };
  readonly #timers = new Map<number, Timer>();
  readonly #settleTurns: number;
  readonly #isQuick: boolean;
  #nowMs = 0;
  #ids = 0;

  /**
   * @param settleTurns for how many turns of the event loop work runs before each timer. Default: `SETTLE_TURNS`, and as many
   * more as go by in a millisecond or two, which is slow where many timers are to run
   */
  constructor({ settleTurns }: { readonly settleTurns?: number } = {}) {
    this.#isQuick = settleTurns !== undefined;
    this.#settleTurns = settleTurns ?? SETTLE_TURNS;
    const add = (run: () => void, ms = 0, everyMs?: number) => {
      const id = ++this.#ids;
      this.#timers.set(id, { id, run, everyMs, due: this.#nowMs + ms });
      return id;
    };
    const remove = (id?: number) => void this.#timers.delete(id ?? 0);
    Object.assign(globalThis, {
      setTimeout: (run: () => void, ms?: number) => add(run, ms),
      setInterval: (run: () => void, ms = 0) => add(run, ms, ms),
      clearTimeout: remove,
      clearInterval: remove,
    });
    performance.now = () => this.#nowMs;
  }

  /** Number of set timers. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Advances the time, and runs the timers that become due, in order. */
  async pass(ms: number): Promise<void> {
    const until = this.#nowMs + ms;
    while (true) {
      await this.#settle();
      const [next] = [...this.#timers.values()].filter(({ due }) => due <= until).sort((a, b) => a.due - b.due);
      if (next === undefined) break;
      this.#nowMs = Math.max(this.#nowMs, next.due);
      if (next.everyMs === undefined) this.#timers.delete(next.id);
      else next.due += next.everyMs;
      next.run();
    }
    this.#nowMs = until;
  }

  /** Advances the time without running timers, as during a long computation. */
  skip(ms: number): void {
    this.#nowMs += ms;
  }

  [Symbol.dispose](): void {
    const { now, ...timers } = this.#real;
    Object.assign(globalThis, timers);
    performance.now = now;
  }

  /** Lets all work run that does not wait for a timer. */
  async #settle(): Promise<void> {
    if (!this.#isQuick) await new Promise((resolve) => this.#real.setTimeout.call(globalThis, resolve, 0));
    for (let turn = 0; turn < this.#settleTurns; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}
