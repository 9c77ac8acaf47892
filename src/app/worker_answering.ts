/**
 * Has a worker answer questions. It starts with the first one and ends when it was idle; if it ends by itself, its open
 * questions fail, and the next one starts another.
 */

import type { Question } from "./answerer.ts";
import { type Log, Unavailable } from "./ports.ts";
import { type FromWorker, receivedError, type ToWorker } from "./question_messages.ts";
import type { Answering } from "./questions.ts";

/** How long a worker without questions is kept, in milliseconds. */
const IDLE_MS = 60_000;

/** How long a worker may take to start, in milliseconds: it loads the program once more. */
const MAX_START_MS = 30_000;

export interface WorkerAnsweringOptions<Place> {
  /** Starts a worker that tells when it has `started`. */
  readonly start: () => Worker;
  /** The plan that it is to read. */
  readonly place: Place;
  readonly log: Log;
  /** Default: `IDLE_MS`; other values only in tests. */
  readonly idleMs?: number;
}

export class WorkerAnswering<Place> implements Answering {
  readonly isApart = true;
  readonly #options: WorkerAnsweringOptions<Place>;
  readonly #open = new Map<number, PromiseWithResolvers<unknown>>();
  #worker: Promise<Worker> | undefined;
  /** Ends a worker that has not started yet. */
  #cancelStart: ((why: Unavailable) => void) | undefined;
  #ids = 0;
  #idle: ReturnType<typeof setTimeout> | undefined;

  constructor(options: WorkerAnsweringOptions<Place>) {
    this.#options = options;
  }

  async ask(question: Question, signal: AbortSignal): Promise<unknown> {
    clearTimeout(this.#idle);
    const id = ++this.#ids;
    const open = Promise.withResolvers<unknown>();
    this.#open.set(id, open);
    // It may be rejected before it is awaited.
    open.promise.catch(() => {});
    const cancel = () => {
      open.reject(signal.reason);
      void this.#worker?.then((worker) => this.#send(worker, { type: "cancel", id }), () => {});
    };
    signal.addEventListener("abort", cancel, { once: true });
    try {
      (this.#worker ??= this.#start()).then((worker) => {
        if (!signal.aborted) this.#send(worker, { type: "ask", id, question });
      }, open.reject);
      return await open.promise;
    } finally {
      signal.removeEventListener("abort", cancel);
      this.#open.delete(id);
      if (this.#open.size === 0 && this.#worker !== undefined) this.#endWhenIdle();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#end(new Unavailable("closed", "The server is shutting down"));
    return Promise.resolve();
  }

  /** Resolves to a worker that takes questions. */
  #start(): Promise<Worker> {
    const { start, place } = this.#options;
    const started = Promise.withResolvers<Worker>();
    const worker = start();
    const fail = (why: string) => {
      const failed = new Unavailable("worker_failed", `The worker that answers this ${why}; try again`);
      this.#options.log.error(failed.message);
      this.#end(failed);
    };
    const late = setTimeout(() => fail(`did not start within ${MAX_START_MS / 1_000} s`), MAX_START_MS);
    this.#cancelStart = (why) => {
      clearTimeout(late);
      worker.terminate();
      started.reject(why);
    };
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (data.type !== "started") return this.#receive(data);
      clearTimeout(late);
      this.#cancelStart = undefined;
      this.#send(worker, { type: "open", place });
      started.resolve(worker);
    };
    worker.onerror = (event) => {
      // Else it would end this process.
      event.preventDefault();
      fail(`ended: ${event.message}`);
    };
    // Whoever waits for it is told.
    started.promise.catch(() => {});
    return started.promise;
  }

  #receive(message: Exclude<FromWorker, { readonly type: "started" }>): void {
    switch (message.type) {
      case "answered":
        return this.#open.get(message.id)?.resolve(message.answer);
      case "failed":
        return this.#open.get(message.id)?.reject(receivedError(message.error));
      case "warned":
        return this.#options.log.warn(message.message);
      default:
        message satisfies never;
    }
  }

  #endWhenIdle(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#end(new Unavailable("closed", "idle")), this.#options.idleMs ?? IDLE_MS);
  }

  /** Ends the worker; its open questions fail. */
  #end(why: Unavailable): void {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = undefined;
    this.#cancelStart?.(why);
    this.#cancelStart = undefined;
    void worker?.then((each) => each.terminate(), () => {});
    for (const { reject } of this.#open.values()) reject(why);
  }

  #send(worker: Worker, message: ToWorker<Place>): void {
    worker.postMessage(message);
  }
}
