/** Reads pages of the journal's records. */

import { type JournalRecord, taskIdsOf } from "../core/messages/events.ts";
import type { Engine } from "./engine.ts";

export interface HistoryQuery {
  /** Only records with an event about this task. */
  readonly task?: string;
  /** Only records after this seq, the oldest ones first. Default: the newest records. */
  readonly since?: number;
  /** Most records of the page. */
  readonly limit: number;
}

export interface HistoryPage {
  /** In the order of seq. */
  readonly records: readonly JournalRecord[];
  /** Whether there are more: newer records if `since` was given, otherwise older ones. */
  readonly hasMore: boolean;
}

/** Reads a page of the journal, which includes every call that was answered before. */
export async function readHistory(
  engine: Pick<Engine, "catchUp" | "history">,
  { task, since, limit }: HistoryQuery,
): Promise<HistoryPage> {
  const last = await engine.catchUp();
  const isNewest = since === undefined;
  const after = since ?? (task === undefined ? Math.max(0, last - limit - 1) : 0);
  let records: JournalRecord[] = [];
  for await (const chunk of engine.history(after)) {
    for (const record of chunk) {
      if (task === undefined || concerns(record, task)) records.push(record);
    }
    if (records.length <= limit) continue;
    if (!isNewest) return { records: records.slice(0, limit), hasMore: true };
    // One more than asked for, to find out whether there are more.
    records = records.slice(-limit - 1);
  }
  return { records: records.slice(-limit), hasMore: records.length > limit };
}

function concerns(record: JournalRecord, task: string): boolean {
  return record.events.some((event) => taskIdsOf(event).includes(task));
}
