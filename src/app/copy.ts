/**
 * Copies a journal with its whole history from one store to another. The source is read from its first record on and
 * checked; what the target has already must be the beginning of it. So a copy that was interrupted goes on, and one that is
 * repeated adds what has come since.
 */

import { type RawEnd, type RawJournal, type RawRecord, Unavailable } from "./ports.ts";

/** What was copied. */
export interface Copied {
  /** Records that the target has now. */
  readonly records: number;
  /** How many of them were added. */
  readonly added: number;
  /** The hash of the last record, which both stores have. */
  readonly hash: string;
}

/**
 * @param onProgress called after each part with the seq of its last record
 * @throws Unavailable if one of them is damaged, or the target has records that the source does not have
 */
export async function copyJournal(
  source: RawJournal,
  target: RawJournal,
  onProgress: (seq: number) => void = () => {},
): Promise<Copied> {
  const start = await target.end();
  let end: RawEnd = start;
  let seen = 0;
  for await (const records of source.read()) {
    refuseOther(records, start);
    const added = records.filter(({ seq }) => seq > end.seq);
    seen = records.at(-1)?.seq ?? seen;
    const last = added.at(-1);
    if (last === undefined) continue;
    await target.append(end, added);
    end = { seq: last.seq, hash: last.hash };
    onProgress(end.seq);
  }
  if (seen < start.seq) throw notTheSame(start.seq);
  await target.raiseEpochTo(await source.epoch());
  await copyDeliveries(source, target);
  const reached = await target.end();
  if (reached.seq !== end.seq || reached.hash !== end.hash) {
    throw new Unavailable(
      "storage_failed",
      `The copy ends with record ${reached.seq} instead of ${end.seq}: copy again`,
    );
  }
  return { records: end.seq, added: end.seq - start.seq, hash: end.hash };
}

/**
 * Refuses a source without records, before a target is made for it.
 *
 * @throws Unavailable if there is nothing to copy, or its first records are damaged
 */
export async function refuseEmpty(source: RawJournal): Promise<void> {
  for await (const _ of source.read()) return;
  throw new Unavailable(
    "storage_failed",
    "There is nothing to copy, as the source has no record: a tasks.json alone is for the command import",
  );
}

function refuseOther(records: readonly RawRecord[], { seq, hash }: RawEnd): void {
  const same = records.find((record) => record.seq === seq);
  if (same !== undefined && same.hash !== hash) throw notTheSame(seq);
}

function notTheSame(seq: number): Unavailable {
  return new Unavailable(
    "storage_failed",
    `Cannot copy as the target has a plan already whose record ${seq} is not in the source: name another one`,
  );
}

/** Places, tries and secrets of webhooks and handlers. */
async function copyDeliveries(source: RawJournal, target: RawJournal): Promise<void> {
  for (const name of await source.deliveries.names()) {
    const text = await source.deliveries.load(name);
    if (text !== undefined) await target.deliveries.save(name, text);
  }
}
