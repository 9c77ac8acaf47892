/** One schedule: processes of the real store on the simulated database, and what they leave behind. */

import { Engine } from "../../../../src/app/engine.ts";
import { Feed } from "../../../../src/app/feed.ts";
import { Database } from "../../../../src/store/postgres/database.ts";
import { PostgresCheckpoints } from "../../../../src/store/postgres/postgres_checkpoints.ts";
import { PostgresJournal } from "../../../../src/store/postgres/postgres_journal.ts";
import { Project } from "../../../../src/store/postgres/project.ts";
import { RecordingLog } from "../../../support/log.ts";
import { type CallEnded, type CallStarted, type Outcome, parseCalls } from "../../history/call_log.ts";
import type { Finding } from "../../history/check.ts";
import type { History } from "../../history/history.ts";
import { type Random, randomOf } from "../../history/random.ts";
import { examine, IMPATIENT, type StartedProcess, startProcess, whenThere } from "../../postgres/run.ts";
import { randomRequest } from "../life.ts";
import { Agenda } from "./agenda.ts";
import { Competition } from "./competition.ts";
import { Machine } from "./machine.ts";
import { Network } from "./network.ts";
import { type Plan, SKEWS } from "./plan.ts";
import { Server } from "./server.ts";
import type { Sql } from "./sql.ts";

/** When everything begins, in milliseconds since the Unix epoch. */
const START_MS = 1_700_000_000_000;

/** Between two events, by the clock that all processes share: more than the checks tolerate. */
const ORDER_STEP = 10;

/** Longest time until a dead process is started again, in milliseconds. */
const MAX_RESTART_MS = 500;

/**
 * After so much quiet, an observer that makes no calls knows everything, in milliseconds: it polls, and has tried again if
 * its connection was lost.
 */
const QUIET_MS = 8_000;

export interface Result {
  readonly plan: Plan;
  readonly findings: readonly Finding[];
  readonly history: History;
  /** Tells apart schedules in which anything happened otherwise. */
  readonly digest: string;
  readonly lastOperations: readonly string[];
  /** The text of each statement, in the order in which they were sent. */
  readonly statements: readonly string[];
  readonly events: number;
}

export async function runPlan(plan: Plan, sql: Sql): Promise<Result> {
  await sql.begin();
  const world = new World(plan, sql);
  const { history, findings } = await world.run();
  const { agenda, network } = world;
  return {
    plan,
    history,
    findings,
    digest: agenda.trace.digest,
    lastOperations: agenda.trace.last,
    statements: network.statements,
    events: agenda.happened,
  };
}

/** Most tries of a call after all faults: a transaction that lost its client ends within some seconds. */
const MAX_LAST_TRIES = 40;

interface Worker {
  readonly number: number;
  life: number;
  callsLeft: number;
  machine: Machine | undefined;
  /** Once it has made all its calls. */
  process: StartedProcess | undefined;
}

class World {
  readonly agenda = new Agenda(START_MS);
  readonly network: Network;
  readonly #plan: Plan;
  readonly #random: Random;
  readonly #server: Server;
  readonly #workers: readonly Worker[];
  readonly #log = new RecordingLog();
  readonly #said: string[] = [];
  readonly #complaints: string[] = [];
  readonly #competition: Competition;
  /** A process that only follows the journal. */
  #observer: Engine | undefined;
  /** How the last call ended of those after all faults. */
  #lastOutcome: Outcome["type"] | undefined;
  /** The last record that anybody has told of. */
  #newest = 0;

