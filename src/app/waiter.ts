/** One claim that waits: who made it, its last answer, and how it is settled. */

import type { Caller } from "../core/model/access.ts";
import { tellsNews } from "../core/views/news.ts";
import type { CommandOptions } from "./job.ts";
import type { Claim, CommandOf, NoTasksReason, Repeated } from "../core/messages/commands.ts";

export type ClaimCommand = CommandOf<"claim_task">;

/** A claim by `caller` that waits for a task. */
export interface Waiter {
  readonly command: ClaimCommand;
  readonly caller: Caller;
  /** The request id that the caller gave. The tries of one wait share it, as at most one of them claims. */
  readonly request: CommandOptions;
  /** Aborted when the client gives up. */
  readonly signal: AbortSignal;
  isAnswered: boolean;
  /** The try under way. At most one: a second try could claim a second task. */
  trying: Promise<void> | undefined;
  /** The answer to the last try: why there was no task. */
  lastAnswer: Claim;
  readonly resolve: (claim: Claim | Repeated) => void;
  readonly reject: (error: unknown) => void;
}

/** Reasons that lie with the instance, or with a newer wait: waiting longer does not change them. */
const FUTILE: readonly NoTasksReason[] = ["draining", "left", "at_capacity", "superseded"];

/** Whether waiting cannot help: the reason lies with the instance itself, or a newer wait replaced this one. */
export function isFutile(claim: Claim): boolean {
  return claim.task === undefined && FUTILE.includes(claim.none.reason);
}

/** Whether a claim is answered at once, with a task, with news, or as waiting cannot help. */
export function isAnswer(claim: Claim): boolean {
  return claim.task !== undefined || isFutile(claim) || tellsNews(claim);
}

/** The answer to a wait that a newer one replaced. */
export function supersededAnswer(lastAnswer: Claim): Claim {
  if (lastAnswer.task !== undefined) return lastAnswer;
  const message =
    "A newer get_next_task of this instance took the place of this one: read the answer to that. If you " +
    "made none, another agent uses this instance_id: wait again with one of your own";
  return { ...lastAnswer, none: { ...lastAnswer.none, reason: "superseded", message } };
}
