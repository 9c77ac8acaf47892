/** All that a server has of a data directory, with a clock that can be put wrong: what a worker's life begins with. */

import { Checkpointer } from "../../../src/app/checkpointer.ts";
import { Engine } from "../../../src/app/engine.ts";
import { type Log, Unavailable } from "../../../src/app/ports.ts";
import type { Redacted, WantedRedaction } from "../../../src/app/redact.ts";
import { Sweeper } from "../../../src/app/sweeper.ts";
import { takeOver } from "../../../src/app/take_over.ts";
import { CheckpointFiles } from "../../../src/store/file/checkpoint_files.ts";
import type { Disk } from "../../../src/store/file/disk.ts";
import { FileJournal } from "../../../src/store/file/file_journal.ts";
import { withFailures } from "../../../src/store/file/system_errors.ts";
import { redactAs } from "../../support/redact.ts";
import { Clock } from "./caller.ts";
import type { Sizes } from "./sizes.ts";

/** Shorter than in earnest, in milliseconds: a process that stands still may hold the lock. */
const LOCK_WAIT_MS = 700;

/** How far a clock is put wrong, in milliseconds. Far ahead would end all that is timed, for everybody. */
export const CLOCK_ERRORS: readonly [number, ...number[]] = [0, 0, 0, 300, 1_500, -800, -5_000, -3_600_000];

export interface ServerProcessOptions extends Sizes {
  readonly directory: string;
  readonly disk: Disk;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly log: Log;
  /** How often a start is tried while others hold a lock for longer than anybody waits. */
  readonly maxStarts: number;
}

export interface ServerProcess {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly checkpoints: CheckpointFiles;
  readonly sweeper: Sweeper;
  /** Redacts as another process does beside this one, and catches up. */
  readonly redact: (actor: string, wanted: WantedRedaction) => Promise<Redacted>;
  readonly close: () => Promise<void>;
}

/** Starts as soon as the locks are to be had. */
export async function startWhenFree(options: ServerProcessOptions): Promise<ServerProcess> {
  for (let tries = 1;; tries++) {
    try {
      return await start(options);
    } catch (error) {
      const isBusy = error instanceof Unavailable && error.code === "busy";
      if (!isBusy || tries === options.maxStarts) throw error;
    }
  }
}

async function start(options: ServerProcessOptions): Promise<ServerProcess> {
  const { log } = options;
  const clock = new Clock(options.now);
  const now = () => clock.read();
  const journal = new FileJournal({ ...options, lockWaitMs: LOCK_WAIT_MS, now: () => clock.readForJournal() });
  const checkpoints = new CheckpointFiles({ ...options, now });
  const engine = await Engine.start({ journal, checkpoints, log, maxBatchBytes: options.maxBatchBytes });
  await takeOver(engine, checkpoints, log);
  const checkpointer = new Checkpointer({ engine, checkpoints, log });
  const sweeper = new Sweeper({ engine, log });
  const close = async () => {
    await sweeper.close();
    await checkpointer.close();
    await engine.close();
    checkpoints.close();
    await journal.close();
  };
  const redact = async (actor: string, wanted: WantedRedaction) => {
    try {
      // The command tells failures of its start like any other.
      return await withFailures(options.directory, () => redactAs(actor, wanted, { ...options, now }));
    } finally {
      await engine.catchUp();
    }
  };
  return { engine, clock, checkpoints, sweeper, redact, close };
}
