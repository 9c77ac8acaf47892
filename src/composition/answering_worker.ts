/** The worker: this program once more, which only reads the data directory and answers questions about the plan. */

import { Answerer } from "../app/answerer.ts";
import type { Log } from "../app/ports.ts";
import { type FromWorker, sentError, type ToWorker } from "../app/question_messages.ts";
import { realDisk } from "../store/file/disk.ts";
import { openForReading } from "../store/file/reading.ts";

/** How long a study computes before other questions are looked at, in milliseconds. */
const SLICE_MS = 20;

/** The thread that started this one. */
export interface Parent {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker): void;
}

/** Takes questions from the thread that started this one. */
export function answerQuestions(parent: Parent): void {
  const warn = (message: string) => parent.postMessage({ type: "warned", message });
  const cancels = new Map<number, AbortController>();
  let answerer: Promise<Answerer> | undefined;
  const answer = async ({ id, question }: ToWorker & { readonly type: "ask" }) => {
    const cancel = new AbortController();
    cancels.set(id, cancel);
    try {
      if (answerer === undefined) throw new Error("No data directory was opened");
      parent.postMessage({ type: "answered", id, answer: await (await answerer).answer(question, cancel.signal) });
    } catch (error) {
      parent.postMessage({ type: "failed", id, error: sentError(error) });
    } finally {
      cancels.delete(id);
    }
  };
  parent.onmessage = ({ data }) => {
    switch (data.type) {
      case "open":
        answerer = open(data.directory, { info: warn, warn, error: warn });
        // Each question that waits for it is told.
        answerer.catch(() => {});
        return;
      case "ask":
        return void answer(data);
      case "cancel":
        return cancels.get(data.id)?.abort();
      default:
        data satisfies never;
    }
  };
  parent.postMessage({ type: "started" });
}

async function open(directory: string, log: Log): Promise<Answerer> {
  const { journal, checkpoints } = await openForReading({ directory, disk: realDisk, now: Date.now, log });
  return new Answerer({ journal, checkpoints, sliceMs: SLICE_MS });
}
