/**
 * Carries out a plan: owns the disk, the time and the chance that simulated processes live by. Exactly one process runs
 * at any moment, up to its next operation or until it has nothing to do; then it is decided anew which one goes on,
 * and what goes wrong. So all that happens follows from the plan.
 */

import type { CallEnded, CallStarted } from "../history/call_log.ts";
import { type Random, randomOf } from "../history/random.ts";
import { type ErrorCode, isCounted, MESSAGES } from "./faults.ts";
import { DIRECTORY } from "./directory.ts";
import { Invariants } from "./invariants.ts";
import type { Ending, Failure, Life, Operation, Report, Turn } from "./messages.ts";
import { PendingFaults, type Place } from "./pending_faults.ts";
import type { Plan } from "./plan.ts";
import { type Arrival, type Event, nameOf, newProcess, type Process } from "./process_state.ts";
import { RandomSurvivors } from "./power_loss.ts";
import { Receiver } from "./receiver.ts";
import { failureOf, SimulatedDisk } from "./simulated_disk.ts";
import type { Parcel } from "./channel.ts";
import type { ProcessChannel } from "./threads.ts";
import { describeOperation, Trace } from "./trace.ts";

/** When everything begins, in milliseconds since the Unix epoch. */
const START_MS = 1_700_000_000_000;

/** Between two turns, by the clock that all processes share: more than the checks tolerate. */
const ORDER_STEP = 10;

/** More turns than any schedule takes that comes to an end. */
const MAX_TURNS = 60_000;

/** More lives than any process needs. */
const MAX_LIVES = 40;

/** Longest time until a dead process is started again, in milliseconds. */
const MAX_RESTART_MS = 500;

export class World {
  readonly #plan: Plan;
  readonly #random: Random;
  readonly #survivalRandom: Random;
  readonly #disk: SimulatedDisk;
  readonly #processes: Process[];
  readonly #invariants = new Invariants(DIRECTORY, (complaint) => this.complaints.push(complaint));
  readonly #faults: PendingFaults;
  readonly receiver: Receiver;
  readonly trace = new Trace();
  readonly said: (CallStarted | CallEnded)[] = [];
  readonly complaints: string[] = [];
  /** How many operations there were in all. */
  turns = 0;
  /** Whether names of files came out of a loss of power in another order than they were given in. */
  areNamesMixed = false;
  #last: Ending["last"];
  /** How often the disk, or what was said, has changed. What dies at the same count leaves the same behind. */
  #changes = 0;
  #now = START_MS;
  #current: Process | undefined;
  /** In how many operations power will be lost, if it will. */
  #doomedIn: number | undefined;

  constructor(plan: Plan, channels: readonly ProcessChannel[]) {
    this.#plan = plan;
    this.#random = randomOf(`${plan.seed} world`);
    this.#survivalRandom = randomOf(`${plan.survival ?? plan.seed} survival`);
    this.#faults = new PendingFaults(plan.faults);
    this.receiver = new Receiver(plan, (complaint) => this.complaints.push(complaint));
    this.#disk = new SimulatedDisk((owner, file) => this.#onLocked(owner, file));
    this.#processes = channels.slice(0, plan.workers)
      .map((channel, number) => newProcess(number, { channel, calls: plan.calls, startAt: START_MS }));
  }

  /** Each counted operation, in order. */
  get operations(): readonly Place[] {
    return this.#faults.operations;
  }

  get disk(): SimulatedDisk {
    return this.#disk;
  }

  /** What the last process found. */
  get last(): Ending["last"] {
    return this.#last;
  }

  /** Lets all processes make their calls, and then a last one look at what they left. */
  async run(): Promise<void> {
    this.#disk.perform(-1, { name: "makeDirectory", path: DIRECTORY }, new Uint8Array());
    await this.#schedule();
    const [first] = this.#processes;
    if (first === undefined || this.complaints.length > 0) return;
    this.#faults.clear();
    this.receiver.heal();
    this.#start(first, "last");
    await this.#schedule();
  }

  /** Ends everybody, so that their threads can serve again. */
  end(): void {
    for (const process of this.#processes) this.#kill(process);
  }

  async #schedule(): Promise<void> {
    for (let process = this.#next(); process !== undefined; process = this.#next()) {
      this.#now += 2 * this.#random.next() * this.#plan.operationMs;
      this.#letGoOn(process);
      // A lock that came free is handed on.
      await Promise.resolve();
      if (++this.turns > MAX_TURNS) this.complaints.push("it never ends");
      if (this.complaints.length > 0) return;
    }
    const stuck = this.#processes.find(({ report }) => report.type !== "gone");
    if (stuck !== undefined) this.complaints.push(`${nameOf(stuck)} waits for something that never comes`);
  }

