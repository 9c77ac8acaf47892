/** How the delivery to a webhook stands, as a text that survives the process. It has no content of notifications. */

import * as z from "zod";
import type { DeadLetter, DeliveryAttempt, WebhookStanding } from "../app/webhook_desk.ts";
import type { Webhook } from "../core/model/webhook.ts";

/** Most attempts that the log of a webhook keeps. */
export const MAX_LOG = 100;

/** Most dead letters that a webhook keeps. For a further one the oldest is dropped. */
export const MAX_DEAD_LETTERS = 1_000;

/** The name under which deliverers of a webhook compete, and keep how it stands. */
export function nameOfStanding(id: string): string {
  return `webhook-${id}`;
}

/** The id of the webhook that a name stands for; undefined if it is the name of something else. */
export function idInName(name: string): string | undefined {
  return /^webhook-(.+)$/.exec(name)?.[1];
}

/** What a deliverer keeps, beside what it shows. */
export interface Standing extends WebhookStanding {
  /** The journal of the place; undefined while it is not known. */
  readonly source?: string;
  /** How many replays of the webhook were carried out. */
  readonly replays: number;
}

const placeSchema = z.union([
  z.object({ seq: z.number(), index: z.number().optional() }),
  z.object({ at: z.number() }),
]);

const standingSchema = z.object({
  version: z.literal(1),
  place: placeSchema,
  source: z.string().optional(),
  replays: z.number(),
  attempts: z.number(),
  retryAt: z.number().optional(),
  deadLetters: z.array(z.object({
    id: z.string(),
    type: z.string(),
    at: z.number(),
    attempts: z.number(),
    error: z.string(),
  })),
  deadLettersDropped: z.number(),
  log: z.array(z.object({
    id: z.string(),
    type: z.string(),
    at: z.number(),
    attempt: z.number(),
    ms: z.number(),
    status: z.number().optional(),
    error: z.string().optional(),
  })),
});

/** Of a webhook to which nothing was sent yet. */
export function newStanding({ createdAt }: Webhook): Standing {
  return {
    place: { at: createdAt },
    replays: 0,
    attempts: 0,
    deadLetters: [],
    deadLettersDropped: 0,
    log: [],
  };
}

export function formatStanding(standing: Standing): string {
  return JSON.stringify({ version: 1, ...standing });
}

/** Undefined if the text is not one that `formatStanding` made. */
export function parseStanding(text: string): Standing | undefined {
  try {
    const parsed = standingSchema.safeParse(JSON.parse(text));
    // What is absent in JSON is absent in the type.
    return parsed.success ? parsed.data as Standing : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The standing with a further attempt in its log. */
export function logged(standing: Standing, attempt: DeliveryAttempt): Standing {
  return { ...standing, log: [...standing.log, attempt].slice(-MAX_LOG) };
}

/** The standing with a further dead letter, which takes the place of an earlier one of the same notification. */
export function withDeadLetter(standing: Standing, letter: DeadLetter): Standing {
  const isKnown = standing.deadLetters.some(({ id }) => id === letter.id);
  const all = isKnown
    ? standing.deadLetters.map((each) => each.id === letter.id ? letter : each)
    : [...standing.deadLetters, letter];
  return {
    ...standing,
    deadLetters: all.slice(-MAX_DEAD_LETTERS),
    deadLettersDropped: standing.deadLettersDropped + Math.max(0, all.length - MAX_DEAD_LETTERS),
  };
}

/** The standing without the dead letter of a notification. */
export function withoutDeadLetter(standing: Standing, id: string): Standing {
  return { ...standing, deadLetters: standing.deadLetters.filter((each) => each.id !== id) };
}
