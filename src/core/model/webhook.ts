/**
 * Webhooks: receivers to which notifications are sent. The secrets that sign them are kept outside; the journal, which
 * others may read, knows their ids only.
 */

/** A webhook to be added. */
export interface NewWebhook {
  /** Its name in lists and in the audit. */
  readonly name: string;
  /** Distinguishes it from an earlier webhook of its name: up to 100 letters, digits, `-` and `_`. */
  readonly id: string;
  /** Where notifications are sent. */
  readonly url: string;
  /** Only notifications of these types. Default: all but those that only an admin sees. */
  readonly types?: readonly string[];
  /** Only those about this group, or about a task that was in it. */
  readonly group?: string;
  /** Only those about this task. */
  readonly task?: string;
  /** The audiences whose groups it sees; all if absent. */
  readonly audiences?: readonly string[];
  /** Id of the secret that signs, in the form of `id`. */
  readonly secret: string;
}

/** A webhook that was not removed. */
export interface Webhook extends NewWebhook {
  /** What happened from this time on is sent. Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  /** The secret before the last rotation: it signs, too, until then. */
  readonly previousSecret?: { readonly id: string; readonly until: number };
  /** Why nothing is sent any more. */
  readonly disabled?: { readonly at: number; readonly why: string };
  /** How often a replay was asked for; absent: never. */
  readonly replays?: number;
  /** From where on the last replay sends all again; absent: only what was not delivered. */
  readonly replayFrom?: ReplayFrom;
}

/** A place in the history: a record, a notification of it, or a time in milliseconds since the Unix epoch. */
export type ReplayFrom = { readonly seq: number; readonly index?: number } | { readonly at: number };

/** The webhook after a rotation of its secret. */
export function rotated(
  { previousSecret: _, ...webhook }: Webhook,
  { secret, previousUntil }: { readonly secret: string; readonly previousUntil?: number },
): Webhook {
  return {
    ...webhook,
    secret,
    ...(previousUntil !== undefined && { previousSecret: { id: webhook.secret, until: previousUntil } }),
  };
}

/** The webhook after a replay was asked for: a disabled one is enabled again. */
export function replayed(
  { replayFrom: _r, disabled: _d, ...webhook }: Webhook,
  from: ReplayFrom | undefined,
): Webhook {
  return { ...webhook, replays: (webhook.replays ?? 0) + 1, ...(from !== undefined && { replayFrom: from }) };
}
