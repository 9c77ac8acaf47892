/**
 * Delivers to one webhook: one notification after the other, each until it is delivered or given up. Its place moves only
 * after that, so none is skipped, and one whose delivery was not yet kept when the process died is delivered again.
 */

import { follow, type FollowOptions } from "../app/follower.ts";
import { type HistoryQuery, type HistoryReader, type Moment, placeOf, readHistory } from "../app/history.ts";
import type { Observer } from "../app/observer.ts";
import { type Deliveries, type Log, Unavailable } from "../app/ports.ts";
import type { DeadLetter, DeliveryAttempt } from "../app/webhook_desk.ts";
import { isForAdmins, nameOf, requireType } from "../core/messages/history.ts";
import type { Notification } from "../core/messages/notifications.ts";
import type { QueryOf } from "../core/messages/queries.ts";
import type { KnownCaller } from "../core/model/access.ts";
import type { Webhook } from "../core/model/webhook.ts";
import { messageOf } from "./message.ts";
import type { Pace } from "./pace.ts";
import { LONGEST_PAUSE_MS, MAX_PAUSE_MS, pauseAfter } from "./schedule.ts";
import { secretsOf } from "./secrets.ts";
import type { Answer, NoAnswer, Sender } from "./sender.ts";
import { SavedStanding } from "./saved_standing.ts";
import { logged, withDeadLetter, withoutDeadLetter } from "./standing.ts";

/** The status by which a receiver says that it wants nothing more. */
const GONE = 410;

export interface CourierOptions {
  readonly engine: FollowOptions["engine"] & { now(): number };
  readonly feed: FollowOptions["feed"];
  readonly deliveries: Deliveries;
  readonly log: Log;
  readonly sender: Pick<Sender, "post">;
  readonly pace: Pick<Pace, "turn">;
  readonly version: string;
  /** The webhook as it is now. */
  readonly webhook: () => Webhook;
  /** Called when the receiver wants nothing more. */
  readonly disable: (why: string) => Promise<void>;
  /** Told of each attempt to deliver. Default: nobody. */
  readonly onDelivery?: Observer["onDelivery"];
  /** From 0 to 1. */
  readonly random: () => number;
}

export class Courier {
  readonly #options: CourierOptions;
  /** Ends what the courier waits for, so that it looks at the webhook again. */
  #interrupt = () => {};
  /** Whether the webhook has changed since the courier looked at it. */
  #isWoken = false;
  /** Whether the webhook was disabled, before that is known from the journal. */
  #isDisabled = false;

  constructor(options: CourierOptions) {
    this.#options = options;
  }

