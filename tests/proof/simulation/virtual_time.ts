/** The clock and the timers of a simulated process: they stand still until the scheduler says otherwise. */

interface Timer {
  readonly dueAt: number;
  readonly run: () => void;
}

export class VirtualTime {
  now = 0;
  /** Whether timers may be set. Nobody may, of whom nothing more is to be heard. */
  isRunning = false;
  readonly #timers = new Map<number, Timer>();
  #count = 0;

  /** Puts this in the place of the global clock and timers. */
  install(): void {
    const timers = {
      setTimeout: (run: (...args: unknown[]) => void, delayMs = 0, ...args: unknown[]) => {
        return this.#set(() => run(...args), delayMs);
      },
      clearTimeout: (timer: number | undefined) => void this.#timers.delete(timer ?? 0),
      setInterval: (run: () => void, periodMs: number) => this.#repeat(++this.#count, run, periodMs),
      clearInterval: (timer: number | undefined) => void this.#timers.delete(timer ?? 0),
    };
    Object.assign(globalThis, timers);
    Date.now = () => Math.floor(this.now);
    Object.defineProperty(performance, "now", { value: () => this.now });
  }

  /** When the next timer is due, if there is one. */
  get dueAt(): number | undefined {
    return this.#first()?.[1].dueAt;
  }

  /** Runs the next timer. */
  fire(): void {
    const first = this.#first();
    if (first === undefined) return;
    this.#timers.delete(first[0]);
    first[1].run();
  }

  clear(): void {
    this.#timers.clear();
  }

  #set(run: () => void, delayMs: number, number = ++this.#count): number {
    if (this.isRunning) this.#timers.set(number, { dueAt: this.now + Math.max(0, delayMs), run });
    return number;
  }

  #repeat(number: number, run: () => void, periodMs: number): number {
    const again = () => {
      this.#repeat(number, run, periodMs);
      run();
    };
    return this.#set(again, periodMs, number);
  }

  /** Of those that are due at the same time, the one that was set first. */
  #first(): readonly [number, Timer] | undefined {
    let first: readonly [number, Timer] | undefined;
    for (const entry of this.#timers) if (first === undefined || entry[1].dueAt < first[1].dueAt) first = entry;
    return first;
  }
}
