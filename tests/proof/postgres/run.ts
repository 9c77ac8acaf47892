/**
 * Several processes, each an engine with connections of its own, make random calls on one project in PostgreSQL, while the
 * network between them and the server, and the server itself, fail. Afterwards all that they were told is compared with the
 * journal, by the same checks as for files.
 */

import { Checkpointer } from "../../../src/app/checkpointer.ts";
import { Engine } from "../../../src/app/engine.ts";
import { type Journal, Unavailable } from "../../../src/app/ports.ts";
import { Sweeper } from "../../../src/app/sweeper.ts";
import { type Address, Database } from "../../../src/store/postgres/database.ts";
import { PostgresCheckpoints } from "../../../src/store/postgres/postgres_checkpoints.ts";
import { PostgresJournal } from "../../../src/store/postgres/postgres_journal.ts";
import { Project } from "../../../src/store/postgres/project.ts";
import { RecordingLog } from "../../support/log.ts";
import { overriding } from "../../support/overriding.ts";
import { addressOf, type Cluster } from "../../support/postgres.ts";
import { recordsAfter } from "../../support/store.ts";
import { type Call, type CallEnded, type CallStarted, parseCalls } from "../history/call_log.ts";
import { Caller, Clock } from "../history/caller.ts";
import { check, type Finding } from "../history/check.ts";
import type { History } from "../history/history.ts";
import { type Random, randomOf } from "../history/random.ts";
import { type Fate, Proxy } from "./proxy.ts";

/** Shorter than in earnest, in milliseconds, so that a process soon gives up a server that does not answer. */
export const ANSWER_MS = 2_000;
const LOCK_WAIT_MS = 700;
const PATIENCE_MS = 4_000;

export interface RunOptions {
  readonly cluster: Pick<Cluster, "port">;
  /** Servers that may take over from the first one. */
  readonly others?: readonly number[];
  readonly project: string;
  readonly seed: string;
  readonly processes: number;
  /** How many calls each process makes. */
  readonly calls: number;
  /** What happens to a piece of data. Default: it passes. */
  readonly fate?: (random: Random) => Fate;
  /** Makes the server suffer; called once, when the calls begin. */
  readonly disturb?: (calls: () => number) => Promise<void>;
}

export interface Ran {
  readonly history: History;
  readonly findings: readonly Finding[];
  readonly warnings: readonly string[];
}

export async function run(options: RunOptions): Promise<Ran> {
  const { cluster, others = [], project, seed, disturb } = options;
  const random = randomOf(`${seed} network`);
  const fate = () => options.fate?.(random) ?? { type: "pass" };
  await using stack = new AsyncDisposableStack();
  const ports = [cluster.port, ...others].map((port) => stack.use(new Proxy(port, fate)).port);
  const log = new RecordingLog();
  const said: string[] = [];
  const shared = { ...options, life: 0, log, sharedTime: () => performance.now() };
  const start = (worker: number) => {
    return startProcess({ ...shared, worker, database: databaseAt(ports), say: (line) => said.push(line) });
  };
  let made = 0;
  const disturbing = disturb?.(() => made);
  await Promise.all(Array.from({ length: options.processes }, async (_, worker) => {
    await using process = await start(worker);
    for (let calls = 0; calls < options.calls; calls++, made++) await process.caller.call();
  }));
  await disturbing;
  const calls = parseCalls(said.map((line) => line + "\n").join(""));
  return await examine({ database: finalDatabase(addressOf(cluster.port, ...others)), project, calls, log });
}

/** A database for the last look, which waits until it is there. */
export function finalDatabase(address: Address): Database {
  return new Database({ address, now: Date.now, patienceMs: 30_000 });
}

export interface Examined {
  readonly database: Database;
  readonly project: string;
  /** What the processes asked, and what they were told. */
  readonly calls: readonly Call[];
  readonly log: RecordingLog;
}

/** Compares what is left in the database with what the processes were told. */
export async function examine({ database, project, calls, log }: Examined): Promise<Ran> {
  const { records, checkpoint } = await readRemains(database, project, log);
  const history = { records, calls, losesAnswers: true } as const;
  const end = { seq: records.length, hash: "", segment: 0, offset: 0 };
  const findings = check({ history, verification: { records: records.length, end }, checkpoint });
  return { history, findings, warnings: [...log.warnings, ...log.errors] };
}

export interface ProcessOptions extends Pick<RunOptions, "project" | "seed" | "processes"> {
  readonly worker: number;
  readonly life: number;
  /** Milliseconds by a clock that all processes share. */
  readonly sharedTime: () => number;
  readonly database: Database;
  readonly log: RecordingLog;
  readonly say: (line: string) => void;
}

/** The options of a database whose clients wait shorter than in earnest. */
export const IMPATIENT = { answerMs: ANSWER_MS, lockWaitMs: LOCK_WAIT_MS, patienceMs: PATIENCE_MS };

export function databaseAt(ports: readonly number[]): Database {
  const [first = 0, ...others] = ports;
  return new Database({ ...IMPATIENT, address: addressOf(first, ...others), now: Date.now });
}

export interface StartedProcess extends AsyncDisposable {
  readonly caller: Caller;
  readonly engine: Engine;
  readonly project: Project;
}

export async function startProcess(options: ProcessOptions): Promise<StartedProcess> {
  const { worker, life, processes, database, project: name, log, seed, sharedTime, say } = options;
  const project = new Project({ database, name });
  const clock = new Clock(() => database.clock.now());
  const journal = new PostgresJournal(project, log);
  const checkpoints = new PostgresCheckpoints(project, log);
  const engine = await whenThere(() => Engine.start({ journal: timed(journal, clock), checkpoints, log }));
  const checkpointer = new Checkpointer({ engine, checkpoints, log });
  const sweeper = new Sweeper({ engine, log });
  const caller = new Caller({
    engine,
    redact: () => Promise.reject(new Unavailable("storage_failed", "Nothing is redacted here")),
    worker,
    workers: processes,
    life,
    random: randomOf(`${seed} ${worker} ${life}`),
    clock,
    sharedTime,
    say: (entry: CallStarted | CallEnded) => say(JSON.stringify(entry)),
  });
  return {
    caller,
    engine,
    project,
    async [Symbol.asyncDispose]() {
      await sweeper.close();
      await checkpointer.close();
      await engine.close();
      await journal.close();
      await project.close();
    },
  };
}

/** Most starts while the server is away. */
const MAX_STARTS = 20;

export async function whenThere<T>(start: () => Promise<T>): Promise<T> {
  for (let tries = 1;; tries++) {
    try {
      return await start();
    } catch (error) {
      if (!(error instanceof Unavailable) || tries === MAX_STARTS) throw error;
    }
  }
}

/** Tells the clock of a process which time its journal saw last. */
function timed(journal: Journal, clock: Clock): Journal {
  return overriding<Journal>(journal, {
    now: () => clock.journalAt = journal.now(),
    transact: (after, transaction) =>
      journal.transact(after, {
        ...transaction,
        decide(at, ...others) {
          clock.journalAt = at;
          transaction.decide(at, ...others);
        },
      }),
  });
}

/** The journal and the checkpoint, as the next process finds them. */
async function readRemains(database: Database, name: string, log: RecordingLog) {
  const project = new Project({ database, name });
  const journal = new PostgresJournal(project, log);
  try {
    const checkpoint = await new PostgresCheckpoints(project, log).load();
    return { records: await recordsAfter(journal), checkpoint };
  } finally {
    await journal.close();
    await project.close();
  }
}
