/**
 * Carries out claims that may wait for a task, whichever process makes it ready. Each caller and instance has at most one
 * wait: a newer one ends it. News end a wait, too. What is claimed for a client that has gone is handed back, and its news
 * are kept for the next answer to the same caller.
 */

import { type Caller, keyOfCaller } from "../core/model/access.ts";
import type { AnswerOf, Claim, CommandOf, CommandType, Repeated } from "../core/messages/commands.ts";
import type { Engine } from "./engine.ts";
import { EventWaits } from "./event_waits.ts";
import type { Feed } from "./feed.ts";
import { handBack } from "./hand_back.ts";
import type { CommandOptions } from "./job.ts";
import type { SessionKeeper } from "./session_keeper.ts";
import type { News } from "../core/model/news.ts";
import { tellsAllNews } from "../core/rules/heartbeat.ts";
import { tellsNews, unreadNews } from "../core/views/news.ts";
import type { Log } from "./ports.ts";
import { UnreadNews } from "./unread_news.ts";
import { type ClaimCommand, isAnswer, supersededAnswer, type Waiter } from "./waiter.ts";
import { WaitingLine } from "./waiting_line.ts";

/** Longest wait of a claim by default, in milliseconds: clients give up a call after 60 s. */
export const DEFAULT_MAX_WAIT_MS = 50_000;

/** Longest wait that an operator can set, in milliseconds: a day. */
export const LONGEST_MAX_WAIT_MS = 24 * 60 * 60 * 1_000;

/** Most claims, and most calls for events, that wait in one process by default: enough for the agents of one client. */
export const MAX_WAITERS = 128;

/** The same in a process that serves many clients. */
export const MAX_SERVICE_WAITERS = 2_000;

/** How often a caller is notified that its claim still waits, in milliseconds. */
const REPORT_MS = 5_000;

export interface WaitOptions {
  /** The request id that the caller gave. Default: none. */
  readonly request?: CommandOptions;
  /** A longer wait than `Waiting.maxWaitMs` is shortened to it. */
  readonly waitMs: number;
  /** Ends the waiting; nothing is claimed after that. */
  readonly signal: AbortSignal;
  /** Called when the waiting begins, and every `REPORT_MS`. An error that it throws is logged and ends no wait. */
  readonly onWaiting?: (waitedMs: number, claim: Claim) => void;
}

/** The answer to a claim that may have waited. */
export type WaitedClaim = Claim & {
  /** Set if the claim was answered without a wait because `maxWaiters` claims were waiting already. */
  readonly isCrowded?: true;
};

export interface WaitingOptions {
  readonly engine: Engine;
  /** Executes claims: the engine, or what keeps the client's session. Default: the engine. */
  readonly executor?: Pick<SessionKeeper, "execute">;
  readonly feed: Feed;
  readonly log: Log;
  /** Longest wait of a claim, in milliseconds. Default: `DEFAULT_MAX_WAIT_MS`. */
  readonly maxWaitMs?: number;
  /** Most claims that wait; further ones are answered at once. Default: `MAX_WAITERS`. */
  readonly maxWaiters?: number;
}

export class Waiting {
  /** Longest wait of a claim, in milliseconds. */
  readonly maxWaitMs: number;
  /** Most claims that wait, and likewise most calls for events. */
  readonly maxWaiters: number;
  /** The calls that wait for events, which end with this. */
  readonly events: EventWaits;
  readonly #engine: Engine;
  readonly #executor: Pick<SessionKeeper, "execute">;
  readonly #log: Log;
  readonly #line: WaitingLine;
  /** The newest call under way of each caller and instance. */
  readonly #newest = new Map<string, ClaimCommand>();
  /** Work that may still claim a task or hand one back. */
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #unread: UnreadNews;
  #isClosed = false;

