/** Where questions are answered: in a worker where this program may start one, else in slices in this thread. */

import { Answerer, type AnswererOptions } from "../app/answerer.ts";
import type { Log } from "../app/ports.ts";
import type { Answering } from "../app/questions.ts";
import { WorkerAnswering } from "../app/worker_answering.ts";
import type { DatabaseLocation, FileLocation, FoundFiles, Location } from "../cli/location.ts";

/** Of this thread, so that calls go on, in milliseconds. */
const SLICE_MS = 2;

/** The name by which the program knows that it runs as the worker. */
export const WORKER_NAME = "answering";

/** The running program. */
export interface ProgramModule {
  /** The URL of its main module. */
  readonly url: string;
  /** The files of which it is made; a worker may only be started if all of them may be read. */
  readonly files: readonly string[];
}

/**
 * Where the worker finds the plan. It looks up the password of a database again, as that may have been changed since the
 * start. Where the file is gone, what was `found` counts, as it does for the connections of this thread.
 */
export type PlanPlace =
  | Pick<FileLocation, "store" | "directory">
  | Pick<DatabaseLocation, "store" | "url" | "project"> & { readonly found?: FoundFiles };

export interface AnsweringParts extends Pick<AnswererOptions, "journal" | "checkpoints"> {
  readonly location: Location;
  /** Absent: no worker is started. */
  readonly program?: ProgramModule | undefined;
  readonly log: Log;
}

export function startAnswering({ location, program, log, ...store }: AnsweringParts): Answering {
  const place = placeOf(location);
  if (place === undefined || program === undefined || !program.files.every(mayRead)) return answerHere(store);
  const start = () => new Worker(program.url, { type: "module", name: WORKER_NAME });
  return new WorkerAnswering({ start, place, log });
}

/** Undefined if the plan is in the memory of this thread. */
function placeOf(location: Location): PlanPlace | undefined {
  switch (location.store) {
    case "memory":
      return undefined;
    case "file":
      return { store: location.store, directory: location.directory };
    case "database":
      return { store: location.store, url: location.url, project: location.project, found: location.found() };
    default:
      return location satisfies never;
  }
}

/** Answers in this thread. */
function answerHere(store: Pick<AnswererOptions, "journal" | "checkpoints">): Answering {
  let answerer: Answerer | undefined;
  return {
    isApart: false,
    ask: (question, signal) => (answerer ??= new Answerer({ ...store, sliceMs: SLICE_MS })).answer(question, signal),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function mayRead(path: string): boolean {
  return Deno.permissions.querySync({ name: "read", path }).state === "granted";
}
