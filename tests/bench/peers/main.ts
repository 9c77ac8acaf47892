/**
 * Has other task servers do the same work as ours, and prints who does it faster, smaller, and right. A report, not
 * a test: a server that cannot be had is reported. Reaches the network only through npm.
 */

import { NpmError } from "../../support/npm.ts";
import { makeTemporaryDirectory } from "../../support/temp.ts";
import { OURS, PEERS } from "./adapters/mod.ts";
import { compare } from "./compare.ts";
import { install } from "./install.ts";
import { describeMachine, machineOf } from "./machine.ts";
import { type Options, optionsOf } from "./options.ts";
import type { Peer } from "./peer.ts";
import { linesOf, pageOf, type Report } from "./report.ts";
import { type Column, rowsOf } from "./row.ts";

const PAGE = new URL("../../../docs/benchmarks.md", import.meta.url).pathname;

async function main(args: readonly string[]): Promise<void> {
  const options = optionsOf(args);
  const machine = await describeMachine();
  const directory = await makeTemporaryDirectory("orchestrator-peers-");
  try {
    const measured = await measure(chosenPeers(options), { directory, sizes: options.sizes });
    const command = ["deno task bench:peers", ...args].join(" ");
    const report = { ...measured, command, machine, date: new Date().toISOString().slice(0, 10) };
    console.log([machineOf(machine), "", ...linesOf(report)].join("\n"));
    if (options.names.length === 0) await writePage(report);
    else console.error("docs/benchmarks.md is only written when all are compared");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function chosenPeers({ names }: Options): readonly Peer[] {
  const chosen = PEERS.filter((peer) => names.length === 0 || names.some((name) => peer.name.includes(name)));
  if (chosen.length === 0) throw new Error(`There are only: ${PEERS.map(({ name }) => name).join(", ")}`);
  return chosen;
}

async function measure(
  peers: readonly Peer[],
  { directory, sizes }: { readonly directory: string; readonly sizes: readonly number[] },
): Promise<Pick<Report, "rows" | "servers" | "missing">> {
  const columns = new Map<string, Column>();
  const missing: { name: string; why: string }[] = [];
  for (const peer of [OURS, ...peers]) {
    const { name } = peer;
    const why = await installed(peer, `${directory}/${name}/installed`);
    const column: Column = why === undefined
      ? await compare(peer, { directory: `${directory}/${name}`, sizes })
      : new Map();
    if (column.size > 0) columns.set(name, column);
    else missing.push({ name, why: why ?? "it could not be started" });
  }
  const servers = [OURS, ...peers].filter(({ name }) => columns.has(name));
  return { rows: rowsOf(columns), servers, missing };
}

/** Installs a peer; resolves to the reason why it cannot be had. */
async function installed(peer: Peer, directory: string): Promise<string | undefined> {
  await Deno.mkdir(directory, { recursive: true });
  try {
    await install(peer, directory);
    return undefined;
  } catch (error) {
    if (error instanceof NpmError) return error.message;
    throw error;
  }
}

/** Leaves the last word on the form to `deno fmt`. */
async function writePage(report: Report): Promise<void> {
  await Deno.writeTextFile(PAGE, pageOf(report));
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", PAGE] }).output();
}

if (import.meta.main) await main(Deno.args);
