/**
 * The plans that a service has open, by project: opened when first asked for, closed when nobody has used them for a while.
 * So many projects can be served, each of which would keep a copy of its state in memory.
 */

import type { Log } from "../app/ports.ts";

/** Most plans that are open at a time. */
export const MAX_OPEN_PLANS = 32;

/** A plan that nobody has used for this long is closed, in milliseconds. */
const IDLE_MS = 10 * 60 * 1_000;

/** How often plans are looked at, in milliseconds. */
const CHECK_MS = 60 * 1_000;

/** What is kept open. */
export interface OpenPlan extends AsyncDisposable {
  /** Whether a client uses it between its requests. */
  readonly isInUse: () => boolean;
}

export interface OpenPlansOptions<T extends OpenPlan> {
  /** Opens the plan of a project; resolves to undefined if there is no such project. */
  readonly open: (project: string) => Promise<T | undefined>;
  readonly log: Log;
  /** Default: `MAX_OPEN_PLANS`. */
  readonly maxOpen?: number;
  /** Default: `IDLE_MS`. */
  readonly idleMs?: number;
  /** Default: `CHECK_MS`. */
  readonly checkMs?: number;
}

interface Entry<T> {
  readonly plan: Promise<T | undefined>;
  /** Set when it is open. */
  opened?: T;
  /** Whether it is open until the end. */
  readonly isPinned: boolean;
  /** How many requests use it now. */
  uses: number;
  /** When a request last used it, on the clock of `performance.now`. */
  usedAt: number;
}

export class OpenPlans<T extends OpenPlan> implements AsyncDisposable {
  readonly #open: OpenPlansOptions<T>["open"];
  readonly #log: Log;
  readonly #maxOpen: number;
  readonly #idleMs: number;
  readonly #entries = new Map<string, Entry<T>>();
  /** Plans that are being closed, each until it is: opened again before that, its files would be in use twice. */
  readonly #closing = new Map<string, Promise<void>>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor({ open, log, maxOpen = MAX_OPEN_PLANS, idleMs = IDLE_MS, checkMs = CHECK_MS }: OpenPlansOptions<T>) {
    this.#open = open;
    this.#log = log;
    this.#maxOpen = maxOpen;
    this.#idleMs = idleMs;
    this.#timer = setInterval(() => this.#closeIdle(), checkMs);
  }

  /** The plans that are open now. */
  get plans(): readonly T[] {
    return Array.from(this.#entries.values()).flatMap(({ opened }) => opened ?? []);
  }

  /** Whether a plan is open, or being opened. */
  has(project: string): boolean {
    return this.#entries.has(project);
  }

  /** Keeps a plan open until the end. */
  pin(project: string, plan: T): void {
    const entry = { plan: Promise.resolve(plan), opened: plan, isPinned: true, uses: 0, usedAt: 0 };
    this.#entries.set(project, entry);
  }

  /** Begins to use a plan, which is not closed before the use is disposed of. */
  async use(project: string): Promise<Disposable & { readonly plan: T } | "unknown" | "full"> {
    const entry = this.#entries.get(project) ?? this.#begin(project);
    if (entry === undefined) return "full";
    entry.uses++;
    const end = () => {
      entry.uses--;
      entry.usedAt = performance.now();
    };
    try {
      const plan = await entry.plan;
      if (plan !== undefined) return { plan, [Symbol.dispose]: end };
    } catch (error) {
      end();
      throw error;
    }
    end();
    return "unknown";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    const names = Array.from(this.#entries.keys());
    await Promise.all([...names.map((name) => this.#close(name)), ...this.#closing.values()]);
  }

  /** Begins to open a plan; undefined if there is no room for it. */
  #begin(project: string): Entry<T> | undefined {
    const room = this.#entries.size < this.#maxOpen ? Promise.resolve() : this.#makeRoom();
    if (room === undefined) return undefined;
    const entry: Entry<T> = {
      plan: Promise.all([room, this.#closing.get(project)?.catch(() => {})]).then(() => this.#open(project)),
      isPinned: false,
      uses: 0,
      usedAt: performance.now(),
    };
    this.#entries.set(project, entry);
    const forget = () => this.#entries.delete(project);
    entry.plan.then((plan) => {
      if (plan === undefined) forget();
      else entry.opened = plan;
    }, forget);
    return entry;
  }

  /** Closes the plan that was not used for the longest time; returns undefined if all are in use. */
  #makeRoom(): Promise<void> | undefined {
    const [oldest] = this.#unused().sort(([, one], [, other]) => one.usedAt - other.usedAt);
    return oldest && this.#closeAndReport(oldest[0]);
  }

  #closeIdle(): void {
    const now = performance.now();
    for (const [name, { usedAt }] of this.#unused()) {
      if (now - usedAt >= this.#idleMs) this.#closeAndReport(name);
    }
  }

  #unused(): [string, Entry<T>][] {
    return Array.from(this.#entries).filter(([, { isPinned, uses, opened }]) => {
      return !isPinned && uses === 0 && opened !== undefined && !opened.isInUse();
    });
  }

  #closeAndReport(name: string): Promise<void> {
    return this.#close(name).catch((error) => this.#log.error(`Cannot close project ${name}: ${error}`));
  }

  async #close(name: string): Promise<void> {
    const entry = this.#entries.get(name);
    this.#entries.delete(name);
    const closing = (async () => {
      await (await entry?.plan.catch(() => undefined))?.[Symbol.asyncDispose]();
    })();
    this.#closing.set(name, closing);
    try {
      await closing;
    } finally {
      this.#closing.delete(name);
    }
  }
}
