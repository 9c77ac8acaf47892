/** What the surfaces need for webhooks beside the plan: secrets, what was sent, and a test. `src/webhooks` offers it. */

import type { Webhook } from "../core/model/webhook.ts";

/** A try to deliver a notification. */
export interface DeliveryAttempt {
  /** Id of the notification. */
  readonly id: string;
  /** Type of the notification. */
  readonly type: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** 1 for the first try. */
  readonly attempt: number;
  /** How long it took, in milliseconds. */
  readonly ms: number;
  /** The status of the answer, if there was one. */
  readonly status?: number;
  /** Why it failed. */
  readonly error?: string;
}

/** A notification that was not delivered, and is not tried again by itself. */
export interface DeadLetter {
  readonly id: string;
  readonly type: string;
  /** When it was given up, in milliseconds since the Unix epoch. */
  readonly at: number;
  readonly attempts: number;
  readonly error: string;
}

/** How the delivery to a webhook stands. */
export interface WebhookStanding {
  /** Everything up to this record or notification was delivered, given up, or not wanted. */
  readonly place: { readonly seq: number; readonly index?: number } | { readonly at: number };
  /** How often the next notification was tried in vain. */
  readonly attempts: number;
  /** When it is tried again, in milliseconds since the Unix epoch. */
  readonly retryAt?: number;
  /** The newest last. */
  readonly deadLetters: readonly DeadLetter[];
  /** How many older dead letters were dropped. */
  readonly deadLettersDropped: number;
  /** The newest attempts, the newest last. */
  readonly log: readonly DeliveryAttempt[];
}

/** The result of a test: the status of the answer, or why there was none. */
export type WebhookTest = { readonly ms: number } & ({ readonly status: number } | { readonly error: string });

export interface WebhookDesk {
  /** Makes a secret and keeps it. The journal gets its id, the caller the secret. */
  makeSecret(): Promise<{ readonly id: string; readonly secret: string }>;

  /** How the delivery stands; undefined if nothing was delivered yet. */
  standingOf(webhook: Webhook): Promise<WebhookStanding | undefined>;

  /** The options that a process needs to deliver to a URL. */
  optionsFor(url: string): Promise<string>;

  /** Sends a signed test event at once, past the notifications that wait. */
  test(webhook: Webhook): Promise<WebhookTest>;
}

/** A new id of a webhook or of a secret: 128 random bits. */
export function newKey(): string {
  return crypto.getRandomValues(new Uint8Array(16)).toBase64({ alphabet: "base64url", omitPadding: true });
}
