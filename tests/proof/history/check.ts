/** All that must hold of what a run leaves behind, whatever happened to the processes in it. */

import { checkAttempts } from "./check_attempts.ts";
import { checkCheckpoint } from "./check_checkpoint.ts";
import { checkEnds } from "./check_ends.ts";
import { checkJournal } from "./check_journal.ts";
import { checkOnce } from "./check_once.ts";
import { checkOrder } from "./check_order.ts";
import { checkReplay } from "./check_replay.ts";
import type { Remains, Violation } from "./history.ts";

/** Something that must hold, and where it does not. */
export interface Finding {
  readonly what: string;
  readonly violations: readonly Violation[];
}

export function check({ history, verification, checkpoint, unusable }: Remains): readonly Finding[] {
  const complaints = unusable === undefined ? [] : [{ complaint: unusable, seqs: [], calls: [] }];
  return [
    { what: "what is left can be started from", violations: complaints },
    { what: "the journal verifies", violations: checkJournal(verification, history) },
    { what: "acknowledged calls are there once, others at most once", violations: checkOnce(history) },
    { what: "one holder an attempt, attempts only grow", violations: checkAttempts(history) },
    { what: "nothing ends twice, and what failed stays so until it is retried", violations: checkEnds(history) },
    { what: "the order is that of real time, no read is stale", violations: checkOrder(history) },
    { what: "events and answers are what the rules give", violations: checkReplay(history) },
    { what: "the checkpoint is what the journal comes to", violations: checkCheckpoint(checkpoint, history) },
  ];
}
