/**
 * The claims that wait, served first come, first served. One claim is tried at a time, and only after a scan without the
 * write lock has found a task for it: so the number of tries stays close to the number of tasks, however many claims wait.
 * Scans after new records, and each second. Sends heartbeats for the instances, and sweeps if that may help a claim.
 */

import { keyOfCaller } from "../core/model/access.ts";
import type { Engine } from "./engine.ts";
import type { Feed } from "./feed.ts";
import { ORCHESTRATOR } from "./job.ts";
import { Pause } from "./pause.ts";
import type { Log } from "./ports.ts";
import type { Waiter } from "./waiter.ts";
import { type Scan, scan } from "./waiting_scan.ts";

/** Longest time between two scans, in milliseconds. */
const POLL_MS = 1_000;

/** Longest random delay of a scan for new records, in milliseconds: so that processes do not claim at the same moment. */
const SPREAD_MS = 8;

export interface WaitingLineOptions {
  readonly engine: Engine;
  readonly feed: Feed;
  readonly log: Log;
  /** Tries to claim for a waiter. Removes it, if that answers it. */
  readonly tryFor: (waiter: Waiter) => Promise<void>;
  /** Called with work that may still claim a task. */
  readonly track: (work: Promise<void>) => Promise<void>;
}

export class WaitingLine {
  readonly #engine: Engine;
  readonly #feed: Feed;
  readonly #log: Log;
  readonly #tryFor: WaitingLineOptions["tryFor"];
  readonly #track: WaitingLineOptions["track"];
  /** In the order of their arrival. */
  readonly #waiters = new Set<Waiter>();
  /** When each waiting instance last had a heartbeat, by `performance.now`. */
  readonly #heartbeats = new Map<string, number>();
  readonly #sweepPause = new Pause();
  readonly #tryPause = new Pause();
  #unsubscribe: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer fires, by `performance.now`. */
  #scanAt = 0;
  #serving: Promise<void> | undefined;
  /** Whether the state may have changed since the last scan. */
  #isChanged = false;

  constructor({ engine, feed, log, tryFor, track }: WaitingLineOptions) {
    this.#engine = engine;
    this.#feed = feed;
    this.#log = log;
    this.#tryFor = tryFor;
    this.#track = track;
  }

  get size(): number {
    return this.#waiters.size;
  }

  all(): readonly Waiter[] {
    return [...this.#waiters];
  }

  /** The waits of a caller and instance: at most one. */
  of(key: string): readonly Waiter[] {
    return this.all().filter(({ command, caller }) => keyOfCaller(caller, command.instance) === key);
  }

  instances(): ReadonlySet<string> {
    return new Set(Array.from(this.#waiters, ({ command }) => command.instance));
  }

  add(waiter: Waiter): void {
    this.#waiters.add(waiter);
    this.#unsubscribe ??= this.#feed.subscribe(() => this.#scanIn(Math.random() * SPREAD_MS));
    // A task may have become ready since the first try.
    this.#serve();
  }

  remove(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    const { instance } = waiter.command;
    if (!this.#isWaiting(instance)) this.#heartbeats.delete(instance);
    if (this.#waiters.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #isWaiting(instance: string): boolean {
    return Array.from(this.#waiters).some(({ command }) => command.instance === instance);
  }

  /** Sends a heartbeat for an instance that waits. News are for its claim, not for this. */
  async #keepAlive(instance: string): Promise<void> {
    const waiting = Array.from(this.#waiters).find(({ command }) => command.instance === instance);
    if (waiting === undefined) return;
    this.#heartbeats.set(instance, performance.now());
    await this.#engine.execute({ type: "heartbeat", instance, isUnread: true }, waiting.caller);
  }

  #scanIn(delayMs: number): void {
    const at = performance.now() + delayMs;
    if (this.#waiters.size === 0 || (this.#timer !== undefined && this.#scanAt <= at)) return;
    clearTimeout(this.#timer);
    this.#scanAt = at;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#serve();
    }, delayMs);
  }

  #serve(): void {
    this.#isChanged = true;
    this.#serving ??= this.#track(this.#serveAll()).finally(() => {
      this.#serving = undefined;
      if (this.#isChanged && this.#waiters.size > 0) this.#serve();
    });
  }

  /** Scans, and acts on what the scan found, until nothing changes any more. */
  async #serveAll(): Promise<void> {
    let delayMs = POLL_MS;
    try {
      while (this.#isChanged && this.#waiters.size > 0) {
        this.#isChanged = false;
        const found = await scan([...this.#waiters], { engine: this.#engine, heartbeats: this.#heartbeats });
        const { seq } = this.#engine;
        for (const instance of found.silent) await this.#keepAlive(instance);
        await this.#sweep(found);
        await this.#tryFirst(found, seq);
        delayMs = Math.min(POLL_MS, Math.max(1, this.#nextScanInMs(found)));
      }
    } catch (error) {
      // The next scan may succeed; a waiter whose time is over gets the error from its last try.
      this.#log.warn(`Cannot look for tasks for waiting claims: ${error}`);
    }
    this.#scanIn(delayMs);
  }

  /** Sweeps if that is due: not left to the sweeper, as a sweep may make ready what a claim waits for. */
  async #sweep({ isSweepDue }: Scan): Promise<void> {
    if (!isSweepDue) this.#sweepPause.reset();
    else if (this.#sweepPause.remainingMs === 0) {
      const { swept } = await this.#engine.execute({ type: "sweep" }, ORCHESTRATOR);
      this.#sweepPause.note(swept > 0);
      if (swept > 0) this.#isChanged = true;
    }
  }

  /**
   * Tries for the waiter that the scan found. A try without an answer has an effect, too, if there are records after `seq`,
   * that of the scan: another process was faster, and there may be more tasks for other waiters.
   */
  async #tryFirst({ waiter }: Scan, seq: number): Promise<void> {
    if (waiter === undefined) return this.#tryPause.reset();
    await this.#tryFor(waiter);
    const hasEffect = waiter.isAnswered || this.#engine.seq !== seq;
    this.#tryPause.note(hasEffect);
    if (hasEffect) this.#isChanged = true;
  }

  /** When to scan again if no record comes, in milliseconds. */
  #nextScanInMs({ waiter, isSweepDue, changeInMs, heartbeatInMs }: Scan): number {
    return Math.min(
      heartbeatInMs,
      isSweepDue ? this.#sweepPause.remainingMs : changeInMs,
      waiter === undefined ? Infinity : this.#tryPause.remainingMs,
    );
  }
}
