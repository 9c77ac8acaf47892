/**
 * Has task queues on the same PostgreSQL do the same no-op jobs: ours, graphile-worker and pg-boss, beside the floor of a
 * bare statement. A report, not a test. Reaches the network only through npm.
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
  const { values } = readArguments(args, { names: ["processes"] });
  const processes = readNumbers("processes", values.processes ?? DEFAULT_PROCESSES, { min: 1, max: 16 });
  const missing = missingPostgres();
  if (missing !== undefined) throw new Error(`Cannot compare: ${missing}`);
  const machine = await describeMachine();
  const directory = await makeTemporaryDirectory("orchestrator-queues-");
  try {
    await installPeers(directory);
    await using cluster = await startPostgres({ max_connections: MAX_CONNECTIONS });
    const measured: Measured[] = [];
    for (const cell of cellsOf(processes)) {
      const rates = await measureCell(cell, { port: cluster.port, directory });
      measured.push({ ...cell, ...rates });
      console.error(`measured ${describe(cell)}`);
    }
    const command = ["deno task bench:queues", ...args].join(" ");
    const page = pageOf({ measured, machine, command, date: new Date().toISOString().slice(0, 10) });
    await writePage(page);
    console.log(await Deno.readTextFile(PAGE));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** All that is measured; what is compared with each other, one after the other. */
function cellsOf(processes: readonly number[]): readonly Cell[] {
  return [false, true].flatMap((isBatched) => [
    { system: "bare", processes: 1, isBatched, isApart: false } as const,
    ...processes.flatMap((count) =>
      ([
        { system: "ours", isApart: false },
        ...(count > 1 ? [{ system: "ours", isApart: true } as const] : []),
        { system: "graphile-worker", isApart: false },
        { system: "pg-boss", isApart: false },
      ] as const).map((each) => ({ ...each, processes: count, isBatched }))
    ),
  ]);
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
