/**
 * One of several processes that use a queue at the same time. It prints "ready", then carries out each request that it
 * reads, a line each, and prints what it came to. Run by `cell.ts`.
 *
 *     worker.ts SYSTEM OPTIONS
 */

import { createInterface } from "node:readline";
import process from "node:process";
import type { Queue, QueueOptions } from "./queue.ts";
import type { System } from "./systems/mod.ts";

/** Imported only when it is chosen: a peer runs where it is installed, and without our sources. */
const OPEN: Readonly<Record<System, (options: QueueOptions) => Promise<Queue>>> = {
  ours: async (options) => (await import("./systems/ours.ts")).openOurs(options),
  "graphile-worker": async (options) => (await import("./systems/graphile_worker.ts")).openGraphileWorker(options),
  "pg-boss": async (options) => (await import("./systems/pg_boss.ts")).openPgBoss(options),
  bare: async (options) => (await import("./systems/bare.ts")).openBare(options),
};

export type Request =
  | { readonly type: "fill"; readonly count: number }
  | { readonly type: "add" | "work"; readonly ms: number }
  | { readonly type: "count" };

/** How many jobs a process added or completed, between which moments; or how many remain. */
export interface Report {
  readonly count: number;
  readonly startedAt: number;
  readonly endedAt: number;
}

async function carryOut(queue: Queue, request: Request): Promise<Report> {
  let startedAt = Date.now();
  let count = 0;
  let endedAt = startedAt;
  const done = (jobs: number) => {
    count += jobs;
    endedAt = Date.now();
  };
  switch (request.type) {
    case "fill":
      await queue.fill(request.count);
      done(request.count);
      break;
    case "add":
      while (Date.now() < startedAt + request.ms) {
        await queue.add();
        done(queue.addedAtOnce);
      }
      break;
    case "work":
      await queue.work(AbortSignal.timeout(request.ms), { started: () => startedAt = Date.now(), done });
      break;
    case "count":
      done(await queue.remaining());
  }
  return { count, startedAt, endedAt };
}

async function main([system = "", options = ""]: readonly string[]): Promise<void> {
  // Started by cell.ts only.
  await using queue = await OPEN[system as System](JSON.parse(options) as QueueOptions);
  console.log("ready");
  for await (const line of createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await carryOut(queue, JSON.parse(line) as Request)));
  }
}

if (import.meta.main) {
  await main(Deno.args);
  // The peers' libraries keep timers.
  Deno.exit();
}
