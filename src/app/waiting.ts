/**
 * Claims that wait until there is something to claim, whichever process makes it so. Waiters are served in the order in
 * which they came. One claim is tried at a time, and only after a look without the write lock has found a task for it: so
 * the number of tries stays close to the number of tasks, however many wait.
 */

import type { Claim, CommandOf, NoTasksReason } from "../core/messages/commands.ts";
import { Refusal } from "../core/model/refusal.ts";
import { heartbeatDueAt, heartbeatEvents } from "../core/rules/heartbeat.ts";
import { isSweepDue, nextTimeOf } from "../core/rules/sweep.ts";
import { firstAnswered } from "../core/state/next_claim.ts";
import type { ReadonlyState } from "../core/state/state.ts";
import type { Engine } from "./engine.ts";
import { ORCHESTRATOR } from "./job.ts";
import type { Feed } from "./feed.ts";
import { type Log, Unavailable } from "./ports.ts";

/** Longest time that a claim waits, in milliseconds, unless the operator sets another: clients give a call up after 60 s. */
export const DEFAULT_MAX_WAIT_MS = 50_000;

/** Longest time that an operator can set, in milliseconds: a day. */
export const LONGEST_MAX_WAIT_MS = 24 * 60 * 60 * 1_000;

/** Most claims that wait in one process; further ones are answered at once. */
export const MAX_WAITERS = 128;

/** Longest time without a look, in milliseconds. */
const POLL_MS = 1_000;

/** Instances that wait give signs of life at least so many milliseconds apart, however short their time to live is. */
const HEARTBEAT_MS = 20;

/** Processes look at new records within so many milliseconds of each other, not all at the same moment. */
const SPREAD_MS = 8;

/** How often a claim that nobody waits for is tried to be handed back, and the pause after the first try, in milliseconds. */
const MAX_HAND_BACKS = 5;
const HAND_BACK_MS = 100;

/** How often a claim is told that it waits, in milliseconds. */
const REPORT_MS = 5_000;

type ClaimCommand = CommandOf<"claim_task">;

export interface WaitOptions {
  /** A longer wait than `Waiting.maxWaitMs` is shortened to it. */
  readonly waitMs: number;
  /** Ends the waiting; nothing is claimed after that. */
  readonly signal: AbortSignal;
  /** Told when the waiting begins, and now and then. That it throws is logged, and ends no wait. */
  readonly onWaiting?: (waitedMs: number, claim: Claim) => void;
}

/** What a claim comes to. */
export type WaitedClaim = Claim & {
  /** It was answered without a wait, though one could help: `MAX_WAITERS` claims wait already. */
  readonly isCrowded?: true;
};

export interface WaitingOptions {
  readonly engine: Engine;
  readonly feed: Feed;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly log: Log;
  /** Longest time that a claim waits, in milliseconds. Default: `DEFAULT_MAX_WAIT_MS`. */
  readonly maxWaitMs?: number;
}

interface Waiter {
  readonly command: ClaimCommand;
  readonly actor: string;
  readonly signal: AbortSignal;
  isAnswered: boolean;
  /** The try under way. There is one at a time: a second could claim a second task. */
  trying: Promise<void> | undefined;
  /** Why there was nothing, when it was last asked. */
  last: Claim;
  readonly resolve: (claim: Claim) => void;
  readonly reject: (error: unknown) => void;
}

export class Waiting {
  /** Longest time that a claim waits, in milliseconds. */
  readonly maxWaitMs: number;
  readonly #engine: Engine;
  readonly #feed: Feed;
  readonly #now: () => number;
  readonly #log: Log;
  /** In the order in which they came. */
  readonly #waiters = new Set<Waiter>();
  /** The newest call under way of each caller and instance. */
  readonly #newest = new Map<string, ClaimCommand>();
  /** What may still claim something or hand it back. */
  readonly #underWay = new Set<Promise<unknown>>();
  /** When each instance that waits was last kept alive, by `performance.now`. */
  readonly #heartbeats = new Map<string, number>();
  #unsubscribe: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer fires, by `performance.now`. */
  #lookAt = 0;
  #serving: Promise<void> | undefined;
  #isChanged = false;
  #isClosed = false;

  constructor({ engine, feed, now, log, maxWaitMs = DEFAULT_MAX_WAIT_MS }: WaitingOptions) {
    this.maxWaitMs = maxWaitMs;
    this.#engine = engine;
    this.#feed = feed;
    this.#now = now;
    this.#log = log;
  }

