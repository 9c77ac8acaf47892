/** The worker: this program once more, which only reads the plan and answers questions about it. */

import { Answerer, type AnswererOptions } from "../app/answerer.ts";
import type { Log } from "../app/ports.ts";
import { type FromWorker, sentError, type ToWorker } from "../app/question_messages.ts";
import { realDisk } from "../store/file/disk.ts";
import { openForReading } from "../store/file/reading.ts";
import type { PlanPlace } from "./answering.ts";

/** How long a study computes before other questions are looked at, in milliseconds. */
const SLICE_MS = 20;

/** The thread that started this one. */
export interface Parent {
  onmessage: ((event: MessageEvent<ToWorker<PlanPlace>>) => void) | null;
  postMessage(message: FromWorker): void;
}

/** A variable of the environment; undefined if it is not set or may not be read. */
type Environment = (variable: string) => string | undefined;

/** Takes questions from the thread that started this one. */
export function answerQuestions(parent: Parent, environment: Environment): void {
  const warn = (message: string) => parent.postMessage({ type: "warned", message });
  const cancels = new Map<number, AbortController>();
  let opened: (() => Promise<Answerer>) | undefined;
  const answer = async ({ id, question }: ToWorker<PlanPlace> & { readonly type: "ask" }) => {
    const cancel = new AbortController();
    cancels.set(id, cancel);
    try {
      if (opened === undefined) throw new Error("No plan was opened");
      const answerer = await opened();
      parent.postMessage({ type: "answered", id, answer: await answerer.answer(question, cancel.signal) });
    } catch (error) {
      parent.postMessage({ type: "failed", id, error: sentError(error) });
    } finally {
      cancels.delete(id);
    }
  };
  parent.onmessage = ({ data }) => {
    switch (data.type) {
      case "open":
        opened = whenAsked(data.place, { log: { info: warn, warn, error: warn }, environment });
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

interface OpenOptions {
  readonly log: Log;
  readonly environment: Environment;
}

/** Opens the plan at the first question. If that fails, the next question tries again: a missing file may be there then. */
function whenAsked(place: PlanPlace, options: OpenOptions): () => Promise<Answerer> {
  let opened: Promise<Answerer> | undefined;
  return async () => {
    const opening = opened ??= open(place, options);
    try {
      return await opening;
    } catch (error) {
      if (opened === opening) opened = undefined;
      throw error;
    }
  };
}

async function open(place: PlanPlace, options: OpenOptions): Promise<Answerer> {
  const { journal, checkpoints } = place.store === "file"
    ? await openForReading({ directory: place.directory, disk: realDisk, now: Date.now, log: options.log })
    : await openDatabase(place, options);
  return new Answerer({ journal, checkpoints, sliceMs: SLICE_MS });
}

/** Only reads: no index row of records is made. The connection is made by the first question, and ends with the worker. */
async function openDatabase(
  { url, project, found }: PlanPlace & { readonly store: "database" },
  { log, environment }: OpenOptions,
): Promise<Pick<AnswererOptions, "journal" | "checkpoints">> {
  // Imported only here: a plan in files does without.
  const { databaseLocation } = await import("./database_location.ts");
  const location = databaseLocation({ url, project, environment, ...(found !== undefined && { found }) });
  return location.open({ log, isReadOnly: true });
}
