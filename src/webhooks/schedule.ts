/** When a failed delivery is tried again: the schedule that Standard Webhooks proposes. */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** The pause before each try, in milliseconds. After the last one the notification is a dead letter. */
export const SCHEDULE_MS: readonly number[] = [
  0,
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
];

/** Longest pause, also if a receiver asks for a longer one with `Retry-After`. */
export const MAX_PAUSE_MS = 24 * HOUR_MS;

/** The share by which a pause is longer at random, so that receivers are not called by all at once after a failure. */
const JITTER = 0.1;

/** Longest pause with that share, in milliseconds. */
export const LONGEST_PAUSE_MS = MAX_PAUSE_MS * (1 + JITTER);

/**
 * The pause after a failed try, in milliseconds; undefined after the last one.
 *
 * @param attempts how often it was tried
 * @param retryAfterMs how long the receiver asked to wait
 * @param random from 0 to 1
 */
export function pauseAfter(
  attempts: number,
  { retryAfterMs = 0, random }: { readonly retryAfterMs?: number; readonly random: number },
): number | undefined {
  const pauseMs = SCHEDULE_MS[attempts];
  if (pauseMs === undefined) return undefined;
  const withJitter = pauseMs * (1 + JITTER * random);
  return Math.round(Math.min(LONGEST_PAUSE_MS, Math.max(withJitter, Math.min(retryAfterMs, MAX_PAUSE_MS))));
}

/** How long a `Retry-After` asks to wait, in milliseconds; 0 if it says nothing that can be read. */
export function parseRetryAfter(text: string | undefined, now: number): number {
  if (text === undefined) return 0;
  if (/^\d{1,10}$/.test(text.trim())) return Number(text) * SECOND_MS;
  const at = Date.parse(text);
  return Number.isNaN(at) ? 0 : Math.max(0, at - now);
}
