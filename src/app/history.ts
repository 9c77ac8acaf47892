/**
 * Reading what happened from the journal: every record, who and when.
 */

import { type JournalRecord, taskIdsOf } from "../core/messages/events.ts";
import type { Engine } from "./engine.ts";

export interface HistoryQuery {
  /** Only records that speak of this task. */
  readonly task?: string;
  /** Only records after this seq, oldest first; without it, the newest ones. */
  readonly since?: number;
  /** Most records. */
  readonly limit: number;
}

export interface HistoryPage {
  /** In the order of seq. */
  readonly records: readonly JournalRecord[];
  /** Whether there are more: newer ones where `since` was given, else older ones. */
  readonly hasMore: boolean;
}

/** Reads a page of the journal, up to and including all that was answered before the call. */
export async function readHistory(engine: Engine, { task, since, limit }: HistoryQuery): Promise<HistoryPage> {
  const last = await engine.read(() => engine.seq);
  const isNewest = since === undefined;
  const after = since ?? (task === undefined ? Math.max(0, last - limit - 1) : 0);
  let records: JournalRecord[] = [];
  for await (const chunk of engine.history(after)) {
    for (const record of chunk) {
      if (task === undefined || speaksOf(record, task)) records.push(record);
    }
    if (records.length <= limit) continue;
    if (!isNewest) return { records: records.slice(0, limit), hasMore: true };
    // One more than is wanted, to know that there are more.
    records = records.slice(-limit - 1);
  }
  return { records: records.slice(-limit), hasMore: records.length > limit };
}

function speaksOf(record: JournalRecord, task: string): boolean {
  return record.events.some((event) => taskIdsOf(event).includes(task));
}
