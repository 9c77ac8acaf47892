/**
 * The events of the plan, from one stream a browser: browsers open few connections to one server, so that the seventh tab
 * would hang. The tab that has the lock reads the stream and passes every event on to the others; when it closes, another
 * tab takes the lock and continues after the last event that it was told. Without secure context, each tab has a stream.
 */

import { signal } from "@preact/signals";
import type { Notification } from "../api/types.ts";
import { EVENT_TYPES, TYPE_PREFIX } from "./event_types.ts";

/** `live`: events come as they happen. `lost`: the connection broke, and the browser tries again. `off`: not started. */
export type Connection = "off" | "connecting" | "live" | "lost";

export const connection = signal<Connection>("off");

/** When the connection broke, in milliseconds since the Unix epoch. */
export const lostAt = signal(0);

export type EventListener = (events: readonly Notification[]) => void;

const listeners = new Set<EventListener>();

/** Calls a listener with every event from now on, in order; returns how to stop that. */
export function onEvents(listener: EventListener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Called when events may have been missed, and the plan must be read again. */
export const missed: { listener: () => void } = { listener: () => {} };

/** Called when the server ended the stream: the session may be over. */
export const ended: { listener: () => void } = { listener: () => {} };

/** What tabs tell each other. */
type Told =
  | { readonly type: "events"; readonly events: readonly Notification[]; readonly place: string }
  | { readonly type: "connection"; readonly connection: Connection }
  | { readonly type: "missed" }
  | { readonly type: "hello" };

/** Of the lock and the channel of all tabs with the same plan: others of this server have other paths. */
const name = () => `orchestrator-events ${location.pathname}`;

/** How long to wait before the stream is opened again after the server refused it, in milliseconds. */
const RETRY_MS = 3_000;

/** Starts to follow the events, until `stop` is called. */
export function startEvents(): { readonly stop: () => void } {
  const stopped = new AbortController();
  const channel = typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel(name());
  const reader = new StreamReader((told) => {
    channel?.postMessage(told);
    take(told);
  });
  connection.value = "connecting";
  const take = (told: Told) => {
    if (told.type === "events") {
      reader.place = told.place;
      for (const listener of listeners) listener(told.events);
    } else if (told.type === "missed") missed.listener();
    else if (told.type === "connection") setConnection(told.connection);
    else if (reader.isReading) {
      channel?.postMessage({ type: "connection", connection: connection.value } satisfies Told);
    }
  };
  if (channel !== undefined) {
    channel.onmessage = ({ data }: MessageEvent<Told>) => take(data);
    channel.postMessage({ type: "hello" } satisfies Told);
  }
  if (channel === undefined || navigator.locks === undefined) {
    void reader.read(stopped.signal);
  } else {
    navigator.locks.request(name(), { signal: stopped.signal }, () => reader.read(stopped.signal)).catch((error) => {
      if (!stopped.signal.aborted) throw error;
    });
  }
  return {
    stop() {
      stopped.abort();
      channel?.close();
      connection.value = "off";
    },
  };
}

function setConnection(next: Connection): void {
  if (next === "lost" && connection.value !== "lost") lostAt.value = Date.now();
  connection.value = next;
}

/** Reads the stream of the server. */
class StreamReader {
  /** The id of the last event, or the place of the stream: where it continues. */
  place = "";
  isReading = false;
  readonly #tell: (told: Told) => void;
  #waiting: Notification[] = [];
  #isFlushing = false;

  constructor(tell: (told: Told) => void) {
    this.#tell = tell;
  }

  /** Reads until the signal is aborted; opens the stream again when the server ended it for good. */
  async read(signal: AbortSignal): Promise<void> {
    this.isReading = true;
    while (!signal.aborted) {
      await this.#readOne(signal);
      if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
    this.isReading = false;
  }

  /** One EventSource, until it is over. */
  #readOne(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const after = this.place === "" ? "" : `?after=${encodeURIComponent(this.place)}`;
    const source = new EventSource(`api/v1/events${after}`);
    const close = () => {
      source.close();
      resolve();
    };
    signal.addEventListener("abort", close, { once: true });
    source.onopen = () => this.#tell({ type: "connection", connection: "live" });
    source.onerror = () => {
      this.#tell({ type: "connection", connection: "lost" });
      // The browser connects again by itself, unless the server refused: its place may be gone after a repair.
      if (source.readyState !== EventSource.CLOSED) return;
      this.place = "";
      this.#tell({ type: "missed" });
      close();
    };
    source.addEventListener("reset", () => {
      this.place = "";
      this.#tell({ type: "missed" });
      close();
    });
    source.addEventListener("end", () => {
      this.#tell({ type: "connection", connection: "lost" });
      ended.listener();
      close();
    });
    for (const type of EVENT_TYPES) source.addEventListener(TYPE_PREFIX + type, (event) => this.#receive(event));
    return promise.finally(() => signal.removeEventListener("abort", close));
  }

  /** Collects the events of one moment, so that many of them cause one repaint. */
  #receive({ data, lastEventId }: MessageEvent<string>): void {
    const { type, ...event } = JSON.parse(data) as Notification;
    this.#waiting.push({ ...event, type: type.slice(TYPE_PREFIX.length) });
    this.place = lastEventId;
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    setTimeout(() => {
      this.#isFlushing = false;
      const events = this.#waiting;
      this.#waiting = [];
      this.#tell({ type: "events", events, place: this.place });
    });
  }
}
