/**
 * The messages that were sent to clients over HTTP, so that a client whose connection broke can get those that it missed.
 * One log for all sessions bounds the memory: the oldest messages are dropped first.
 */

import type { EventStore, JSONRPCMessage } from "./sdk.ts";

/** Most characters of all messages that are kept, approximately. */
const MAX_CHARACTERS = 16 * 1024 * 1024;

/** What a message counts at least, in characters. */
const MIN_CHARACTERS = 500;

interface Entry {
  readonly stream: Stream;
  readonly message: JSONRPCMessage;
  readonly characters: number;
}

/** The messages of one response, or of the notifications of a session. */
interface Stream {
  readonly id: string;
  readonly session: string;
  /** The numbers of its messages in order. */
  readonly kept: Set<number>;
  /** The number of its last message that was dropped; 0 if none was. */
  dropped: number;
}

export class EventLog {
  readonly #maxCharacters: number;
  /** By number; the oldest first. */
  readonly #entries = new Map<number, Entry>();
  /** By session, then by id. A stream without messages is in none. */
  readonly #sessions = new Map<string, Map<string, Stream>>();
  #characters = 0;
  #last = 0;

  constructor(maxCharacters = MAX_CHARACTERS) {
    this.#maxCharacters = maxCharacters;
  }

  /** The part of the log that one session sees. An event's id is its stream's id and a number. */
  storeOf(session: string): EventStore {
    return {
      storeEvent: (id, message) => Promise.resolve(`${id}:${this.#add(session, id, message)}`),
      getStreamIdForEventId: (eventId) => Promise.resolve(this.#find(session, eventId)?.stream.id),
      replayEventsAfter: async (eventId, { send }) => {
        const found = this.#find(session, eventId);
        if (found === undefined) throw new Error(`The messages after ${eventId} are not kept any more`);
        const { stream, number } = found;
        for (const each of stream.kept) {
          const entry = each > number ? this.#entries.get(each) : undefined;
          if (entry !== undefined) await send(`${stream.id}:${each}`, entry.message);
        }
        return stream.id;
      },
    };
  }

  /** Drops the messages of a session that has ended. */
  forget(session: string): void {
    for (const { kept } of this.#sessions.get(session)?.values() ?? []) {
      for (const number of kept) this.#drop(number);
    }
  }

  #add(session: string, id: string, message: JSONRPCMessage): number {
    const number = ++this.#last;
    const stream = this.#streamOf(session, id);
    const characters = charactersOf(message);
    stream.kept.add(number);
    this.#entries.set(number, { stream, message, characters });
    this.#characters += characters;
    for (const oldest of this.#entries.keys()) {
      if (this.#characters <= this.#maxCharacters) break;
      this.#drop(oldest);
    }
    return number;
  }

  #streamOf(session: string, id: string): Stream {
    const streams = this.#sessions.get(session) ?? new Map<string, Stream>();
    this.#sessions.set(session, streams);
    const stream = streams.get(id) ?? { id, session, kept: new Set(), dropped: 0 };
    streams.set(id, stream);
    return stream;
  }

  #drop(number: number): void {
    const entry = this.#entries.get(number);
    if (entry === undefined) return;
    const { stream, characters } = entry;
    this.#entries.delete(number);
    this.#characters -= characters;
    stream.kept.delete(number);
    stream.dropped = number;
    if (stream.kept.size > 0) return;
    const streams = this.#sessions.get(stream.session);
    streams?.delete(stream.id);
    if (streams?.size === 0) this.#sessions.delete(stream.session);
  }

  /** The place of an event; undefined if it is unknown, or if a message after it was dropped. */
  #find(session: string, eventId: string): { readonly stream: Stream; readonly number: number } | undefined {
    const end = eventId.lastIndexOf(":");
    const stream = this.#sessions.get(session)?.get(eventId.slice(0, end));
    const number = Number(eventId.slice(end + 1));
    return stream === undefined || !(number >= stream.dropped) ? undefined : { stream, number };
  }
}

/** The approximate size of a message: that of its long texts, which are in the results of tools and resources. */
function charactersOf(message: JSONRPCMessage): number {
  if (!("result" in message)) return MIN_CHARACTERS;
  const { content, contents } = message.result as Readonly<Record<string, unknown>>;
  const parts = [content, contents].filter(Array.isArray).flat();
  // Structured content repeats the texts.
  return parts.reduce((sum, part) => sum + 2 * textOf(part).length, MIN_CHARACTERS);
}

function textOf(part: unknown): string {
  const { text } = Object(part);
  return typeof text === "string" ? text : "";
}
