/**
 * How telemetry sees what this process does: calls of clients, transactions, deliveries. It gets names, ids and times, and
 * no texts of tasks, results or tokens. Where nobody observes, nothing is measured.
 */

import type { JournalRecord } from "../core/messages/events.ts";
import type { Caller } from "../core/model/access.ts";
import type { TransactionCost, UnavailableCode } from "./ports.ts";
import type { DeliveryAttempt } from "./webhook_desk.ts";

/** Each is called as things happen, so it must return fast. */
export interface Observer {
  /** Called when a call begins; what it returns is called when the call ends. */
  readonly onCall?: (call: ObservedCall) => (end: CallEnd) => void;
  /** Called when a transaction is over, before its calls are answered. */
  readonly onCommit?: (commit: Commit) => void;
  /** Called after each attempt to deliver to a webhook. */
  readonly onDelivery?: (attempt: DeliveryAttempt) => void;
}

/** A call of a client. */
export interface ObservedCall {
  /** Names the call in the log, and over HTTP in `X-Request-Id`. */
  readonly id: string;
  /** The method of MCP, or `unknown` if there is none of that name; undefined if the call came another way. */
  readonly method?: string;
  /** The name of the tool or operation, if the call names one that exists. */
  readonly tool?: string;
  /** An object that belongs to this call alone: transactions name their calls by it. */
  readonly caller: Caller;
  /** As the call names them; not checked, but bounded. */
  readonly task?: string;
  readonly instance?: string;
  /** The id of the JSON-RPC request. */
  readonly rpcId?: string;
  /** The span of the client from which the call comes, as W3C Trace Context has it. */
  readonly traceparent?: string | undefined;
}

/** How a call ended. */
export interface CallEnd {
  /** `refused`: by the rules. `unavailable`: the store cannot be used now. `failed`: a bug. */
  readonly outcome: "ok" | "refused" | "unavailable" | "failed";
  /** The code of the refusal or failure. */
  readonly code?: string;
}

/** A transaction. Durations are milliseconds. */
export interface Commit {
  /** What it wrote, and who asked for it, in order; if it failed, what it was to write. */
  readonly written: readonly { readonly caller: Caller; readonly record: JournalRecord }[];
  /** From its start until all is durable. */
  readonly durationMs: number;
  readonly cost: TransactionCost;
  /** Why it failed. A part of it may be in the journal all the same. */
  readonly failure?: UnavailableCode | "unexpected";
}

/** Observes for all of these. */
export function together(observers: readonly Observer[]): Observer {
  const calls = observers.flatMap(({ onCall }) => onCall ?? []);
  const commits = observers.flatMap(({ onCommit }) => onCommit ?? []);
  const deliveries = observers.flatMap(({ onDelivery }) => onDelivery ?? []);
  return {
    ...(calls.length > 0 && {
      onCall(call) {
        const ends = calls.map((onCall) => onCall(call));
        return (end) => ends.forEach((onEnd) => onEnd(end));
      },
    }),
    ...(commits.length > 0 && { onCommit: (commit) => commits.forEach((onCommit) => onCommit(commit)) }),
    ...(deliveries.length > 0 && { onDelivery: (attempt) => deliveries.forEach((onDelivery) => onDelivery(attempt)) }),
  };
}
