/** Measures one number of processes on one program's queue, in a database of its own, and checks that no job is lost. */

import postgres from "postgres";
import { type Child, startChild } from "../../support/child.ts";
import type { QueueOptions } from "./queue.ts";
import { workerIn } from "./install.ts";
import { isPeer, type System } from "./systems/mod.ts";
import type { Report, Request } from "./worker.ts";

const WORKER = new URL("worker.ts", import.meta.url);

/** How long jobs are added, and how long they are worked on, each after a time that does not count: code is slow at first. */
const WARM_UP_MS = 1_000;
const MEASURED_MS = 3_000;

/** How many jobs a queue is filled with before they are worked on: enough for the fastest. */
const FILL_ONE_BY_ONE = 8_000;
const FILL_BATCHED = 24_000;

export interface Cell extends Pick<QueueOptions, "isBatched" | "isApart"> {
  readonly system: System;
  readonly processes: number;
}

/** Jobs in a second, of all processes together. */
export interface Rates {
  readonly added: number;
  /** Taken and completed. Undefined for what has no jobs. */
  readonly worked: number | undefined;
}

export async function measureCell(
  { system, processes, isBatched, isApart }: Cell,
  { port, directory }: Pick<QueueOptions, "port" | "directory">,
): Promise<Rates> {
  const database = `cell_${crypto.randomUUID().replaceAll("-", "")}`;
  await using _database = await createDatabase(port, database);
  await using stack = new AsyncDisposableStack();
  const url = `postgres://test@127.0.0.1:${port}/${database}`;
  const worker = isPeer(system) ? workerIn(directory) : WORKER;
  const workers: Worker[] = [];
  // One after the other: the first one makes the tables.
  for (let index = 0; index < processes; index++) {
    const options: QueueOptions = { url, port, database, index, processes, isBatched, isApart, directory };
    const child = startChild(worker, [system, JSON.stringify(options)], { permissions: ["--allow-all"] });
    workers.push(stack.use(new Worker(child)));
    await workers.at(-1)?.next();
  }
  const all = async (request: Request) => await Promise.all(workers.map((worker) => worker.ask(request)));
  await all({ type: "add", ms: WARM_UP_MS });
  const added = await all({ type: "add", ms: MEASURED_MS });
  if (system === "bare") return { added: totalOf(added) / secondsOf(added), worked: undefined };
  await all({ type: "fill", count: Math.ceil((isBatched ? FILL_BATCHED : FILL_ONE_BY_ONE) / processes) });
  await all({ type: "work", ms: WARM_UP_MS });
  const before = await countRemaining(workers, isApart);
  const reports = await all({ type: "work", ms: MEASURED_MS });
  const completed = before - await countRemaining(workers, isApart);
  // A process of graphile-worker that is stopped may leave its last job to be done again.
  if (!isPeer(system) && completed !== totalOf(reports)) {
    throw new Error(`${totalOf(reports)} completions were answered, ${completed} jobs are completed`);
  }
  return { added: totalOf(added) / secondsOf(added), worked: completed / secondsOf(reports) };
}

async function countRemaining(workers: readonly Worker[], isApart: boolean): Promise<number> {
  const asked = isApart ? workers : workers.slice(0, 1);
  return totalOf(await Promise.all(asked.map((worker) => worker.ask({ type: "count" }))));
}

function totalOf(reports: readonly Report[]): number {
  return reports.reduce((sum, { count }) => sum + count, 0);
}

function secondsOf(reports: readonly Report[]): number {
  const startedAt = Math.min(...reports.map((report) => report.startedAt));
  const endedAt = Math.max(...reports.map((report) => report.endedAt));
  return (endedAt - startedAt) / 1_000;
}

async function createDatabase(port: number, name: string): Promise<AsyncDisposable> {
  const sql = postgres(`postgres://test@127.0.0.1:${port}/postgres`, { max: 1 });
  await sql.unsafe(`create database ${name}`);
  return {
    async [Symbol.asyncDispose]() {
      await sql.unsafe(`drop database ${name} with (force)`);
      await sql.end();
    },
  };
}

class Worker implements AsyncDisposable {
  readonly #child: Child;

  constructor(child: Child) {
    this.#child = child;
  }

  async ask(request: Request): Promise<Report> {
    const writer = this.#child.process.stdin.getWriter();
    await writer.write(new TextEncoder().encode(JSON.stringify(request) + "\n"));
    writer.releaseLock();
    // Printed by worker.ts in this form.
    return JSON.parse(await this.next()) as Report;
  }

  async next(): Promise<string> {
    const { value } = await this.#child.lines.next();
    if (value === undefined) throw new Error("A process has ended without a report");
    return value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.endInput();
    await this.#child[Symbol.asyncDispose]();
  }
}
