/** Sends to webhooks as a simulated process does: each message is a question to the scheduler, like those of its disk. */

import { pause } from "../../../src/app/abortable.ts";
import { type Answer, type NoAnswer, type Request, type Sender, TIMEOUT_MS } from "../../../src/webhooks/sender.ts";
import type { Posted } from "./messages.ts";
import type { Ask } from "./remote_disk.ts";

export class RemoteSender implements Pick<Sender, "post" | "close"> {
  readonly #url: string;
  readonly #ask: Ask;

  constructor(url: string, ask: Ask) {
    this.#url = url;
    this.#ask = ask;
  }

  async post({ headers, body }: Request, signal: AbortSignal): Promise<Answer | NoAnswer> {
    const message = { headers, body: new TextDecoder().decode(body) };
    let posted: Posted;
    try {
      const bytes = new TextEncoder().encode(JSON.stringify(message));
      // What the receiver answers.
      posted = this.#ask({ name: "post", path: this.#url }, bytes).message as Posted;
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
      return { error: error.message };
    }
    const { delayMs, answer } = posted;
    await pause(Math.min(delayMs, TIMEOUT_MS), signal);
    this.#ask({ name: "hangUp", path: this.#url });
    if (signal.aborted) return { error: "the delivery was ended" };
    return delayMs > TIMEOUT_MS ? { error: `there was no whole answer within ${TIMEOUT_MS} ms` } : answer;
  }

  close(): void {}
}
