/** The threads in which simulated processes live. They are started once, and serve one schedule after the other. */

import { Channel } from "./channel.ts";
import type { Report, Turn } from "./messages.ts";

export type ProcessChannel = Channel<Report, Turn>;

export class Threads implements AsyncDisposable {
  readonly #threads: { readonly worker: Worker; readonly channel: ProcessChannel }[] = [];

  private constructor() {}

  static async start(count: number): Promise<Threads> {
    const threads = new Threads();
    for (let index = 0; index < count; index++) threads.#threads.push(await startThread());
    return threads;
  }

  get channels(): readonly ProcessChannel[] {
    return this.#threads.map(({ channel }) => channel);
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const { worker, channel } of this.#threads) {
      channel.send({ type: "exit", now: 0, order: 0 });
      worker.terminate();
    }
    return Promise.resolve();
  }
}

async function startThread(): Promise<{ worker: Worker; channel: ProcessChannel }> {
  const worker = new Worker(new URL("process.ts", import.meta.url), { type: "module" });
  const memory = Channel.memory();
  const ready = Promise.withResolvers<void>();
  worker.addEventListener("message", () => ready.resolve(), { once: true });
  worker.addEventListener("error", (event) => ready.reject(new Error(event.message)), { once: true });
  worker.postMessage(memory);
  await ready.promise;
  const channel: ProcessChannel = new Channel(memory, "scheduler");
  channel.next();
  return { worker, channel };
}
