/**
 * Everything that will happen in a simulation, in the order of virtual time. One thing happens at a time, and all that
 * follows from it at once, before the next one; so all follows from the seed.
 */

import { setImmediate } from "node:timers";
import { Trace } from "../trace.ts";
import type { Machine } from "./machine.ts";

/** More events than any schedule takes that comes to an end. */
const MAX_EVENTS = 60_000;

interface Event {
  at: number;
  readonly number: number;
  /** Whose it is: it does not happen while that process stands still, and not at all once it is dead. */
  readonly machine: Machine | undefined;
  readonly run: () => void | Promise<void>;
  isCancelled: boolean;
}

export class Agenda {
  readonly trace = new Trace();
  /** Milliseconds since the Unix epoch. */
  now: number;
  readonly #events: Event[] = [];
  #count = 0;
  happened = 0;

  constructor(startAt: number) {
    this.now = startAt;
  }

  /** Lets something happen at a time; at the same time, what was added first. */
  add(at: number, machine: Machine | undefined, run: Event["run"]): { readonly cancel: () => void } {
    const event: Event = { at, number: this.#count++, machine, run, isCancelled: false };
    this.#events.push(event);
    return { cancel: () => event.isCancelled = true };
  }

  note(what: string): void {
    this.trace.add(`${this.now.toFixed(3)} ${what}`);
  }

  /** Lets things happen until a condition holds. */
  async runUntil(isOver: () => boolean): Promise<void> {
    await settled();
    while (!isOver()) {
      const event = this.#next();
      if (event === undefined) throw new Error("Everybody waits for something that never comes");
      if (++this.happened > MAX_EVENTS) throw new Error("It never ends");
      this.now = Math.max(this.now, event.at);
      if (event.machine === undefined) await event.run();
      else event.machine.run(event.run);
      await settled();
    }
  }

  #next(): Event | undefined {
    for (;;) {
      let first: Event | undefined;
      for (const event of this.#events) if (first === undefined || isBefore(event, first)) first = event;
      if (first === undefined) return undefined;
      const { machine } = first;
      const stands = machine !== undefined && machine.standsUntil > Math.max(this.now, first.at);
      if (!first.isCancelled && machine?.isAlive !== false && stands) {
        first.at = machine.standsUntil;
        continue;
      }
      this.#events.splice(this.#events.indexOf(first), 1);
      if (!first.isCancelled && machine?.isAlive !== false) return first;
    }
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.number < b.number);
}

/** Resolves once nothing goes on any more without a timer or an answer. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
