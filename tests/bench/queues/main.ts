/**
 * Has task queues on the same PostgreSQL do the same no-op jobs: ours, graphile-worker and pg-boss, beside the floor of a
 * bare statement. A report, not a test. Reaches the network only through npm. With `--keep FILE`, several runs make one
 * page: what the file has is not measured again.
 */

import { makeTemporaryDirectory } from "../../support/temp.ts";
import { readArguments, readNumbers } from "../../support/options.ts";
import { missingPostgres, startPostgres } from "../../support/postgres.ts";
import { describeMachine } from "../peers/machine.ts";
import { type Cell, measureCell } from "./cell.ts";
import { installPeers } from "./install.ts";
import { type Measured, pageOf } from "./report.ts";

const PAGE = new URL("../../../docs/queues.md", import.meta.url).pathname;

const DEFAULT_PROCESSES = "1,4,16";

/** Connections of all processes: graphile-worker may open 25 each. */
const MAX_CONNECTIONS = "500";

async function main(args: readonly string[]): Promise<void> {
  const { values } = readArguments(args, { names: ["processes", "keep"] });
  const processes = readNumbers("processes", values.processes ?? DEFAULT_PROCESSES, { min: 1, max: 16 });
  const missing = missingPostgres();
  if (missing !== undefined) throw new Error(`Cannot compare: ${missing}`);
  const machine = await describeMachine();
  const directory = await makeTemporaryDirectory("orchestrator-queues-");
  try {
    await installPeers(directory);
    await using cluster = await startPostgres({ max_connections: MAX_CONNECTIONS });
    const measured = await readKept(values.keep);
    for (const cell of cellsOf(processes)) {
      if (measured.some((each) => describe(each) === describe(cell))) continue;
      const rates = await measureCell(cell, { port: cluster.port, directory });
      measured.push({ ...cell, ...rates });
      if (values.keep !== undefined) await Deno.writeTextFile(values.keep, JSON.stringify(measured));
      console.error(`measured ${describe(cell)}`);
    }
    const command = `deno task bench:queues --processes ${countsOf(measured).join(",")}`;
    const page = pageOf({ measured, machine, command, date: new Date().toISOString().slice(0, 10) });
    await writePage(page);
    console.log(await Deno.readTextFile(PAGE));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** What earlier runs have measured, if a file keeps it. */
async function readKept(file: string | undefined): Promise<Measured[]> {
  if (file === undefined) return [];
  try {
    // Written by an earlier run.
    return JSON.parse(await Deno.readTextFile(file)) as Measured[];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** All that is measured; what is compared with each other, one after the other. */
function cellsOf(processes: readonly number[]): readonly Cell[] {
  return [false, true].flatMap((isBatched) => [
    ...processes.flatMap((count) =>
      ([
        { system: "bare", isApart: false },
        { system: "ours", isApart: false },
        ...(count > 1 ? [{ system: "ours", isApart: true } as const] : []),
        { system: "graphile-worker", isApart: false },
        { system: "pg-boss", isApart: false },
      ] as const).map((each) => ({ ...each, processes: count, isBatched }))
    ),
  ]);
}

/** The numbers of processes, without the file that keeps what was measured. */
function countsOf(measured: readonly Measured[]): readonly number[] {
  return Array.from(new Set(measured.map(({ processes }) => processes)));
}

function describe({ system, processes, isBatched, isApart }: Cell): string {
  return `${system}${isApart ? " apart" : ""}, ${processes} processes, ${isBatched ? "batched" : "one by one"}`;
}

/** Leaves the last word on the form to `deno fmt`. */
async function writePage(text: string): Promise<void> {
  await Deno.writeTextFile(PAGE, text);
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", PAGE] }).output();
}

if (import.meta.main) await main(Deno.args);
