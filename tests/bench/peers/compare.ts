/** Everything that is measured of one server, each part in a data directory of its own. */

import { measureCreates, measureRace } from "./crowd.ts";
import { measureIdle } from "./idle.ts";
import type { Peer, Place } from "./peer.ts";
import type { Column } from "./row.ts";
import { measureAtSize } from "./sized.ts";

/** The longest that a peer may take to prepare a directory. */
const PREPARE_TIMEOUT_MS = 30_000;

interface Part {
  readonly name: string;
  readonly measure: (peer: Peer, place: Place) => Promise<Column>;
}

/** Measures all parts. One that fails is told on standard error, and its rows are missing. */
export async function compare(
  peer: Peer,
  { directory, sizes }: { readonly directory: string; readonly sizes: readonly number[] },
): Promise<Column> {
  const parts: readonly Part[] = [
    { name: "idle", measure: measureIdle },
    ...sizes.map((size) => ({
      name: `${size}-tasks`,
      measure: (peer: Peer, place: Place) => measureAtSize(peer, place, size),
    })),
    { name: "creates", measure: measureCreates },
    { name: "race", measure: measureRace },
  ];
  const columns: Column[] = [];
  for (const { name, measure } of parts) {
    const start = performance.now();
    const place = { installed: `${directory}/installed`, directory: `${directory}/${name}` };
    try {
      await prepare(peer, place);
      columns.push(await measure(peer, place));
      console.error(`${peer.name}: ${name} took ${((performance.now() - start) / 1000).toFixed(1)} s`);
    } catch (error) {
      console.error(`${peer.name}: ${name} failed:`, error);
    }
  }
  return new Map(columns.flatMap((column) => [...column]));
}

async function prepare(peer: Peer, place: Place): Promise<void> {
  await Deno.mkdir(place.directory);
  const launch = peer.prepare?.(place);
  if (launch === undefined) return;
  const { success } = await new Deno.Command(launch.command, {
    args: [...launch.args],
    cwd: place.directory,
    env: { HOME: place.directory, ...launch.env },
    stdin: "null",
    signal: AbortSignal.timeout(PREPARE_TIMEOUT_MS),
  }).output();
  if (!success) throw new Error(`${peer.name} cannot prepare its directory`);
}
