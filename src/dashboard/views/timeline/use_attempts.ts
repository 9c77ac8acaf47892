/** Reads the attempts of the moment that is shown: the newest ones, then what changes, and older ones on request. */

import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { ApiError, get } from "../../api/client.ts";
import type { AttemptRows, Notification } from "../../api/types.ts";
import { onEvents } from "../../live/event_stream.ts";
import { moment } from "../../navigation.ts";
import { type Bars, merged } from "./bars.ts";

/** Attempts that one request reads, and most that are kept: more would neither be drawn nor read in time. */
const PAGE = 5_000;
export const MAX_BARS = 50_000;

/** Least time between two reads of what has changed, in milliseconds. */
const PAUSE_MS = 1_000;

/** Reads of what has changed take at most one part of so many of the time. */
const SHARE = 10;

/** After these, attempts may be gone or others may have come that are long over: all is read again. */
const REMOVING = /^orchestrator\.(task\.(deleted|archived|imported|updated)|group\.)/;

const CHANGING = /^orchestrator\.task\.(claimed|completed|failed|returned|cancelled|retried)$/;

export interface Attempts {
  /** undefined until the first page is read. */
  readonly bars: Signal<Bars | undefined>;
  readonly error: Signal<string | undefined>;
  /** Whether there are older ones. */
  readonly hasMore: Signal<boolean>;
  readonly readMore: () => void;
}

export function useAttempts(): Attempts {
  const bars = useSignal<Bars | undefined>(undefined);
  const error = useSignal<string | undefined>(undefined);
  const next = useSignal<string | undefined>(undefined);
  const hasMore = useSignal(false);
  const at = moment.value;
  const reader = useMemo(() => new Reader({ bars, error, next, hasMore }, at), [at]);
  useEffect(() => reader.start(), [reader]);
  return { bars, error, hasMore, readMore: () => reader.want("more") };
}

interface Shown {
  readonly bars: Signal<Bars | undefined>;
  readonly error: Signal<string | undefined>;
  readonly next: Signal<string | undefined>;
  readonly hasMore: Signal<boolean>;
}

type Wish = "all" | "more" | "news";

class Reader {
  readonly #shown: Shown;
  readonly #at: string | undefined;
  readonly #ended = new AbortController();
  readonly #wishes = new Set<Wish>();
  #isReading = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The journal's time at the last answer, in milliseconds since the Unix epoch. */
  #since = 0;
  #pauseMs = PAUSE_MS;

  constructor(shown: Shown, at: string | undefined) {
    this.#shown = shown;
    this.#at = at;
  }

  start(): () => void {
    this.want("all");
    const unsubscribe = this.#at === undefined ? onEvents((events) => this.#take(events)) : () => {};
    return () => {
      unsubscribe();
      clearTimeout(this.#timer);
      this.#ended.abort();
    };
  }

  /** Reads at once, or after what is being read. */
  want(wish: Wish): void {
    this.#wishes.add(wish);
    if (!this.#isReading) void this.#readAll();
  }

  #take(events: readonly Notification[]): void {
    const isAll = events.some(({ type }) => REMOVING.test(type));
    if (!isAll && !events.some(({ type }) => CHANGING.test(type))) return;
    this.#wishes.add(isAll ? "all" : "news");
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (!this.#isReading) void this.#readAll();
    }, this.#pauseMs);
  }

  async #readAll(): Promise<void> {
    this.#isReading = true;
    const startedAt = performance.now();
    try {
      for (let wish = this.#nextWish(); wish !== undefined; wish = this.#nextWish()) await this.#read(wish);
      this.#shown.error.value = undefined;
    } catch (error) {
      if (this.#ended.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      this.#shown.error.value = error.message;
    } finally {
      this.#isReading = false;
      this.#pauseMs = Math.max(PAUSE_MS, SHARE * (performance.now() - startedAt));
    }
  }

  #nextWish(): Wish | undefined {
    const wish = (["all", "news", "more"] as const).find((each) => this.#wishes.has(each));
    if (wish !== undefined) this.#wishes.delete(wish);
    return wish;
  }

  async #read(wish: Wish): Promise<void> {
    const { bars, next, hasMore } = this.#shown;
    const { signal } = this.#ended;
    const kept = bars.peek()?.size ?? 0;
    let cursor = wish === "more" ? next.peek() : undefined;
    let into: Bars = wish === "all" ? new Map() : bars.peek() ?? new Map();
    // All that was shown before is read again.
    do {
      const query = { limit: PAGE, cursor, ...(wish === "news" && { since: this.#since }) };
      const rows: AttemptRows = await get<AttemptRows>("/attempts", { query, signal, at: this.#at });
      if (cursor === undefined) this.#since = Date.parse(rows.now);
      into = merged(into, rows);
      cursor = rows.next;
    } while (cursor !== undefined && into.size < MAX_BARS && (wish === "news" || into.size < kept));
    if (wish !== "news") {
      next.value = cursor;
      hasMore.value = cursor !== undefined && into.size < MAX_BARS;
    }
    bars.value = into;
  }
}
