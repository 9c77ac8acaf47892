/** What a server costs before it has any tasks: its start, its memory, and what its list of tools takes of a context. */

import { median, timed } from "../measure.ts";
import { residentMemory } from "./memory.ts";
import type { Peer, Place } from "./peer.ts";
import type { Cell, Column } from "./row.ts";
import { Session } from "./session.ts";

const STARTS = 7;

/** How long after its start the memory of a server is measured. */
const MEMORY_AFTER_MS = 1_000;

/** Starts a server again and again, in a directory of its own. */
export async function measureIdle(peer: Peer, place: Place): Promise<Column> {
  const startsMs: number[] = [];
  for (let start = 0; start < STARTS; start++) {
    let session: Session | undefined;
    startsMs.push(await timed(async () => session = await Session.start(peer, place)));
    await session?.[Symbol.asyncDispose]();
  }
  await using session = await Session.start(peer, place);
  await new Promise((resolve) => setTimeout(resolve, MEMORY_AFTER_MS));
  const memory = memoryCell(await residentMemory(session.pid));
  return new Map([
    ["start, until `initialize` is answered", { unit: "ms", best: "least", cell: { value: median(startsMs) } }],
    ["`tools/list`", { unit: "bytes", best: "least", cell: { value: await session.toolsListBytes() } }],
    ["memory, no tasks", { unit: "MB", best: "least", cell: memory }],
  ]);
}

export function memoryCell(megabytes: number | undefined): Cell {
  return megabytes === undefined ? { absent: "not known" } : { value: megabytes };
}
