/** Reads something of the API for a component, and again when events say that it may have changed. */

import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { ApiError, get, type QueryValues } from "../api/client.ts";
import type { Notification } from "../api/types.ts";
import { onEvents } from "../live/event_stream.ts";
import { moment } from "../navigation.ts";

export interface LoadOptions {
  readonly query?: QueryValues;
  /** Whether an event may change the answer. Default: none does. */
  readonly isAffected?: (event: Notification) => boolean;
  /** Least time between two reads, in milliseconds. */
  readonly pauseMs?: number;
  /** Whether it can be read of an earlier moment, too; without, it is always read as it is now. */
  readonly ofMoment?: boolean;
}

export interface Loaded<T> {
  /** The newest answer; undefined until the first one, and for another path. A failed read leaves the last one. */
  readonly data: Signal<T | undefined>;
  readonly error: Signal<string | undefined>;
  readonly reload: () => void;
}

const PAUSE_MS = 1_000;

/** Reads take at most one part of so many of the time, unless the pause between two would be longer than this, in ms. */
const SHARE = 10;
const MAX_PAUSE_MS = 30_000;

/** Reads `path`; undefined reads nothing. */
export function useLoaded<T>(path: string | undefined, options: LoadOptions = {}): Loaded<T> {
  const data = useSignal<T | undefined>(undefined);
  const error = useSignal<string | undefined>(undefined);
  const { query, pauseMs = PAUSE_MS, ofMoment = true } = options;
  const at = ofMoment ? moment.value : undefined;
  const key = JSON.stringify([path, query, at]);
  const reader = useMemo(
    () => new Reader<T>({ path, query, at, pauseMs, data, error, isAffected: options.isAffected ?? (() => false) }),
    [key],
  );
  useEffect(() => reader.start(), [reader]);
  return { data, error, reload: () => reader.due(0) };
}

interface ReaderOptions<T> {
  readonly path: string | undefined;
  readonly query: QueryValues | undefined;
  readonly at: string | undefined;
  readonly pauseMs: number;
  readonly data: Signal<T | undefined>;
  readonly error: Signal<string | undefined>;
  readonly isAffected: (event: Notification) => boolean;
}

class Reader<T> {
  readonly #options: ReaderOptions<T>;
  readonly #ended = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isReading = false;
  #isDue = false;
  /** How long to wait after the last read. */
  #pauseMs: number;

  constructor(options: ReaderOptions<T>) {
    this.#options = options;
    this.#pauseMs = options.pauseMs;
  }

  /** Reads now and after events, until the returned function is called. */
  start(): () => void {
    const { data, error, at, isAffected } = this.#options;
    data.value = undefined;
    error.value = undefined;
    this.due(0);
    // The past does not change.
    const unsubscribe = at !== undefined ? () => {} : onEvents((events) => {
      if (events.some(isAffected)) this.due(this.#pauseMs);
    });
    return () => {
      this.#ended.abort();
      unsubscribe();
      clearTimeout(this.#timer);
    };
  }

  due(inMs: number): void {
    if (this.#isReading) {
      this.#isDue = true;
    } else if (this.#timer === undefined || inMs === 0) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void this.#read(), inMs);
    }
  }

  async #read(): Promise<void> {
    const { path, query, at, data, error, pauseMs } = this.#options;
    this.#timer = undefined;
    if (path === undefined) return;
    this.#isReading = true;
    this.#isDue = false;
    const startedAt = performance.now();
    try {
      const { signal } = this.#ended;
      data.value = await get<T>(path, { signal, at, ...(query !== undefined && { query }) });
      error.value = undefined;
      this.#pauseMs = Math.max(pauseMs, Math.min(MAX_PAUSE_MS, SHARE * (performance.now() - startedAt)));
    } catch (failure) {
      if (this.#ended.signal.aborted) return;
      if (!(failure instanceof ApiError)) throw failure;
      error.value = failure.message;
    } finally {
      this.#isReading = false;
    }
    if (this.#isDue) this.due(this.#pauseMs);
  }
}
