/**
 * The receiver of all webhooks of a simulation. Messages fail with it by chance: it refuses, is slow, says that it is gone,
 * or takes a message whose answer is lost. It complains when two deliver to one webhook at the same time.
 */

import type { Delivered } from "../history/check_delivery.ts";
import { type Random, randomOf } from "../history/random.ts";
import type { Posted } from "./messages.ts";
import type { Plan } from "./plan.ts";

const OK = { status: 200, retryAfterMs: 0 };

/** Longest that an answer usually takes, in milliseconds: several calls of others. */
const USUAL_DELAY_MS = 200;

/** Longest that it takes at all: longer than any sender waits. */
const MAX_DELAY_MS = 20_000;

/** What can become of a message that fails, and whether the receiver has taken it. */
const FAILURES: readonly [Failing, ...Failing[]] = [
  { isTaken: false, answer: { error: "ECONNREFUSED: connection refused" } },
  { isTaken: true, answer: { error: "ECONNRESET: the answer is lost" } },
  { isTaken: false, answer: { status: 503, retryAfterMs: 0 } },
  { isTaken: false, answer: { status: 429, retryAfterMs: 7_000 } },
  { isTaken: false, answer: { status: 410, retryAfterMs: 0 } },
  { isTaken: true, answer: OK, isSlow: true },
];

interface Failing extends Pick<Posted, "answer"> {
  readonly isTaken: boolean;
  readonly isSlow?: boolean;
}

export class Receiver {
  readonly #random: Random;
  readonly #complain: (complaint: string) => void;
  #refusing: number;
  /** The process that waits for an answer, by the URL of the webhook. */
  readonly #waiting = new Map<string, number>();
  /** The messages that were taken, in order. */
  readonly taken: Delivered[] = [];

  constructor({ seed, refusing }: Pick<Plan, "seed" | "refusing">, complain: (complaint: string) => void) {
    this.#random = randomOf(`${seed} receiver`);
    this.#refusing = refusing;
    this.#complain = complain;
  }

  /** Takes every message from now on. */
  heal(): void {
    this.#refusing = 0;
  }

  post(process: number, url: string, bytes: Uint8Array): Posted {
    const other = this.#waiting.get(url);
    if (other !== undefined) this.#complain(`w${process} sends to ${url} while w${other} waits for an answer`);
    this.#waiting.set(url, process);
    const message = JSON.parse(new TextDecoder().decode(bytes));
    const failing: Failing = this.#random.chance(this.#refusing)
      ? this.#random.pick(FAILURES)
      : { isTaken: true, answer: OK };
    if (failing.isTaken) this.taken.push({ url, ...message });
    const delayMs = this.#random.between(1, failing.isSlow === true ? MAX_DELAY_MS : USUAL_DELAY_MS);
    return { delayMs, answer: failing.answer };
  }

  hangUp(process: number, url: string): void {
    if (this.#waiting.get(url) === process) this.#waiting.delete(url);
  }

  /** The connections of a process end with it. */
  died(process: number): void {
    for (const url of this.#waiting.keys()) this.hangUp(process, url);
  }
}