  /**
   * Delivers until the signal comes.
   *
   * @throws LeftToOthers if this process may not send to the receiver's address
   */
  async run(signal: AbortSignal): Promise<void> {
    const { deliveries, log, webhook } = this.#options;
    await using saved = await SavedStanding.load({ deliveries, log, webhook: webhook() });
    const stop = () => this.#interrupt();
    signal.addEventListener("abort", stop);
    this.#isDisabled = false;
    try {
      while (!signal.aborted && !this.#isDisabled && webhook().disabled === undefined) {
        this.#isWoken = false;
        await this.#replay(saved, signal);
        if (this.#isWoken || this.#isDisabled) continue;
        const waitMs = (saved.now.retryAt ?? 0) - this.#options.engine.now();
        // A longer one was set by a clock that was ahead.
        if (waitMs > 0 && waitMs <= LONGEST_PAUSE_MS) await this.#pause(waitMs);
        else await this.#deliver(saved, signal);
      }
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** Looks at the webhook again, as it has changed. */
  wake(): void {
    this.#isWoken = true;
    this.#interrupt();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#interrupt = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Delivers what comes, until a delivery fails, a text is redacted, the webhook changes or the signal comes. */
  async #deliver(saved: SavedStanding, signal: AbortSignal): Promise<void> {
    const { engine, feed, pace, webhook } = this.#options;
    const { place: after, source } = saved.now;
    using follower = follow({ engine, feed, filter: filterOf(webhook()), caller: callerOf(webhook()), after, source });
    let isInterrupted = false;
    this.#interrupt = () => {
      isInterrupted = true;
      follower.close();
    };
    if (signal.aborted) return;
    for (let next = await follower.next(); next !== undefined; next = await follower.next()) {
      if (next.type === "reset") return await this.#startAgain(saved, next.lastSeq);
      for (const notification of next.notifications) {
        await pace.turn();
        if (isInterrupted || follower.isOutdated || !await this.#deliverOne(notification, saved, signal)) return;
      }
      saved.change({ place: next.place, ...(follower.source !== undefined && { source: follower.source }) });
      await pace.turn();
    }
  }

  /** The journal was repaired or replaced: goes on where it was if that place is still there, otherwise at its end. */
  async #startAgain(saved: SavedStanding, lastSeq: number): Promise<void> {
    const { log, webhook } = this.#options;
    const { source: _, place, ...rest } = saved.now;
    const isThere = "seq" in place && place.seq <= lastSeq;
    log.warn(
      `The journal was repaired or replaced: webhook ${webhook().name} goes on ` +
        `${isThere ? "where it was" : `after record ${lastSeq}`}; webhook replay sends earlier events again`,
    );
    await saved.replace({ ...rest, place: isThere ? place : { seq: lastSeq } });
  }

  /** Resolves to false if the next one must wait. */
  async #deliverOne(notification: Notification, saved: SavedStanding, signal: AbortSignal): Promise<boolean> {
    const { engine, random } = this.#options;
    const attempts = saved.now.attempts + 1;
    const { answer, error, entry } = await this.#try(notification, attempts, signal);
    // What was under way when the process ends does not count.
    if (error !== undefined && signal.aborted) return false;
    const { retryAt: _, ...before } = logged(saved.now, entry);
    const place = { place: placeOf(notification), source: notification.source };
    if (error === undefined) {
      saved.change({ ...withoutDeadLetter(before, notification.id), ...place, attempts: 0 }, "retryAt");
      return true;
    }
    if (await this.#disabledBy(answer, error)) {
      await saved.replace(before);
      return false;
    }
    const pauseMs = pauseAfter(attempts, { retryAfterMs: retryAfterOf(answer), random: random() });
    if (pauseMs !== undefined) {
      await saved.replace({ ...before, attempts, retryAt: engine.now() + pauseMs });
      return false;
    }
    await saved.replace(withDeadLetter({ ...before, ...place, attempts: 0 }, letterOf(entry, error)));
    return true;
  }

  /** Disables the webhook of a receiver that is gone. If that cannot be recorded, this is a failed try like others. */
  async #disabledBy(answer: Answer | NoAnswer, error: string): Promise<boolean> {
    if (!("status" in answer) || answer.status !== GONE) return false;
    const { disable, log, webhook } = this.#options;
    try {
      await disable(error);
    } catch (cause) {
      if (!(cause instanceof Unavailable)) throw cause;
      log.warn(`Cannot disable webhook ${webhook().name}: ${cause}`);
      return false;
    }
    return this.#isDisabled = true;
  }

