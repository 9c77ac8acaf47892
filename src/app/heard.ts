/**
 * When each instance was last heard of, as far as this process knows without anything being written for it: by its calls
 * here, and by what other processes wrote for its calls since this one started. Bounded; never decides anything.
 */

import type { CommandType } from "../core/messages/commands.ts";
import type { JournalRecord } from "../core/messages/events.ts";
import { MAX_ID_CHARACTERS, MAX_INSTANCES } from "../core/model/limits.ts";
import type { Engine } from "./engine.ts";
import { ORCHESTRATOR } from "./job.ts";

/** Commands that only the instance itself gives: release_task and leave may come from others, in its name. */
const OWN: ReadonlySet<string> = new Set<CommandType>([
  "claim_task",
  "report_progress",
  "complete_task",
  "fail_task",
  "register_instance",
  "heartbeat",
]);

export class Heard {
  /** In milliseconds since the Unix epoch, the one heard of last at the end. */
  readonly #times = new Map<string, number>();
  readonly #now: () => number;
  readonly #unsubscribe: () => void;

  constructor({ engine, now }: { readonly engine: Engine; readonly now: () => number }) {
    this.#now = now;
    this.#unsubscribe = engine.subscribe((records) => records.forEach((record) => this.#onRecord(record)));
  }

  /** Notes that an instance makes a call of its own to this process. */
  note(instance: string): void {
    this.#set(instance, this.#now());
  }

  /** When an instance was last heard of, in milliseconds since the Unix epoch. */
  at(instance: string): number | undefined {
    return this.#times.get(instance);
  }

  close(): void {
    this.#unsubscribe();
  }

  #onRecord({ actor, command, at, events }: JournalRecord): void {
    // What keeps an instance alive while it waits is no call of its own.
    if (actor === ORCHESTRATOR || !OWN.has(command)) return;
    for (const event of events) if ("instance" in event) this.#set(event.instance, at);
  }

  #set(instance: string, at: number): void {
    // No instance has a longer id: the call is refused.
    if (instance.length > 2 * MAX_ID_CHARACTERS) return;
    const last = Math.max(at, this.#times.get(instance) ?? at);
    this.#times.delete(instance);
    this.#times.set(instance, last);
    if (this.#times.size <= MAX_INSTANCES) return;
    for (const oldest of this.#times.keys()) {
      this.#times.delete(oldest);
      break;
    }
  }
}
