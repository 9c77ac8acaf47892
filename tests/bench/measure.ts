/** Measuring: figures of interleaved rounds, what is typical of them, and programs started as clients start them. */

import { Server, serverEnvironment } from "../support/server.ts";
import { Client, StdioClientTransport } from "../support/sdk_client.ts";
import { initialize } from "../support/raw_server.ts";

/** Something to be measured: resolves to the figure that one round of it gave. */
export type Sample = () => Promise<number>;

export interface Rounds {
  readonly rounds: number;
  /** Rounds before these, that don't count. */
  readonly warmUpRounds: number;
}

/** Takes samples of several things in turn, and resolves to the median of each. */
export async function medians<K extends string>(
  samples: Readonly<Record<K, Sample>>,
  rounds: Rounds,
): Promise<Readonly<Record<K, number>>> {
  // Object.entries forgets the type of the keys, and there is an entry for every key.
  const figures = Object.entries(await figuresOf(samples, rounds)) as [K, readonly number[]][];
  return Object.fromEntries(figures.map(([key, each]) => [key, median(each)])) as Record<K, number>;
}

/**
 * Takes samples of several things in turn, so that what disturbs one disturbs all, and resolves to the figures of each.
 */
export async function figuresOf<K extends string>(
  samples: Readonly<Record<K, Sample>>,
  { rounds, warmUpRounds }: Rounds,
): Promise<Readonly<Record<K, readonly number[]>>> {
  // Object.entries forgets the type of the keys.
  const entries = Object.entries(samples) as [K, Sample][];
  const taken = new Map<K, number[]>(entries.map(([key]) => [key, []]));
  for (let round = -warmUpRounds; round < rounds; round++) {
    for (const [key, sample] of entries) {
      const figure = await sample();
      if (round >= 0) taken.get(key)?.push(figure);
    }
  }
  // There is an entry for every key.
  return Object.fromEntries(taken) as Record<K, number[]>;
}

/** The middle of the figures. */
export function median(figures: readonly number[]): number {
  return quantile(figures, 0.5);
}

/** The figure that a share of all are at most, between two of them where it falls there. */
export function quantile(figures: readonly number[], share: number): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const lower = sorted[Math.floor(place)];
  const upper = sorted[Math.ceil(place)];
  if (upper === undefined || lower === undefined) throw new Error("There is no quantile of nothing");
  return lower + (upper - lower) * (place - Math.floor(place));
}

/** How long an action takes, in milliseconds. */
export async function timed(action: () => unknown): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

/** Arguments of `deno` that run the bare server. */
export const BARE_SERVER_ARGS = ["run", "--quiet", "--no-prompt", new URL("bare_server.ts", import.meta.url).pathname];

/** Starts the bare server, with a client. */
export async function startBareServer(): Promise<Server> {
  const transport = new StdioClientTransport({
    command: Deno.execPath(),
    args: BARE_SERVER_ARGS,
    env: serverEnvironment(),
  });
  const client = new Client({ name: "bench", version: "1.0.0" });
  const server = new Server(client, transport);
  await client.connect(transport);
  return server;
}

export interface Start {
  /** From before the process is made until its answer to `initialize` is there, in milliseconds. */
  readonly elapsedMs: number;
  readonly pid: number;
}

/** Starts a program, has it answer `initialize`, calls `inspect` while it runs, and kills it. */
export async function startOnce<T>(args: readonly string[], inspect: (start: Start) => T | Promise<T>): Promise<T> {
  const start = performance.now();
  const process = new Deno.Command(Deno.execPath(), { args: [...args], stdin: "piped", stdout: "piped" }).spawn();
  const writer = process.stdin.getWriter();
  const reader = process.stdout.getReader();
  try {
    await writer.write(new TextEncoder().encode(initialize(1)));
    // The answer fits into what a pipe hands over at once.
    await reader.read();
    return await inspect({ elapsedMs: performance.now() - start, pid: process.pid });
  } finally {
    process.kill("SIGKILL");
    await process.status;
    await reader.cancel();
    await writer.abort().catch(() => {});
  }
}
