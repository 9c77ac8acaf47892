/** Gets the peers onto this machine: with npm, into a temporary directory, beside a copy of what drives them. */

import { installPackages } from "../../support/npm.ts";
import { PACKAGES } from "./systems/mod.ts";

/** What a process of a peer runs. */
const FILES = ["worker.ts", "queue.ts", "systems/graphile_worker.ts", "systems/pg_boss.ts"];

/** @throws NpmError if npm cannot install them */
export async function installPeers(directory: string): Promise<void> {
  await installPackages(Object.values(PACKAGES), directory);
  await Deno.mkdir(`${directory}/systems`);
  for (const file of FILES) await Deno.copyFile(new URL(file, import.meta.url), `${directory}/${file}`);
}

/** The program of a peer's processes: packages are found by the directory that it is in. */
export function workerIn(directory: string): URL {
  return new URL(`file://${directory}/worker.ts`);
}
