/**
 * The worker processes of a torture run, and what can be done to them: killed and started again, stopped and let go
 * on, kept from making files longer. What each life of a worker says is in a file of its own, outside of the data
 * directory.
 */

import type { SpellMaker } from "./disk_full.ts";

export interface FleetOptions {
  /** The directory of the files with what they say. */
  readonly logs: string;
  readonly workers: number;
  /** What a life of a worker is started with: permissions, the module, and its arguments. */
  readonly argumentsOf: (worker: number, life: number, more: readonly string[]) => readonly string[];
}

/** One life of a worker. */
interface Life {
  readonly process: Deno.ChildProcess;
  /** Resolves when all that it said is in its file. */
  readonly logged: Promise<void>;
  isDead: boolean;
}

export class Fleet implements AsyncDisposable {
  readonly #options: FleetOptions;
  readonly #spells: SpellMaker;
  readonly #lives: Life[] = [];
  readonly #counts: number[] = [];
  readonly #logs: Promise<void>[] = [];
  /** What was done, by its name. */
  readonly done = { kills: 0, stops: 0, spells: 0 };
  /** Why a worker ended that was not told to. */
  readonly failures: string[] = [];
  /** Time of the wall less monotonic time, in milliseconds, whenever a worker was started or ended. */
  readonly #clockOffsets: number[] = [];

  constructor(options: FleetOptions, spells: SpellMaker) {
    this.#options = options;
    this.#spells = spells;
    for (let worker = 0; worker < options.workers; worker++) this.#start(worker);
  }

  /** By how much the clock of this machine was set during the run, in milliseconds. */
  get clockStepMs(): number {
    return Math.max(...this.#clockOffsets) - Math.min(...this.#clockOffsets);
  }

  /** Kills a worker at once and starts it again. */
  async kill(worker: number): Promise<void> {
    await this.#kill(worker);
    this.done.kills++;
    this.#start(worker);
  }

  stop(worker: number): void {
    if (this.#signal(worker, "SIGSTOP")) this.done.stops++;
  }

  goOn(worker: number): void {
    this.#signal(worker, "SIGCONT");
  }

  /** Lets no file of the worker grow over a size, or any again where it is undefined. */
  async limitFiles(worker: number, sizeBytes: number | undefined): Promise<void> {
    const life = this.#lives[worker];
    if (life === undefined || life.isDead) return;
    if (await this.#spells.limit(life.process.pid, sizeBytes) && sizeBytes !== undefined) this.done.spells++;
  }

  /** Ends all workers as a client does, by closing their input, and waits for what they have to say. */
  async end(): Promise<void> {
    for (let worker = 0; worker < this.#lives.length; worker++) {
      await this.limitFiles(worker, undefined);
      this.goOn(worker);
    }
    await Promise.all(this.#lives.map(async (life) => {
      if (life.isDead) return;
      await life.process.stdin.close();
      await life.process.status;
    }));
    await Promise.all(this.#logs);
    this.#noteClock();
  }

  /** Has a last worker deliver what is left. */
  async finish(): Promise<void> {
    this.#start(0, ["finish"]);
    await this.#lives[0]?.process.status;
    await Promise.all(this.#logs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#lives.map((_, worker) => this.#kill(worker)));
    await Promise.all(this.#logs);
  }

  #noteClock(): void {
    this.#clockOffsets.push(Date.now() - performance.now());
  }

  #start(worker: number, more: readonly string[] = []): void {
    this.#noteClock();
    const { logs, argumentsOf } = this.#options;
    const life = this.#counts[worker] = (this.#counts[worker] ?? 0) + 1;
    const deno = ["run", "--quiet", "--no-check", "--no-prompt", "--cached-only", ...argumentsOf(worker, life, more)];
    const process = this.#spells.spawn(Deno.execPath(), deno);
    const file = Deno.openSync(`${logs}/w${worker}.${life}.jsonl`, { append: true, create: true });
    const logged = process.stdout.pipeTo(file.writable);
    const started: Life = { process, logged, isDead: false };
    this.#lives[worker] = started;
    this.#logs.push(logged);
    process.status.then(({ success, code }) => {
      if (!success && !started.isDead) this.failures.push(`w${worker}.${life} ended with code ${code}`);
      started.isDead = true;
    });
  }

  async #kill(worker: number): Promise<void> {
    const life = this.#lives[worker];
    if (life === undefined || life.isDead) return;
    life.isDead = true;
    try {
      life.process.kill("SIGKILL");
    } catch (error) {
      // It has ended by itself.
      if (!(error instanceof TypeError)) throw error;
    }
    await life.process.status;
    await life.logged;
    await life.process.stdin.abort().catch(() => {});
  }

  #signal(worker: number, signal: Deno.Signal): boolean {
    const life = this.#lives[worker];
    if (life === undefined || life.isDead) return false;
    life.process.kill(signal);
    return true;
  }
}
