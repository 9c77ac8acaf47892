/**
 * When each instance made its last call, as far as this process can know without writing: from calls to this process,
 * and from records that other processes wrote since this one started. At most `MAX_INSTANCES` entries; only for display.
 */

import type { CommandType, LastCall } from "../core/messages/commands.ts";
import type { JournalRecord } from "../core/messages/events.ts";
import type { Caller } from "../core/model/access.ts";
import { MAX_ID_CHARACTERS, MAX_INSTANCES } from "../core/model/limits.ts";
import type { Engine } from "./engine.ts";
import { ORCHESTRATOR } from "./job.ts";

/** Commands that only the instance itself sends. Others may send release_task and leave in its name. */
const OWN: ReadonlySet<string> = new Set<CommandType>([
  "claim_task",
  "report_progress",
  "complete_task",
  "fail_task",
  "register_instance",
  "heartbeat",
]);

export class Heard {
  /** Times by the journal's clock, in milliseconds since the Unix epoch; the latest call is last in the map. */
  readonly #times = new Map<string, number>();
  /** When each instance last called this process; the latest call is last in the map. */
  readonly #callers = new Map<string, number>();
  readonly #engine: Engine;
  readonly #unsubscribe: () => void;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#unsubscribe = engine.subscribe((records) => records.forEach((record) => this.#onRecord(record)));
  }

  /** Records a call of an instance to this process, if the caller may speak for it. */
  note(instance: string, caller: Caller): void {
    if (instance.length > MAX_CHARACTERS || !this.#engine.maySpeakFor(caller, instance)) return;
    // A record may be ahead of the clock.
    const at = Math.max(this.#engine.now(), this.#engine.recordedAt);
    this.#callers.delete(instance);
    this.#callers.set(instance, at);
    dropOldest(this.#callers);
    this.#set(instance, at);
  }

  /** The last call of each instance that has called this process, the latest last. */
  lastCalls(): readonly LastCall[] {
    return Array.from(this.#callers, ([instance, at]) => ({ instance, at }));
  }

  /** Time of the last call of an instance, in milliseconds since the Unix epoch. */
  at(instance: string): number | undefined {
    return this.#times.get(instance);
  }

  close(): void {
    this.#unsubscribe();
  }

  #onRecord({ actor, command, at, events }: JournalRecord): void {
    // Heartbeats that a server sends while an instance waits are not calls of the instance.
    if (actor === ORCHESTRATOR.name || !OWN.has(command)) return;
    for (const event of events) if ("instance" in event) this.#set(event.instance, at);
  }

  #set(instance: string, at: number): void {
    const last = Math.max(at, this.#times.get(instance) ?? at);
    this.#times.delete(instance);
    this.#times.set(instance, last);
    dropOldest(this.#times);
  }
}

/** Most UTF-16 code units of an instance id. A longer one is refused, so it need not be kept: memory stays bounded. */
const MAX_CHARACTERS = 2 * MAX_ID_CHARACTERS;

function dropOldest(kept: Map<string, unknown>): void {
  if (kept.size <= MAX_INSTANCES) return;
  for (const oldest of kept.keys()) {
    kept.delete(oldest);
    break;
  }
}
