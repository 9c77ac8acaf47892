/**
 * Has real clients carry out one scenario on the server, each through its own code: `deno task clients [names…]`. A
 * client that cannot be installed is reported; one that is installed and fails makes the exit code 1. Reaches the network
 * only through npm.
 */

import { makeTemporaryDirectory } from "../support/temp.ts";
import { type Client, CLIENTS } from "./clients.ts";
import { nodeFor } from "./node.ts";
import { hasFailed, pageWith, type Row, tableOf } from "./report.ts";
import { runClient } from "./run_client.ts";

const PAGE = new URL("../../docs/clients.md", import.meta.url).pathname;

async function main(names: readonly string[]): Promise<number> {
  const directory = await makeTemporaryDirectory("orchestrator-clients-");
  try {
    const rows = await runAll(chosenClients(names), directory);
    console.log(tableOf(rows).join("\n"));
    if (names.length === 0) await writePage(rows);
    else console.error("docs/clients.md is only written when all clients are run");
    return rows.some(hasFailed) ? 1 : 0;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function chosenClients(names: readonly string[]): readonly Client[] {
  const isChosen = (client: Client) => names.some((name) => client.name.toLowerCase().includes(name.toLowerCase()));
  const chosen = CLIENTS.filter((client) => names.length === 0 || isChosen(client));
  if (chosen.length === 0) throw new Error(`There are only: ${CLIENTS.map(({ name }) => name).join(", ")}`);
  return chosen;
}

async function runAll(clients: readonly Client[], directory: string): Promise<readonly Row[]> {
  const node = await nodeFor(`${directory}/node`);
  const rows: Row[] = [];
  for (const [index, client] of clients.entries()) {
    const outcome = await runClient(client, { directory: `${directory}/${index}`, node });
    console.error(`${client.name}:`, outcome);
    rows.push({ client, outcome });
    // The programs of some clients take 400 MB each.
    await Deno.remove(`${directory}/${index}`, { recursive: true });
  }
  return rows;
}

/** Leaves the last word on the form to `deno fmt`. */
async function writePage(rows: readonly Row[]): Promise<void> {
  const date = new Date().toISOString().slice(0, 10);
  await Deno.writeTextFile(PAGE, pageWith(await Deno.readTextFile(PAGE), rows, date));
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", PAGE] }).output();
}

if (import.meta.main) Deno.exit(await main(Deno.args));
