/** What a thread that asks and its worker tell each other. Errors do not keep their classes on the way. */

import { Refusal, type RefusalCode } from "../core/model/refusal.ts";
import type { Question } from "./answerer.ts";
import { Unavailable, type UnavailableCode } from "./ports.ts";

/** Messages to a worker. An answer has the id of its question. The composition defines `Place`: where the plan is. */
export type ToWorker<Place> =
  | { readonly type: "open"; readonly place: Place }
  | { readonly type: "ask"; readonly id: number; readonly question: Question }
  | { readonly type: "cancel"; readonly id: number };

export type FromWorker =
  | { readonly type: "started" }
  | { readonly type: "answered"; readonly id: number; readonly answer: unknown }
  | { readonly type: "failed"; readonly id: number; readonly error: SentError }
  | { readonly type: "warned"; readonly message: string };

/** An error as data. */
export type SentError =
  | { readonly type: "refusal"; readonly code: RefusalCode; readonly message: string; readonly data: Refusal["data"] }
  | { readonly type: "unavailable"; readonly code: UnavailableCode; readonly message: string }
  | { readonly type: "other"; readonly message: string };

export function sentError(error: unknown): SentError {
  if (error instanceof Refusal) return { type: "refusal", code: error.code, message: error.message, data: error.data };
  if (error instanceof Unavailable) return { type: "unavailable", code: error.code, message: error.message };
  return { type: "other", message: error instanceof Error ? error.stack ?? error.message : String(error) };
}

export function receivedError(error: SentError): Error {
  if (error.type === "refusal") return new Refusal(error.code, error.message, error.data);
  if (error.type === "unavailable") return new Unavailable(error.code, error.message);
  return new Error(`The worker failed: ${error.message}`);
}
