/**
 * Where a coordination run plays: the agents with their servers, and the journal that they write. And what is played
 * there: acts, made of scenes.
 */

import type { JournalRecord } from "../../src/core/messages/events.ts";
import { realDisk } from "../../src/store/file/disk.ts";
import { walkJournal } from "../../src/store/file/segment_files.ts";
import { startServer } from "../support/server.ts";
import type { Check } from "./check.ts";
import type { Entry } from "./timeline.ts";
import type { Worker } from "./worker.ts";

/** The agents that take tasks. */
export const WORKERS = ["ada", "ben", "cleo"] as const;

export type WorkerName = typeof WORKERS[number];

const PLANNER = "planner";

export interface Act {
  readonly name: string;
  readonly title: string;
  readonly scenes: readonly Scene[];
  /** What must be true of the records of all its scenes. */
  readonly check: (records: readonly JournalRecord[]) => readonly Check[];
}

export interface Scene {
  /** Absent where the act has but one. */
  readonly title?: string;
  /** What happens, in a few lines. */
  readonly text: readonly string[];
  readonly play: (stage: Stage) => Promise<Played>;
}

/** What is left of a scene. */
export interface Played {
  /** What happened that the journal cannot know. */
  readonly notes: readonly Entry[];
  /** What must be true of the records that it left. */
  readonly check: (records: readonly JournalRecord[]) => readonly Check[];
}

/** Starts a server for each agent. */
export async function openStage(directory: string): Promise<Stage> {
  const start = async (name: string): Promise<Worker> => ({ name, server: await startServer(directory, { name }) });
  const [planner, ada, ben, cleo] = await Promise.all([PLANNER, ...WORKERS].map(start));
  if (planner === undefined || ada === undefined || ben === undefined || cleo === undefined) {
    throw new Error("Not every agent has a server");
  }
  return new Stage(directory, planner, { ada, ben, cleo });
}

export class Stage implements AsyncDisposable {
  readonly directory: string;
  readonly planner: Worker;
  readonly #workers: Record<WorkerName, Worker>;
  #seen = 0;

  constructor(directory: string, planner: Worker, workers: Record<WorkerName, Worker>) {
    this.directory = directory;
    this.planner = planner;
    this.#workers = workers;
  }

  /** Those who take tasks, each with the server that it has now. */
  get workers(): Readonly<Record<WorkerName, Worker>> {
    return this.#workers;
  }

  /** Ends a worker's server with `kill -9`; resolves to which process that was, and when it was dead. */
  async kill(name: WorkerName): Promise<{ readonly pid: number; readonly at: number }> {
    const { server } = this.#workers[name];
    const { pid } = server;
    await server.kill();
    return { pid, at: Date.now() };
  }

  /** Starts another server for a worker whose server is dead. */
  async revive(name: WorkerName): Promise<Worker> {
    const worker = { name, server: await startServer(this.directory, { name }) };
    this.#workers[name] = worker;
    return worker;
  }

  /** The records that were written since this was asked last. */
  newRecords(): readonly JournalRecord[] {
    const chunks = walkJournal(realDisk, this.directory);
    const records = Array.from(chunks, (chunk) => chunk.records).flat();
    const fresh = records.slice(this.#seen);
    this.#seen = records.length;
    return fresh;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const workers = [this.planner, ...Object.values(this.#workers)];
    await Promise.all(workers.map(({ server }) => server.close()));
  }
}