  constructor({ engine, executor = engine, feed, log, maxWaitMs, maxWaiters = MAX_WAITERS }: WaitingOptions) {
    this.#executor = executor;
    this.maxWaitMs = maxWaitMs ?? DEFAULT_MAX_WAIT_MS;
    this.maxWaiters = maxWaiters;
    this.#engine = engine;
    this.#log = log;
    this.#unread = new UnreadNews(Math.max(maxWaiters, MAX_WAITERS));
    this.#line = new WaitingLine({
      engine,
      feed,
      log,
      tryFor: (waiter) => this.#try(waiter),
      track: (work) => this.#track(work),
    });
    this.events = new EventWaits({ engine, feed, log, maxWaitMs: this.maxWaitMs, maxWaiters });
  }

  /**
   * Claims a task; waits for one if there is none and waiting can help. News for the instance end a wait, as they must not
   * wait themselves. Ends older waits of the same caller and instance: many clients give up a call without cancelling it,
   * and nobody would read what it claims. A repeat of a claim that got a task resolves to `Repeated`.
   *
   * @throws whatever `Engine.execute` throws
   */
  async claim(command: ClaimCommand, caller: Caller, options: WaitOptions): Promise<WaitedClaim | Repeated> {
    const key = keyOfCaller(caller, command.instance);
    this.#newest.set(key, command);
    for (const waiter of this.#line.of(key)) this.#end(waiter, supersededAnswer(waiter.lastAnswer));
    try {
      return await this.#track(this.#claim(command, caller, options));
    } finally {
      if (this.#newest.get(key) === command) this.#newest.delete(key);
    }
  }

  /** The answer to another command of the same caller, with the news in its claims that nobody read, if it tells news. */
  withUnread<K extends CommandType>(answer: AnswerOf<K>, command: CommandOf<K>, caller: Caller): AnswerOf<K> {
    const instance = tellsAllNews(command.type) && "instance" in command ? command.instance : undefined;
    return instance === undefined ? answer : this.#unread.addTo(answer, keyOfCaller(caller, instance));
  }

  /** How many claims wait. */
  get size(): number {
    return this.#line.size;
  }

  /** The instances that wait in this process. */
  instances(): ReadonlySet<string> {
    return this.#line.instances();
  }

  /** Ends all waits without a task or event. Resolves once tasks that were claimed meanwhile are handed back. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const waiter of this.#line.all()) this.#end(waiter);
    const closing = this.events.close();
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
    await closing;
  }

  /** Tries once, and waits if that can help. */
  async #claim(command: ClaimCommand, caller: Caller, options: WaitOptions): Promise<WaitedClaim | Repeated> {
    const { signal, request = {} } = options;
    const waitMs = Math.min(options.waitMs, this.maxWaitMs);
    const claim = await this.#executor.execute(command, caller, request);
    if ("repeated" in claim) return claim;
    const first = this.#unread.addTo(claim, keyOfCaller(caller, command.instance));
    if (signal.aborted) await this.#takeBack(first, command, caller);
    if (waitMs <= 0 || isAnswer(first)) return first;
    if (signal.aborted || this.#isClosed) return first;
    if (this.#isSuperseded(command, caller)) return supersededAnswer(first);
    if (this.#line.size >= this.maxWaiters) return { ...first, isCrowded: true };
    const { promise, resolve, reject } = Promise.withResolvers<Claim | Repeated>();
    const waiter = {
      command,
      caller,
      request,
      signal,
      isAnswered: false,
      trying: undefined,
      lastAnswer: first,
      resolve,
      reject,
    };
    return await this.#wait(waiter, { ...options, waitMs, promise });
  }

  /** Waits until the waiter is answered, its time is over, or its client gives up. */
  async #wait(
    waiter: Waiter,
    { waitMs, onWaiting, promise }: WaitOptions & { readonly promise: Promise<Claim | Repeated> },
  ): Promise<Claim | Repeated> {
    const startedAt = performance.now();
    const report = () => {
      try {
        onWaiting?.(performance.now() - startedAt, waiter.lastAnswer);
      } catch (error) {
        this.#log.error(`Cannot tell ${waiter.command.instance} that it waits: ${error}`);
      }
    };
    const reporting = setInterval(report, REPORT_MS);
    const timeout = setTimeout(() => this.#track(this.#expire(waiter)), waitMs);
    const onAbort = () => this.#end(waiter);
    waiter.signal.addEventListener("abort", onAbort);
    this.#line.add(waiter);
    report();
    try {
      return await promise;
    } finally {
      clearInterval(reporting);
      clearTimeout(timeout);
      waiter.signal.removeEventListener("abort", onAbort);
      this.#line.remove(waiter);
    }
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work);
    const forget = () => this.#underWay.delete(work);
    work.then(forget, forget);
    return work;
  }

  /** Whether the same caller and instance has called again since, even if that call is answered already. */
  #isSuperseded(command: ClaimCommand, caller: Caller): boolean {
    return this.#newest.get(keyOfCaller(caller, command.instance)) !== command;
  }

  /** Answers a waiter, without another try. */
  #end(waiter: Waiter, claim: Claim | Repeated = waiter.lastAnswer): void {
    this.#line.remove(waiter);
    waiter.isAnswered = true;
    waiter.resolve(claim);
  }

  /** The wait is over: a last try gives the reason as of now. */
  async #expire(waiter: Waiter): Promise<void> {
    this.#line.remove(waiter);
    await this.#try(waiter);
    if (waiter.isAnswered) return;
    const { command, caller, lastAnswer } = waiter;
    this.#end(waiter, this.#isSuperseded(command, caller) ? supersededAnswer(lastAnswer) : lastAnswer);
  }

  /** Tries to claim for a waiter, or joins the try under way. */
  #try(waiter: Waiter): Promise<void> {
    return waiter.trying ??= this.#claimFor(waiter).finally(() => waiter.trying = undefined);
  }

  /** Claims for a waiter; takes the claim back if the waiter no longer waits. */
  async #claimFor(waiter: Waiter): Promise<void> {
    const { command, caller, request, signal } = waiter;
    try {
      const claim = await this.#engine.execute(command, caller, request);
      if ("repeated" in claim) return this.#end(waiter, claim);
      if (waiter.isAnswered || signal.aborted || this.#isSuperseded(command, caller)) {
        return await this.#takeBack(claim, command, caller);
      }
      waiter.lastAnswer = claim;
      if (isAnswer(claim)) this.#end(waiter);
    } catch (error) {
      this.#line.remove(waiter);
      waiter.isAnswered = true;
      waiter.reject(error);
    }
  }

  /** Nobody reads this claim: hands its task back, and keeps its news for the next answer to the same caller and instance. */
  #takeBack(claim: Claim, command: ClaimCommand, caller: Caller): Promise<void> {
    this.#keepUnread(keyOfCaller(caller, command.instance), unreadNews(claim));
    return handBack(claim, { engine: this.#engine, log: this.#log, instance: command.instance, caller });
  }

  #keepUnread(key: string, news: News): void {
    if (!tellsNews(news)) return;
    this.#unread.keep(key, news);
    for (const waiter of this.#line.of(key)) this.#end(waiter, this.#unread.addTo(waiter.lastAnswer, key));
  }
}
