/** What a process does with a queue of jobs, whatever program has the queue. */

/** One process's use of a queue. */
export interface Queue extends AsyncDisposable {
  /** Adds jobs, as many as `addedAtOnce` says, and resolves when they are durable. */
  add(): Promise<void>;
  readonly addedAtOnce: number;
  /** Adds many jobs as fast as it can. */
  fill(count: number): Promise<void>;
  /** Takes jobs and completes them until the signal, or until there are none. */
  work(signal: AbortSignal, events: WorkEvents): Promise<void>;
  /** How many jobs are not completed. */
  remaining(): Promise<number>;
}

/** What is told of work. */
export interface WorkEvents {
  /** What the program needs before it takes jobs is there. */
  readonly started: () => void;
  /** A number of jobs is completed. */
  readonly done: (count: number) => void;
}

export interface QueueOptions {
  /** `postgres://…` of a database for this measurement alone. */
  readonly url: string;
  readonly port: number;
  readonly database: string;
  /** Which of the processes this is, from 0. */
  readonly index: number;
  /** How many there are. */
  readonly processes: number;
  /** Whether jobs are added, taken and completed many at a time. */
  readonly isBatched: boolean;
  /** Whether each process has a queue of its own, where a queue is a unit of consistency. */
  readonly isApart: boolean;
  /** Where the peers are installed. */
  readonly directory: string;
}

/** How many jobs a batch has. */
export const BATCH = 100;

/** Most jobs of one call while a queue is filled. */
export const FILL_BATCH = 1_000;

/** The sizes of the calls that fill a queue. */
export function batchesOf(count: number): readonly number[] {
  return Array.from({ length: Math.ceil(count / FILL_BATCH) }, (_, i) => Math.min(FILL_BATCH, count - i * FILL_BATCH));
}
