/**
 * Tortures the program: real processes share one data directory under random commands, kills, stops, full disks and
 * wrong clocks; then the journal and what was answered are checked against each other. A long run is one round after
 * the other, each in a directory of its own, until one fails.
 *
 *     main.ts --minutes N --seed S --processes P
 */

import { makeTemporaryDirectory } from "../../support/temp.ts";
import { parseOptions } from "./options.ts";
import { torture } from "./run.ts";

/** Longest round, in milliseconds: what is known of it must fit into memory. */
const ROUND_MS = 60_000;

async function main(): Promise<number> {
  const { seed, durationMs, workers } = parseOptions(Deno.args, String(Math.floor(Math.random() * 1e9)));
  const rounds = Math.ceil(durationMs / ROUND_MS);
  for (let round = 1; round <= rounds; round++) {
    // The seed of a later round begins a run of its own.
    const own = round === 1 ? seed : `${seed}.${round}`;
    const lastMs = durationMs - ROUND_MS * (rounds - 1);
    if (!await runRound({ seed: own, durationMs: round === rounds ? lastMs : ROUND_MS, workers })) return 1;
  }
  return 0;
}

async function runRound(options: { seed: string; durationMs: number; workers: number }): Promise<boolean> {
  const directory = await makeTemporaryDirectory("orchestrator-torture-");
  const { seed, durationMs, workers } = options;
  console.log(`Seed ${seed}: ${workers} processes for ${Math.round(durationMs / 1_000)} seconds`);
  const isGood = await torture({ ...options, directory, print: console.log });
  if (isGood) await Deno.remove(directory, { recursive: true });
  else console.log(`What is needed to look at it is kept in ${directory}`);
  return isGood;
}

if (import.meta.main) Deno.exit(await main());
