/**
 * Settles a batch whose commit is unknown by looking into the journal, never by blind repetition. Its records can only come
 * with the seqs that they were appended with, each after the one before. So once another record has such a seq, it is final
 * that they have not come; while none has it, they may still arrive.
 */

import type { JournalRecord } from "../core/messages/events.ts";
import { Refusal } from "../core/model/refusal.ts";
import { isClaimOver } from "../core/state/requests.ts";
import { type Batch, nothingChanged, rejected } from "./batch.ts";
import { type Job, type Outcome, SWEEP, type Written } from "./job.ts";
import type { CommitUnknown } from "./ports.ts";
import type { Replica } from "./replica.ts";

/** Most runs of a command whose commits fail without an effect. */
const MAX_RUNS = 3;

/** What became of a batch. */
export interface Settled {
  readonly outcomes: readonly Outcome[];
  /** Jobs that are known to have changed nothing: they are to be run again, in this order. */
  readonly again: readonly Job[];
}

/**
 * Looks, and loads the state as it is now.
 *
 * @param replica its position is the end of the journal before the batch
 * @throws whatever reading the journal throws
 */
export async function settle(batch: Batch, unknown: CommitUnknown, replica: Replica): Promise<Settled> {
  const found = await replica.peek(batch.records.length);
  await replica.load();
  const kept = countKept(batch.records, found);
  // Another record is in the place of the next one: so it and those after it will never come.
  const isFinal = found.length > kept;
  const outcomes: Outcome[] = [];
  const again: Job[] = [];
  let index = 0;
  for (const outcome of batch.outcomes) {
    const { job, written } = outcome;
    const place = written === undefined ? Infinity : index++;
    const failedRuns = (job.failedRuns ?? 0) + 1;
    if (written !== undefined && place < kept) outcomes.push(answered(outcome, written, { replica, unknown }));
    else if (place < unknown.appended && !isFinal) outcomes.push(rejected(outcome, unknown));
    else if (failedRuns === MAX_RUNS) outcomes.push(rejected(outcome, nothingChanged(unknown)));
    else if (job !== SWEEP) again.push({ ...job, failedRuns });
  }
  return { outcomes, again };
}

/** How many records of a batch, from the first, are in their places. */
function countKept(records: readonly JournalRecord[], found: readonly JournalRecord[]): number {
  const end = records.findIndex(({ request, actor }, index) => {
    return found[index]?.request !== request || found[index]?.actor !== actor;
  });
  return end < 0 ? records.length : end;
}

/** Answers a job whose record is in the journal, from the present state. */
function answered(
  outcome: Outcome,
  { record, ran }: Written,
  { replica, unknown }: { readonly replica: Replica; readonly unknown: CommitUnknown },
): Outcome {
  const { job } = outcome;
  try {
    if (!isClaimOver(replica.state, record)) {
      const value = ran.answer(replica.state);
      return { ...outcome, deliver: () => job.resolve(value) };
    }
  } catch (error) {
    if (ran.isRefused === true || !(error instanceof Refusal)) return rejected(outcome, error);
    // What the answer was to show has changed since: it can't be made any more.
  }
  if (ran.answerLater === undefined) return rejected(outcome, unknown);
  const value = ran.answerLater(replica.state, record.seq);
  return { ...outcome, deliver: () => job.resolve(value) };
}