  async #try(notification: Notification, attempt: number, signal: AbortSignal) {
    const { engine, deliveries, sender, version, webhook } = this.#options;
    const at = engine.now();
    const startedAt = performance.now();
    const secrets = await secretsOf(deliveries, webhook(), at);
    const answer: Answer | NoAnswer = secrets === undefined
      ? { error: `its secret is lost: webhook rotate ${webhook().name} makes another one` }
      : await sender.post(await messageOf(notification, { at, secrets, version }), signal);
    if ("isForOthers" in answer) throw new LeftToOthers(webhook().name, answer.error);
    const error = whyFailed(answer);
    const entry: DeliveryAttempt = {
      id: notification.id,
      type: nameOf(notification.type),
      at,
      attempt,
      ms: Math.round(performance.now() - startedAt),
      ...("status" in answer && { status: answer.status }),
      ...(error !== undefined && { error }),
    };
    // What was under way when the process ends does not count.
    if (error === undefined || !signal.aborted) this.#options.onDelivery?.(entry);
    return { answer, error, entry };
  }

  /** Carries out a replay that was asked for since the last one. */
  async #replay(saved: SavedStanding, signal: AbortSignal): Promise<void> {
    const { replays = 0, replayFrom } = this.#options.webhook();
    if (replays <= saved.now.replays) return;
    saved.change({ attempts: 0 }, "retryAt");
    const { now } = saved;
    if (replayFrom !== undefined) {
      await saved.replace({ ...now, place: await this.#earlierOf(replayFrom, now.place), replays });
      return;
    }
    for (const letter of now.deadLetters) {
      if (signal.aborted || !await this.#redeliver(letter, saved, signal)) break;
    }
    if (!signal.aborted) await saved.replace({ ...saved.now, replays });
  }

  /** Tries a dead letter once. Resolves to false if the receiver did not answer, is gone, or asks for time. */
  async #redeliver(letter: DeadLetter, saved: SavedStanding, signal: AbortSignal): Promise<boolean> {
    const notification = await this.#find(letter.id);
    if (notification === undefined) {
      // It was removed from the journal, or is hidden from this webhook by now.
      saved.change(withoutDeadLetter(saved.now, letter.id));
      return true;
    }
    const { answer, error, entry } = await this.#try(notification, letter.attempts + 1, signal);
    if (error !== undefined && signal.aborted) return false;
    const now = logged(saved.now, entry);
    if (error === undefined) {
      saved.change(withoutDeadLetter(now, letter.id));
      return true;
    }
    saved.change(withDeadLetter(now, letterOf(entry, error)));
    const retryAfterMs = Math.min(retryAfterOf(answer), MAX_PAUSE_MS);
    if (retryAfterMs > 0) saved.change({ retryAt: this.#options.engine.now() + retryAfterMs });
    return "status" in answer && retryAfterMs === 0 && !await this.#disabledBy(answer, error);
  }

  async #find(id: string): Promise<Notification | undefined> {
    const { seq, index } = placeOf({ id });
    const events = await this.#read({ since: { seq: seq - 1 }, until: { seq: seq + 1 }, limit: index + 1 });
    return events.find((event) => event.id === id);
  }

  /** A place to go back to, or the place now if that comes first: what waits is not skipped. */
  async #earlierOf(back: Moment, now: Moment): Promise<Moment> {
    const [afterBack] = await this.#read({ since: back, limit: 1 });
    const [afterNow] = await this.#read({ since: now, limit: 1 });
    if (afterBack === undefined) return now;
    return afterNow === undefined || isBefore(placeOf(afterBack), placeOf(afterNow)) ? back : now;
  }

  /** Reads what the webhook gets of the journal. */
  async #read(wanted: Pick<HistoryQuery, "since" | "until" | "limit">): Promise<readonly Notification[]> {
    const { engine, webhook } = this.#options;
    const query = (query: QueryOf<"select_notifications">) => engine.query(query, callerOf(webhook()));
    const reader: HistoryReader = { engine, query };
    return (await readHistory(reader, { ...filterOf(webhook()), ...wanted })).events;
  }
}

/** Another process may send what this one may not: it costs no try. */
class LeftToOthers extends Error {
  constructor(name: string, why: string) {
    super(`webhook ${name} is left to other processes, as ${why}`);
  }
}

function isBefore(a: ReturnType<typeof placeOf>, b: ReturnType<typeof placeOf>): boolean {
  return a.seq < b.seq || (a.seq === b.seq && a.index < b.index);
}

/** Why a delivery failed; undefined if it did not. */
export function whyFailed(answer: Answer | NoAnswer): string | undefined {
  if ("error" in answer) return answer.error;
  const { status } = answer;
  if (status >= 200 && status < 300) return undefined;
  const isRedirect = status >= 300 && status < 400;
  return `the receiver answered ${status}` + (isRedirect ? ", a redirect, which is not followed" : "");
}

/** How long a receiver asks to wait, in milliseconds. */
function retryAfterOf(answer: Answer | NoAnswer): number {
  return "status" in answer ? answer.retryAfterMs : 0;
}

function letterOf({ id, type, at, attempt }: DeliveryAttempt, error: string): DeadLetter {
  return { id, type, at, attempts: attempt, error };
}

function filterOf({ types, group, task }: Webhook) {
  return {
    ...(types !== undefined && { types: types.map(requireType) }),
    ...(group !== undefined && { group }),
    ...(task !== undefined && { task }),
  };
}

/** Who sees what a webhook gets: everybody, but for the groups that are not for its audiences, and what it names itself. */
function callerOf({ name, types = [], audiences }: Webhook): KnownCaller {
  const namesAdminTypes = types.some((type) => isForAdmins(requireType(type)));
  return {
    name: `webhook ${name}`,
    role: namesAdminTypes ? "admin" : "observer",
    ...(audiences !== undefined && { audiences }),
  };
}