  /** Who goes on; at the next time at which anybody can. */
  #next(): Process | undefined {
    let able = this.#processes.filter((process) => this.#goesOnAt(process) <= this.#now);
    if (able.length === 0) {
      const at = Math.min(...this.#processes.map((process) => this.#goesOnAt(process)));
      if (at === Infinity) return undefined;
      this.#now = at;
      able = this.#processes.filter((process) => this.#goesOnAt(process) <= at);
    }
    const isKept = this.#current !== undefined && able.includes(this.#current);
    if (isKept && !this.#random.chance(this.#plan.switching)) return this.#current;
    return this.#current = able[this.#random.between(0, able.length - 1)];
  }

  #goesOnAt({ report, arrivals, restsUntil, callsLeft }: Process): number {
    switch (report.type) {
      case "asks":
        return restsUntil;
      case "gone":
        return callsLeft > 0 && this.#doomedIn === undefined ? restsUntil : Infinity;
      case "idle":
        return Math.max(restsUntil, arrivals.length > 0 ? 0 : report.dueAt ?? Infinity);
    }
  }

  #letGoOn(process: Process): void {
    const { report } = process;
    switch (report.type) {
      case "asks":
        this.#carryOut(process, report.operation);
        break;
      case "gone":
        this.#start(process, process.callsLeft);
        break;
      case "idle": {
        const arrival = process.arrivals.shift();
        if (arrival === undefined) this.#tell(process, { type: "timer" });
        else this.#arrive(process, arrival);
      }
    }
  }

  #start(process: Process, calls: Life["calls"]): void {
    const { seed, workers, sizes, maxPauseMs, webhooks } = this.#plan;
    process.isStruck = false;
    process.arrivals = [];
    this.#changes++;
    if (++process.life > MAX_LIVES) this.complaints.push(`w${process.number} dies again and again`);
    this.#note(process, "starts");
    const { number: worker, life } = process;
    this.#tell(process, {
      type: "live",
      life: { seed, worker, workers, life, calls, sizes, maxPauseMs, webhooks },
    });
  }

  /** A sync is over when its process is told of it; a lock was had when it came free. */
  #arrive(process: Process, arrival: Arrival): void {
    const { what, file } = arrival;
    const operation: Operation = { name: "syncData", file };
    let error: Failure | undefined = arrival.error;
    if (what === "sync" && error === undefined) {
      try {
        this.#disk.sync(file);
        this.#changes++;
      } catch (failure) {
        error = failureOf(failure);
        process.isStruck = true;
      }
    }
    this.#note(process, `${what} of ${this.#disk.pathOf(operation)} arrives${error ? `: ${error.code}` : ""}`);
    this.#tell(process, { ...arrival, ...(error !== undefined && { error }) });
  }

  #carryOut(process: Process, operation: Operation): void {
    if (operation.name === "tryLock" && operation.delayMs > 0) {
      process.report = { said: [], type: "asks", operation: { ...operation, delayMs: 0 } };
      process.restsUntil = this.#now + operation.delayMs;
      return;
    }
    const place = { name: operation.name, process: process.number, before: this.#changes, after: this.#changes };
    const fault = isCounted(operation.name) ? this.#faults.next(place) : undefined;
    if (this.#doomedIn !== undefined) {
      const isLiedTo = operation.name === "open" && operation.path.includes("/journal/");
      if (isLiedTo || (isCounted(operation.name) && --this.#doomedIn <= 0)) return this.#losePower();
    }
    if (fault === undefined) {
      const { event, data } = this.#begin(process, operation);
      place.after = this.#changes;
      return this.#tell(process, event, data);
    }
    this.#note(process, `meets ${JSON.stringify(fault)}`);
    switch (fault.type) {
      case "pause":
        process.restsUntil = this.#now + fault.pauseMs;
        return;
      case "error":
        return this.#fail(process, operation, { code: fault.code });
      case "lost sync":
        for (const other of this.#processes) if (other !== process) this.#kill(other);
        this.#doomedIn = fault.operations;
        return this.#fail(process, operation, { code: "EIO", isLost: true });
      case "short write": {
        process.isStruck = true;
        const bytes = process.bytes.subarray(0, Math.floor(fault.fraction * process.bytes.length));
        if (fault.code === undefined) {
          const { event, data } = this.#begin(process, operation, bytes);
          return this.#tell(process, event, data);
        }
        this.#attempt(process, operation, bytes);
        return this.#fail(process, operation, { code: fault.code });
      }
      case "kill":
      case "power loss":
        if (fault.moment === "after") this.#attempt(process, operation, process.bytes);
        if (fault.type === "kill") this.#kill(process);
        else this.#losePower();
    }
  }

  #begin(process: Process, operation: Operation, bytes = process.bytes): { event: Event; data?: Uint8Array } {
    const outcome = this.#attempt(process, operation, bytes);
    if (operation.name === "sync") {
      process.arrivals.push({ type: "arrived", file: operation.file, what: "sync" });
    }
    return outcome;
  }

  #attempt(process: Process, operation: Operation, bytes: Uint8Array): { event: Event; data?: Uint8Array } {
    const path = this.#disk.pathOf(operation);
    this.#invariants.before(process.number, operation, path, this.#disk.content);
    if (this.#disk.isChangedBy(operation)) this.#changes++;
    try {
      const { message: value, bytes: data } = this.#attend(process.number, operation, bytes);
      this.#note(
        process,
        `${describeOperation(operation, path, bytes)} → ${JSON.stringify(value) ?? "done"} ${data.length}`,
      );
      return { event: { type: "done", value }, data };
    } catch (failure) {
      const error = failureOf(failure);
      this.#note(process, `${describeOperation(operation, path, bytes)} → ${error.code}`);
      if (error.code === "EIO") process.isStruck = true;
      return { event: { type: "failed", error } };
    }
  }

  /** Of the two that a process can ask, the one that an operation is for. */
  #attend(process: number, operation: Operation, bytes: Uint8Array): Parcel<unknown> {
    if (operation.name === "post") {
      return { message: this.receiver.post(process, operation.path, bytes), bytes: new Uint8Array() };
    }
    if (operation.name === "hangUp") {
      this.receiver.hangUp(process, operation.path);
      return { message: undefined, bytes: new Uint8Array() };
    }
    return this.#disk.perform(process, operation, bytes);
  }

  #fail(
    process: Process,
    operation: Operation,
    { code, isLost = false }: { readonly code: ErrorCode; readonly isLost?: boolean },
  ): void {
    process.isStruck = true;
    this.#note(process, `${describeOperation(operation, this.#disk.pathOf(operation), process.bytes)} → ${code}`);
    this.#invariants.failed(process.number, operation);
    const error = { code, message: MESSAGES[code] };
    if (operation.name !== "sync") {
      if (operation.name === "syncData") this.#disk.failSync(operation.file, { isLost });
      return this.#tell(process, { type: "failed", error });
    }
    this.#disk.failSync(operation.file, { isLost });
    process.arrivals.push({ type: "arrived", file: operation.file, what: "sync", error });
    this.#tell(process, { type: "done" });
  }

  #losePower(): void {
    this.#doomedIn = undefined;
    for (const process of this.#processes) this.#kill(process);
    const survivors = new RandomSurvivors(this.#survivalRandom);
    this.areNamesMixed ||= !survivors.areNamesInOrder;
    this.#disk.losePower(survivors);
  }

  #kill(process: Process): void {
    if (process.report.type === "gone") return;
    this.#tell(process, { type: "killed" });
    this.#note(process, "is dead");
  }

  #onLocked(owner: number, file: number): void {
    if (!this.#disk.has(owner, file)) return;
    this.#processes[owner]?.arrivals.push({ type: "arrived", file, what: "lock" });
  }

  /** Lets a process run up to the next place where it stops. */
  #tell(process: Process, event: Event, bytes?: Uint8Array): void {
    const turn = { ...event, now: this.#now, order: ORDER_STEP * (this.turns + 1) } as Turn;
    const { message, bytes: sent } = process.channel.exchange(turn, bytes);
    process.report = message;
    process.bytes = sent;
    if (event.type !== "killed") this.#hear(process, message);
    if (message.type === "gone") this.#bury(process, message.ending);
  }

  #hear(process: Process, { said }: Report): void {
    for (const entry of said) {
      this.said.push(entry);
      this.#changes++;
      if (entry.type === "started") process.callsLeft--;
      const { type, call } = entry;
      this.#note(process, `${type} ${call} ${entry.type === "ended" ? entry.outcome.type : entry.request.type}`);
    }
  }

  #bury(process: Process, ending: Ending = {}): void {
    this.#disk.closeAll(process.number);
    this.#invariants.died(process.number);
    this.receiver.died(process.number);
    process.arrivals = [];
    process.restsUntil = this.#now + this.#random.between(0, MAX_RESTART_MS);
    this.#last = ending.last;
    // Nobody else is alive then, and nobody may follow.
    if (this.#doomedIn !== undefined) this.#losePower();
    const { error } = ending;
    if (error === undefined) return;
    this.#note(process, `ends: ${error.message.split("\n")[0]}`);
    const isExcused = process.isStruck && error.when === "starting" && error.code !== "journal_damaged";
    if (!isExcused) this.complaints.push(`${nameOf(process)} ended while ${error.when}: ${error.message}`);
  }

  #note(process: Process, what: string): void {
    this.trace.add(`${(this.#now - START_MS).toFixed(3)} ${nameOf(process)} ${what}`);
  }
}
