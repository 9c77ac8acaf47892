/** The events that a view shows: pages of the past, and what happens now, each once, the newest first. */

import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { ApiError, get, type QueryValues } from "../api/client.ts";
import type { HistoryPage, Notification } from "../api/types.ts";
import { onEvents } from "../live/event_stream.ts";

/** Most events kept; the oldest ones go, and can be read again. */
export const MAX_EVENTS = 2_000;

const PAGE = 100;

/** A page of `/history` or `/audit`, read from its end. */
interface Page extends HistoryPage {
  /** Where the page before it ends. */
  readonly next_until?: string;
}

export interface EventLog {
  readonly events: Signal<readonly Notification[]>;
  readonly error: Signal<string | undefined>;
  /** Whether there are earlier ones. */
  readonly hasMore: Signal<boolean>;
  readonly isLoaded: Signal<boolean>;
  readonly readEarlier: () => Promise<void>;
}

export interface EventLogOptions {
  readonly path: "/history" | "/audit";
  readonly query: QueryValues;
  /** Whether an event that happens now is shown; undefined: nothing is added while the log is shown. */
  readonly isWanted?: (event: Notification) => boolean;
}

export function useEventLog({ path, query, isWanted }: EventLogOptions): EventLog {
  const events = useSignal<readonly Notification[]>([]);
  const error = useSignal<string | undefined>(undefined);
  const hasMore = useSignal(false);
  const isLoaded = useSignal(false);
  const key = JSON.stringify([path, query]);
  const log = useMemo(() => {
    let until: string | undefined;
    let isCurrent = true;
    const read = async () => {
      try {
        const page = await get<Page>(path, { query: { ...query, limit: PAGE, ...(until !== undefined && { until }) } });
        if (!isCurrent) return;
        until = page.next_until;
        hasMore.value = page.has_more && until !== undefined;
        events.value = merge(events.value, page.events.map(withShortType));
        error.value = undefined;
        isLoaded.value = true;
      } catch (failure) {
        if (!(failure instanceof ApiError)) throw failure;
        if (isCurrent) error.value = failure.message;
      }
    };
    return { read, end: () => isCurrent = false };
  }, [key]);
  useEffect(() => {
    events.value = [];
    isLoaded.value = false;
    void log.read();
    return () => {
      log.end();
    };
  }, [log]);
  useEffect(() => {
    if (isWanted === undefined) return;
    return onEvents((told) => {
      const wanted = told.filter(isWanted);
      if (wanted.length > 0) events.value = merge(events.value, wanted).slice(0, MAX_EVENTS);
    });
  }, [key, isWanted === undefined]);
  return { events, error, hasMore, isLoaded, readEarlier: log.read };
}

/** Both lists as one, the newest first, each event once. */
export function merge(one: readonly Notification[], other: readonly Notification[]): readonly Notification[] {
  const all = new Map([...one, ...other].map((event) => [event.id, event]));
  return Array.from(all.values()).sort((a, b) => compareIds(b.id, a.id));
}

/** Compares ids of events, `12.3`, by record and then by place in it. */
function compareIds(one: string, other: string): number {
  const [seq = 0, index = 0] = one.split(".").map(Number);
  const [otherSeq = 0, otherIndex = 0] = other.split(".").map(Number);
  return seq - otherSeq || index - otherIndex;
}

function withShortType({ type, ...event }: Notification): Notification {
  return { ...event, type: type.replace(/^orchestrator\./, "") };
}
