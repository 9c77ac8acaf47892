/** A call in the queue of the engine: the function to run on the state, and how to settle its promise. */

import type { AnswerOf, CommandOf, CommandType, Context, Repeated } from "../core/messages/commands.ts";
import { type Draft, type Event, type JournalRecord, timeOf } from "../core/messages/events.ts";
import { type Caller, Denied, localOperator } from "../core/model/access.ts";
import { Refusal } from "../core/model/refusal.ts";
import { callerRequest, formatRequest } from "../core/model/request.ts";
import { decide, refusedEvents } from "../core/rules/decide.ts";
import { repeatedAnswer, repeatedBy } from "../core/rules/repeats.ts";
import { claimedBy } from "../core/state/requests.ts";
import type { ReadonlyState } from "../core/state/state.ts";
import { viaOf } from "../core/state/tokens.ts";

/** The caller of what no client asked for: sweeps, and heartbeats for waiting instances. */
export const ORCHESTRATOR: Caller = localOperator("orchestrator");

/** Runs on the state after the jobs before it. */
export type Run<T> = (state: ReadonlyState, context: Context) => Ran<T>;

export interface Ran<T> {
  /** The record to append, if any. A request id is there if the caller gave one that is to be remembered. */
  readonly draft?: Draft;
  /** Reads the answer from the state after the draft, or throws the refusal. */
  readonly answer: (state: ReadonlyState) => T;
  /** Whether `answer` throws the refusal of the command. */
  readonly isRefused?: true;
  /** Whether the command itself caused nothing: the draft, if any, says that its instance called. */
  readonly isEmpty?: boolean;
  /** For a caller that expects it: the answer once the draft is in the journal with this seq, from a later state. */
  readonly answerLater?: (state: ReadonlyState, seq: number) => T;
}

export interface Job {
  readonly caller: Caller;
  readonly isRead: boolean;
  /** Whether it is a sweep of the orchestrator: of another caller, it might be refused. */
  readonly isSweep: boolean;
  /** How often it has been run in vain, as the commit failed and nothing was changed. */
  readonly failedRuns?: number;
  readonly run: Run<unknown>;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** The outcome of a job. `deliver` settles its caller's promise, once the transaction is durable. */
export interface Outcome {
  readonly job: Job;
  /** What the job handed to the journal, if anything. */
  readonly written?: Written | undefined;
  readonly deliver: () => void;
}

/** A record that a job handed to the journal. */
export interface Written {
  readonly record: JournalRecord;
  readonly ran: Ran<unknown>;
}

export interface CommandOptions {
  /** The id that the caller gave the command. */
  readonly request?: string | undefined;
  /** What the caller sent, by which a repeat is recognised: a command may have times counted from now. Default: the command. */
  readonly sent?: unknown;
  /** The lease of a task that it claims, as in `Context`. Default: that of the engine. */
  readonly leaseMs?: number | undefined;
}

/** Returns the function that decides a command. A refused command may append events, too: a heartbeat. */
export function runOfCommand<K extends CommandType>(command: CommandOf<K>): Run<AnswerOf<K>> {
  return (state, context) => decided(state, command, context);
}

/**
 * The same for a command with a request id, and for callers that understand the answer to a repeated command. With an
 * id, the command is carried out only if it is not a repeat.
 */
export function runOfRequest<K extends CommandType>(
  command: CommandOf<K>,
  { request: id, sent = command, leaseMs }: CommandOptions,
): Run<AnswerOf<K> | Repeated> {
  return (state, given) => {
    const context = leaseMs === undefined ? given : { ...given, leaseMs };
    const request = id === undefined ? undefined : callerRequest(id, sent);
    const past = request && repeatedBy(state, command, { ...context, request });
    if (past !== undefined) return { answer: (now) => repeatedAnswer(now, command, { ...past, ...context }) };
    const { draft, ...ran } = decided(state, command, context);
    if (draft === undefined) return ran;
    // A refused command, or one that caused nothing but a sign of life, is not remembered.
    const isNamed = request !== undefined && ran.isRefused !== true && ran.isEmpty !== true;
    const claimed = claimedBy(draft);
    return {
      ...ran,
      draft: isNamed ? { ...draft, request: formatRequest(request) } : draft,
      answerLater: (now, seq) =>
        repeatedAnswer(now, command, { ...context, seq, ...(claimed !== undefined && { claimed }) }),
    };
  };
}

function decided<K extends CommandType>(
  state: ReadonlyState,
  command: CommandOf<K>,
  context: Context,
): Ran<AnswerOf<K>> {
  const { caller: { name: actor }, now } = context;
  const via = viaOf(state, context.caller);
  const drafted = (events: readonly Event[]) =>
    events.length === 0
      ? {}
      : { draft: { at: timeOf(events, now), actor, ...(via !== undefined && { via }), command: command.type, events } };
  try {
    const { events, isEmpty, answer } = decide(state, command, context);
    return { ...drafted(events), ...(isEmpty === true && { isEmpty }), answer };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const answer = (): never => {
      throw error;
    };
    if (error instanceof Denied) return { answer, isRefused: true };
    return { ...drafted(refusedEvents(state, command, context)), answer, isRefused: true };
  }
}

/** Ends expired leases, lost instances and overdue tasks. It has no caller to answer. */
export const SWEEP: Job = {
  caller: ORCHESTRATOR,
  isRead: false,
  isSweep: true,
  run: runOfCommand({ type: "sweep" }),
  resolve: () => {},
  reject: () => {},
};
