/** What the scheduler knows of a simulated process. */

import type { Report, Turn } from "./messages.ts";
import type { ProcessChannel } from "./threads.ts";

/** What a process is told, without the time. */
export type Event = Turn extends infer T ? T extends Turn ? Omit<T, "now" | "order"> : never : never;

export type Arrival = Extract<Event, { readonly type: "arrived" }>;

/** A process, dead or alive. */
export interface Process {
  readonly number: number;
  readonly channel: ProcessChannel;
  report: Report;
  bytes: Uint8Array;
  life: number;
  callsLeft: number;
  /** What arrived for it and it has not been told of. */
  arrivals: Arrival[];
  /** Nothing happens to it before this time. */
  restsUntil: number;
  /** Whether an operation of this life failed. */
  isStruck: boolean;
}

export function newProcess(number: number, options: NewProcess): Process {
  const { channel, calls, startAt } = options;
  return {
    number,
    channel,
    report: { type: "gone", said: [] },
    bytes: new Uint8Array(),
    life: 0,
    callsLeft: calls,
    arrivals: [],
    restsUntil: startAt,
    isStruck: false,
  };
}

interface NewProcess {
  readonly channel: ProcessChannel;
  readonly calls: number;
  /** Milliseconds since the Unix epoch. */
  readonly startAt: number;
}

/** The process and its life, as in the names of its calls. */
export function nameOf({ number, life }: Process): string {
  return `w${number}.${life}`;
}