  /**
   * Claims a task, waiting for one if there is none and waiting can help. Ends older waits of the same caller and
   * instance: many clients give a call up without cancelling it, and nobody would read what it claims.
   *
   * @throws whatever `Engine.execute` throws
   */
  async claim(command: ClaimCommand, actor: string, options: WaitOptions): Promise<WaitedClaim> {
    const caller = callerOf(command, actor);
    this.#newest.set(caller, command);
    for (const waiter of this.#waiters) {
      if (callerOf(waiter.command, waiter.actor) === caller) this.#end(waiter, superseded(waiter.last));
    }
    try {
      return await this.#track(this.#claim(command, actor, options));
    } finally {
      if (this.#newest.get(caller) === command) this.#newest.delete(caller);
    }
  }

  /** The instances that wait in this process. */
  instances(): ReadonlySet<string> {
    return new Set(Array.from(this.#waiters, ({ command }) => command.instance));
  }

  /**
   * Ends all waiting: everybody gets the answer that there is nothing. Resolves once what was claimed for them meanwhile
   * is handed back.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const waiter of this.#waiters) this.#end(waiter);
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }

  async #claim(command: ClaimCommand, actor: string, options: WaitOptions): Promise<WaitedClaim> {
    const { signal } = options;
    const calledAt = this.#now();
    const waitMs = Math.min(options.waitMs, this.maxWaitMs);
    const first = await this.#engine.execute(command, actor);
    // A holder that names its task gets it again, and keeps it.
    const isNew = (first.task?.startedAt ?? 0) >= calledAt;
    if (signal.aborted && isNew) await this.#handBack(first, command.instance, actor);
    if (first.task !== undefined || waitMs <= 0 || isFutile(first)) return first;
    if (signal.aborted || this.#isClosed) return first;
    if (this.#isSuperseded(command, actor)) return superseded(first);
    if (this.#waiters.size >= MAX_WAITERS) return { ...first, isCrowded: true };
    const { promise, resolve, reject } = Promise.withResolvers<Claim>();
    const waiter: Waiter = {
      command,
      actor,
      signal,
      isAnswered: false,
      trying: undefined,
      last: first,
      resolve,
      reject,
    };
    const startedAt = performance.now();
    const report = () => this.#report(waiter, { ...options, waitedMs: performance.now() - startedAt });
    const reporting = setInterval(report, REPORT_MS);
    const timeout = setTimeout(() => this.#track(this.#giveUp(waiter)), waitMs);
    const onAbort = () => this.#end(waiter);
    signal.addEventListener("abort", onAbort);
    this.#add(waiter);
    report();
    try {
      return await promise;
    } finally {
      clearInterval(reporting);
      clearTimeout(timeout);
      signal.removeEventListener("abort", onAbort);
      this.#remove(waiter);
    }
  }

  #report(
    { command, last }: Waiter,
    { onWaiting, waitedMs }: Pick<WaitOptions, "onWaiting"> & { waitedMs: number },
  ): void {
    try {
      onWaiting?.(waitedMs, last);
    } catch (error) {
      this.#log.error(`Cannot tell ${command.instance} that it waits: ${error}`);
    }
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work);
    const forget = () => this.#underWay.delete(work);
    work.then(forget, forget);
    return work;
  }

  #add(waiter: Waiter): void {
    this.#waiters.add(waiter);
    this.#unsubscribe ??= this.#feed.subscribe(() => this.#lookIn(Math.random() * SPREAD_MS));
    // Something may have come about between the first try and now.
    this.#serve();
  }

  #remove(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    const { instance } = waiter.command;
    if (!Array.from(this.#waiters).some(({ command }) => command.instance === instance)) {
      this.#heartbeats.delete(instance);
    }
    if (this.#waiters.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Whether a newer call of the same caller and instance has come, be it under way or answered. */
  #isSuperseded(command: ClaimCommand, actor: string): boolean {
    return this.#newest.get(callerOf(command, actor)) !== command;
  }

  /** Answers that there is nothing, without another look. */
  #end(waiter: Waiter, claim = waiter.last): void {
    this.#remove(waiter);
    waiter.isAnswered = true;
    waiter.resolve(claim);
  }

  /** The time is over: one last try says why there is nothing, as things are now. */
  async #giveUp(waiter: Waiter): Promise<void> {
    this.#remove(waiter);
    await this.#try(waiter);
    if (waiter.isAnswered) return;
    this.#end(waiter, this.#isSuperseded(waiter.command, waiter.actor) ? superseded(waiter.last) : waiter.last);
  }

  /** Gives a sign of life for an instance that waits; what it is told is passed on with the claim. */
  async #keepAlive(instance: string): Promise<void> {
    if (!Array.from(this.#waiters).some(({ command }) => command.instance === instance)) return;
    this.#heartbeats.set(instance, performance.now());
    const { lostTasks } = await this.#engine.execute({ type: "heartbeat", instance }, ORCHESTRATOR);
    if (lostTasks.length === 0) return;
    for (const waiter of this.#waiters) {
      if (waiter.command.instance === instance) waiter.last = { ...waiter.last, lostTasks };
    }
  }

  /** Tries to claim for a waiter, unless that is under way. */
  #try(waiter: Waiter): Promise<void> {
    return waiter.trying ??= this.#claimFor(waiter).finally(() => waiter.trying = undefined);
  }

