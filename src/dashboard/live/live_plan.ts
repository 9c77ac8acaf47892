/**
 * The plan as it is now: read once, then kept up to date. An event shows at once what it says of its task; what follows
 * from it elsewhere (who waits, who is blocked) comes with the rows that the server says have changed. So no lost event
 * leaves the page wrong for longer than until the next look.
 */

import { computed, effect, signal } from "@preact/signals";
import { ApiError, get } from "../api/client.ts";
import type { Notification, PlanRows } from "../api/types.ts";
import { PlanTable } from "../plan/plan_table.ts";
import { applyEvent } from "./apply_event.ts";
import { missed, onEvents } from "./event_stream.ts";
import { isInPast, pastError, pastPlan } from "./past_plan.ts";

/** The plan as it is now; undefined until it is read. Another table when the whole plan was read again. */
export const livePlan = signal<PlanTable | undefined>(undefined);

/**
 * The plan of the moment that is shown: in the past another table for each moment, which does not change. Until the first
 * one is known, that of now stays in view; if it cannot be known, none does.
 */
export const plan = computed(() => {
  if (!isInPast.value) return livePlan.value;
  return pastPlan.value ?? (pastError.value === undefined ? livePlan.value : undefined);
});

/** Raised when any row of `plan` changed: at once, then at most ten times a second. */
export const planRevision = signal(0);

/** Raised when the graph of `plan` must be laid out again. */
export const planStructure = signal(0);

/** Why the plan could not be read; it is tried again. */
export const planError = signal<string | undefined>(undefined);

/** Called with the rows that changed, before the next frame. */
export type RowsListener = (rows: readonly number[]) => void;

const rowListeners = new Set<RowsListener>();

/** Tells a listener which rows changed; returns how to stop that. */
export function onRows(listener: RowsListener): () => void {
  rowListeners.add(listener);
  return () => rowListeners.delete(listener);
}

/** Bounds of the time between two looks at what has changed, in milliseconds. */
const MIN_PAUSE_MS = 250;
const MAX_PAUSE_MS = 10_000;

/** A look takes at most one part of so many of the time. */
const SHARE = 10;

/** Without any event, what changes by time alone shows within this time, in milliseconds. */
const IDLE_MS = 15_000;

/** How long to wait after a failed look, in milliseconds. */
const RETRY_MS = 2_000;

/** Reads the plan and keeps it up to date until `stop` is called. */
export function startPlan(): { readonly stop: () => void } {
  const keeper = new PlanKeeper().start();
  // Another table of another moment.
  const unsubscribe = effect(() => {
    plan.value;
    planStructure.value = planStructure.peek() + 1;
    planRevision.value = planRevision.peek() + 1;
  });
  return {
    stop: () => {
      unsubscribe();
      keeper.stop();
    },
  };
}

class PlanKeeper {
  readonly #ended = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dueAt = Infinity;
  #isReading = false;
  /** How long to wait after the last look. */
  #pauseMs = MIN_PAUSE_MS;
  #isWhole = true;

  start(): { readonly stop: () => void } {
    const { signal } = this.#ended;
    const unsubscribe = onEvents((events) => this.#take(events));
    missed.listener = () => this.#readAgain();
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.#due(0);
    }, { signal });
    this.#due(0);
    return {
      stop: () => {
        this.#ended.abort();
        unsubscribe();
        missed.listener = () => {};
        clearTimeout(this.#timer);
        livePlan.value = undefined;
      },
    };
  }

  /** Shows what events say of their tasks, and looks soon at what follows. */
  #take(events: readonly Notification[]): void {
    const table = livePlan.value;
    if (table === undefined) return;
    const rows: number[] = [];
    for (const event of events) {
      const row = applyEvent(table, event);
      if (row !== undefined) rows.push(row);
    }
    if (rows.length > 0) tell(rows);
    this.#due(this.#pauseMs);
  }

  #readAgain(): void {
    this.#isWhole = true;
    this.#due(0);
  }

  /** Looks after some time, unless it looks sooner anyway. A hidden page looks when it is shown. */
  #due(inMs: number): void {
    if (this.#ended.signal.aborted || this.#isReading) {
      this.#dueAt = Math.min(this.#dueAt, Date.now() + inMs);
      return;
    }
    const at = Math.min(this.#dueAt, Date.now() + inMs);
    this.#dueAt = at;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), Math.max(0, at - Date.now()));
  }

  async #look(): Promise<void> {
    if (document.hidden && livePlan.value !== undefined) return;
    this.#isReading = true;
    this.#dueAt = Infinity;
    const startedAt = performance.now();
    let nextInMs = IDLE_MS;
    try {
      await this.#read();
      planError.value = undefined;
      this.#pauseMs = Math.min(MAX_PAUSE_MS, Math.max(MIN_PAUSE_MS, SHARE * (performance.now() - startedAt)));
    } catch (error) {
      if (this.#ended.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      planError.value = error.message;
      nextInMs = RETRY_MS;
    } finally {
      this.#isReading = false;
    }
    this.#due(Math.max(this.#isWhole ? 0 : Math.min(nextInMs, Math.max(0, this.#dueAt - Date.now())), 0));
  }

  async #read(): Promise<void> {
    const table = this.#isWhole ? undefined : livePlan.value;
    const { signal } = this.#ended;
    const answer = await get<PlanRows>("/plan", {
      signal,
      ...(table !== undefined && { query: { since: table.seq } }),
    });
    if (signal.aborted) return;
    const into = table ?? new PlanTable();
    const { rows, isStructural, isStale } = into.merge(answer, Date.now());
    this.#isWhole = isStale;
    if (table === undefined) livePlan.value = into;
    if ((isStructural || table === undefined) && !isInPast.peek()) planStructure.value++;
    if (rows.length > 0 || table === undefined) tell(rows);
  }
}

/** Least time between two raises of `planRevision`, in milliseconds: each draws what is in view of a list anew. */
const REVISION_MS = 100;

let isRaising = false;
let raisedAt = 0;

/** Tells listeners which rows changed, and the signals with a frame soon. In the past they show another table. */
function tell(rows: readonly number[]): void {
  if (isInPast.peek()) return;
  for (const listener of rowListeners) listener(rows);
  if (isRaising) return;
  isRaising = true;
  const raise = () =>
    requestAnimationFrame(() => {
      isRaising = false;
      raisedAt = performance.now();
      planRevision.value++;
    });
  const waitMs = raisedAt + REVISION_MS - performance.now();
  if (waitMs <= 0) raise();
  else setTimeout(raise, waitMs);
}
