/** Commands for the audit: who did what, when and from where, and the head of the journal. */

import { type AuditReader, readAudit } from "../app/audit.ts";
import type { Engine } from "../app/engine.ts";
import type { HistoryQuery, Moment } from "../app/history.ts";
import type { Notification } from "../core/messages/notifications.ts";
import { OPERATOR, type Terminal } from "./commands.ts";

/** Most notifications that are read at once. */
const PAGE = 1_000;

/** Prints the audit from the oldest entry on, as CloudEvents, one JSON object a line. */
export async function printAudit(
  engine: Engine,
  query: Omit<HistoryQuery, "limit">,
  terminal: Terminal,
): Promise<number> {
  const reader: AuditReader = { engine, query: (selection) => engine.query(selection, OPERATOR) };
  let since: Moment | undefined = query.since ?? { seq: 0 };
  while (since !== undefined) {
    const { events, hasMore } = await readAudit(reader, { ...query, since, limit: PAGE });
    for (const event of events) terminal.print(JSON.stringify(event));
    const last = events.at(-1);
    since = hasMore && last !== undefined ? placeOf(last) : undefined;
  }
  return 0;
}

/** The place of a notification in the history. */
function placeOf({ id }: Notification): Moment {
  const [seq, index] = id.split(".").map(Number);
  return { seq: seq ?? 0, index: index ?? 0 };
}

/** A record of the journal, to be kept elsewhere: with it, `verify` finds out whether the journal was cut or rewritten. */
export interface Head {
  readonly seq: number;
  readonly hash: string;
}

/** Prints the last record's seq and hash, as `verify --head` takes them. */
export function printHead({ seq, hash }: Head, terminal: Terminal): number {
  terminal.print(`${seq}:${hash}`);
  return 0;
}