  /** Claims for a waiter, and hands back what it does not wait for any more. */
  async #claimFor(waiter: Waiter): Promise<void> {
    const { command, actor, signal } = waiter;
    try {
      const claim = await this.#engine.execute(command, actor);
      const { lostTasks = claim.lostTasks } = waiter.last;
      const told = { ...claim, ...(lostTasks !== undefined && { lostTasks }) };
      if (claim.task === undefined) {
        waiter.last = told;
        if (isFutile(claim)) this.#end(waiter);
      } else if (waiter.isAnswered || signal.aborted || this.#isSuperseded(command, actor)) {
        await this.#handBack(claim, command.instance, actor);
      } else {
        this.#remove(waiter);
        waiter.isAnswered = true;
        waiter.resolve(told);
      }
    } catch (error) {
      this.#remove(waiter);
      waiter.isAnswered = true;
      waiter.reject(error);
    }
  }

  /** Nobody is left to do the task. What can be mended by trying again is tried again. */
  async #handBack({ task }: Claim, instance: string, actor: string): Promise<void> {
    if (task === undefined) return;
    const { id, attempt } = task;
    const command = { type: "release_task" as const, id, instance, attempt, reason: "its client did not wait for it" };
    for (let tries = 1;; tries++) {
      try {
        await this.#engine.execute(command, actor);
        return;
      } catch (error) {
        // Somebody has ended or released it meanwhile.
        if (error instanceof Refusal) return;
        const isPassing = error instanceof Unavailable && (error.code === "busy" || error.code === "overloaded");
        if (!isPassing || tries === MAX_HAND_BACKS) {
          this.#log.warn(`Task ${id} stays with ${instance}, whose client is gone; release_task frees it: ${error}`);
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, HAND_BACK_MS * tries));
      }
    }
  }

  #lookIn(delayMs: number): void {
    const at = performance.now() + delayMs;
    if (this.#waiters.size === 0 || (this.#timer !== undefined && this.#lookAt <= at)) return;
    clearTimeout(this.#timer);
    this.#lookAt = at;
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

  async #serveAll(): Promise<void> {
    let delayMs = POLL_MS;
    try {
      while (this.#isChanged && this.#waiters.size > 0) {
        this.#isChanged = false;
        const { waiter, silent, isDue, next } = await this.#engine.read((state) => this.#look(state));
        for (const instance of silent) await this.#keepAlive(instance);
        if (isDue) {
          // The sweeper may come later; and what a sweep finds may be what somebody waits for.
          await this.#engine.execute({ type: "sweep" }, ORCHESTRATOR);
          this.#isChanged = true;
        }
        if (waiter !== undefined) {
          // Whether it gets something or somebody is faster: there may be more for others.
          this.#isChanged = true;
          await this.#try(waiter);
        }
        delayMs = Math.min(POLL_MS, Math.max(1, next - this.#now()));
      }
    } catch (error) {
      // The next look may find the journal in a better state; whose time is over is told what is wrong.
      this.#log.warn(`Cannot look for tasks for those who wait: ${error}`);
    }
    this.#lookIn(delayMs);
  }

  #look(state: ReadonlyState): Look {
    const waiters = [...this.#waiters];
    const now = this.#now();
    const heartbeatAt = Math.min(...waiters.map(({ command }) => heartbeatDueAt(state, command.instance) ?? Infinity));
    const next = Math.min(nextTimeOf(state) ?? Infinity, Math.max(heartbeatAt, now + HEARTBEAT_MS));
    // Who has left or drains since, or holds as much as it may, is told so at once.
    const answered = firstAnswered(state, waiters.map(({ command }) => command));
    return {
      waiter: answered === undefined ? undefined : waiters[answered],
      silent: waiters.map(({ command }) => command.instance)
        .filter((instance) => (this.#heartbeats.get(instance) ?? -Infinity) + HEARTBEAT_MS <= performance.now())
        .filter((instance) =>
          heartbeatEvents(state, { type: "heartbeat", instance }, { now, defaults: {} }).length > 0
        ),
      isDue: isSweepDue(state, now),
      next,
    };
  }
}

/** What a look at the state finds. */
interface Look {
  /** The first in line for whom there is something, or can be nothing. */
  readonly waiter: Waiter | undefined;
  /** Instances that must be kept alive. */
  readonly silent: readonly string[];
  /** Whether leases or the like have come to their end. */
  readonly isDue: boolean;
  /** When to look again, in milliseconds since the Unix epoch. */
  readonly next: number;
}

const FUTILE: readonly NoTasksReason[] = ["draining", "left", "at_capacity", "superseded"];

/** Whether waiting cannot help: the reason lies with the instance itself, or a newer wait has taken the place. */
export function isFutile(claim: Claim): boolean {
  return claim.task === undefined && FUTILE.includes(claim.none.reason);
}

/** Who waits: a caller on behalf of one instance. */
function callerOf({ instance }: ClaimCommand, actor: string): string {
  return JSON.stringify([actor, instance]);
}

/** The answer to a wait whose place a newer one has taken. */
function superseded(last: Claim): Claim {
  if (last.task !== undefined) return last;
  const message =
    "A newer get_next_task of this instance took the place of this one: read the answer to that. If you " +
    "made none, another agent uses this instance_id: wait again with one of your own";
  return { ...last, none: { ...last.none, reason: "superseded", message } };
}