  constructor(plan: Plan, sql: Sql) {
    this.#plan = plan;
    this.#random = randomOf(`${plan.seed} world`);
    const { agenda } = this;
    const complain = (complaint: string) => void this.#complaints.push(complaint);
    this.#server = new Server({
      agenda,
      sql,
      random: randomOf(`${plan.seed} server`),
      replicationMs: plan.replicationMs,
      keepsWhatIsShown: plan.workers > 1,
      complain,
    });
    const random = randomOf(`${plan.seed} network`);
    this.network = new Network({ agenda, server: this.#server, random, plan, kill: (machine) => this.#kill(machine) });
    this.#competition = new Competition(agenda, complain);
    this.#workers = Array.from({ length: plan.workers }, (_, number) => {
      return { number, life: 0, callsLeft: plan.calls, machine: undefined, process: undefined };
    });
  }

  async run(): Promise<{ readonly history: History; readonly findings: readonly Finding[] }> {
    const observer = this.#machine("observer");
    observer.run(() => this.#observe().catch((error) => this.#complaints.push(`The observer ended: ${error.stack}`)));
    for (const worker of this.#workers) this.#startSoon(worker);
    const hasFailed = () => this.#complaints.length > 0;
    try {
      await this.agenda.runUntil(() => hasFailed() || this.#workers.every(({ process }) => process !== undefined));
      this.network.heal();
      const quietAt = this.agenda.now + QUIET_MS;
      const knows = () => (this.#observer?.seq ?? 0) >= this.#newest;
      await this.agenda.runUntil(() => hasFailed() || knows() || this.agenda.now >= quietAt);
      if (!knows()) this.#complaints.push(`the observer knew ${this.#observer?.seq} of ${this.#newest} records`);
      if (!hasFailed()) return await this.#lookAround();
    } catch (error) {
      this.#complaints.push(String(error));
    }
    return this.#whatWentWrong({ records: [], calls: [] });
  }

  #whatWentWrong(history: History, findings: readonly Finding[] = []) {
    const violations = this.#complaints.map((complaint) => ({ complaint, seqs: [], calls: [] }));
    const all = [...findings, { what: "all goes well while it runs", violations }];
    return { history, findings: all.filter(({ violations }) => violations.length > 0) };
  }

  /** Ends everybody, and compares what they know with what is there. */
  async #lookAround() {
    const [first] = this.#workers;
    await this.#as(first?.machine, async () => {
      if (first?.process !== undefined) await this.#callLast(first.process);
    });
    for (const { machine, process } of this.#workers) {
      await this.#as(machine, async () => await process?.[Symbol.asyncDispose]());
    }
    const database = this.#database();
    const calls = parseCalls(this.#said.map((line) => line + "\n").join(""));
    const machine = this.#machine("last");
    const { history, findings } = await this.#as(machine, () => {
      return examine({ database, project: "simulated", calls, log: this.#log });
    });
    return this.#whatWentWrong(history, findings);
  }

  /** Work goes on once all is well again: soon, as what was under way may still have the lock. */
  async #callLast({ caller }: StartedProcess): Promise<void> {
    for (let tries = 0; tries < MAX_LAST_TRIES && this.#lastOutcome !== "answered"; tries++) {
      await caller.call({ type: "register_instance", instance: "w0", settings: { metadata: { token: "last" } } });
    }
    if (this.#lastOutcome !== "answered") this.#complaints.push(`Nothing is carried out after ${MAX_LAST_TRIES} tries`);
  }

  /** Lets a process do something to the end. */
  async #as<T>(machine: Machine | undefined, action: () => Promise<T>): Promise<T> {
    let settled: { readonly value: T } | { readonly error: unknown } | undefined;
    machine?.run(() => {
      action().then((value) => settled = { value }, (error) => settled = { error });
    });
    await this.agenda.runUntil(() => settled !== undefined);
    if (settled !== undefined && "value" in settled) return settled.value;
    throw settled?.error;
  }

  #database(): Database {
    const address = {
      hosts: [{ type: "unix", path: "simulated" }] as const,
      user: "test",
      password: undefined,
      database: "test",
      tlsOf: () => undefined,
    };
    return new Database({ ...IMPATIENT, address, now: Date.now, open: this.network.open });
  }

  #machine(name: string, { skewMs, suffers } = { skewMs: 0, suffers: false }): Machine {
    return new Machine(name, { agenda: this.agenda, seed: this.#plan.seed, skewMs, suffers });
  }

  #startSoon(worker: Worker): void {
    const skewMs = this.#random.pick(SKEWS);
    const machine = this.#machine(`w${worker.number}.${++worker.life}`, { skewMs, suffers: true });
    worker.machine = machine;
    worker.process = undefined;
    this.agenda.add(this.agenda.now + this.#random.between(0, MAX_RESTART_MS), machine, () => {
      this.agenda.note(`${machine.name} starts`);
      this.#live(worker, machine).catch((error) => this.#complaints.push(`${machine.name} ended: ${error.stack}`));
    });
  }

  #kill(machine: Machine): void {
    const worker = this.#workers.find((worker) => worker.machine === machine);
    if (worker === undefined || !machine.isAlive) return;
    machine.die();
    this.network.hangUp(machine);
    this.agenda.note(`${machine.name} is dead`);
    this.#startSoon(worker);
  }

  async #live(worker: Worker, machine: Machine): Promise<void> {
    const { seed, workers, maxPauseMs, competes } = this.#plan;
    const { number, life } = worker;
    const process = await startProcess({
      worker: number,
      life,
      processes: workers,
      database: this.#database(),
      project: "simulated",
      log: this.#log,
      seed,
      sharedTime: () => ORDER_STEP * this.agenda.happened,
      say: (line) => this.#say(worker, JSON.parse(line)),
    });
    if (competes) this.#competition.join(machine, process.project, this.#log);
    const random = randomOf(`${seed} pauses ${machine.name}`);
    while (worker.callsLeft > 0) {
      await process.caller.call(randomRequest(random, []));
      await new Promise((resolve) => setTimeout(resolve, random.between(0, maxPauseMs)));
    }
    worker.process = process;
  }

  async #observe(): Promise<void> {
    const project = new Project({ database: this.#database(), name: "simulated" });
    const [log, checkpoints] = [this.#log, new PostgresCheckpoints(project, this.#log)];
    const journal = new PostgresJournal(project, log);
    this.#observer = await whenThere(() => Engine.start({ journal, checkpoints, log }));
    new Feed(this.#observer, log).subscribe(() => {});
  }

  #say(worker: Worker, entry: CallStarted | CallEnded): void {
    if (entry.type === "started") worker.callsLeft--;
    this.#newest = Math.max(this.#newest, entry.seq);
    this.#said.push(JSON.stringify(entry));
    this.#lastOutcome = entry.type === "ended" && this.network.isHealed ? entry.outcome.type : undefined;
    const what = entry.type === "ended" ? entry.outcome.type : entry.request.type;
    this.agenda.note(`${entry.type} ${entry.call} ${what}`);
  }
}
