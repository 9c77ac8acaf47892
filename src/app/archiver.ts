/**
 * Archives tasks that ended long ago, where the operator asked for that. Any process may do it; the journal's lock makes
 * it happen once. It works in parts of one record each, so that calls in between need not wait for all of it.
 */

import type { ArchiveFilter, ArchiveResult } from "../core/messages/commands.ts";
import type { Caller } from "../core/model/access.ts";
import type { Engine } from "./engine.ts";
import { ORCHESTRATOR } from "./job.ts";
import { type Log, Unavailable } from "./ports.ts";

/** It looks for such tasks so many times in `afterMs`, but with pauses between these two bounds. */
const LOOKS_PER_AGE = 24;
const SHORTEST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60 * 60 * 1_000;

export interface ArchiverOptions {
  readonly engine: Engine;
  readonly log: Log;
  /** How long ago a task must have ended, in milliseconds by the journal's clock. */
  readonly afterMs: number;
}

export class Archiver implements AsyncDisposable {
  readonly #options: ArchiverOptions;
  readonly #pauseMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looking: Promise<void> | undefined;
  readonly #closing = new AbortController();
  /** The error of the last look, so that it is logged only once. */
  #complaint = "";

  constructor(options: ArchiverOptions) {
    this.#options = options;
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, options.afterMs / LOOKS_PER_AGE));
    this.#lookIn(0);
  }

  /** Stops; resolves once a part under way is written. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#timer);
    await this.#looking;
  }

  #lookIn(delayMs: number): void {
    if (!this.#closing.signal.aborted) this.#timer = setTimeout(() => this.#looking = this.#look(), delayMs);
  }

  async #look(): Promise<void> {
    const { engine, log, afterMs } = this.#options;
    try {
      const filter = { olderThanMs: afterMs };
      const { archived } = await archiveAll(engine, { filter, caller: ORCHESTRATOR, signal: this.#closing.signal });
      if (archived > 0) log.info(`Archived ${archived} tasks, as --archive-after says`);
      this.#complaint = "";
    } catch (error) {
      this.#complain(error);
    }
    this.#lookIn(this.#pauseMs);
  }

  #complain(error: unknown): void {
    const complaint = `Cannot archive tasks: ${error}`;
    const isExpected = error instanceof Unavailable && (error.code === "busy" || error.code === "closed");
    if (!isExpected && complaint !== this.#complaint) this.#options.log.warn(complaint);
    this.#complaint = complaint;
  }
}

export interface ArchiveOptions {
  readonly filter: ArchiveFilter;
  readonly caller: Caller;
  /** Aborted to stop after the part under way. */
  readonly signal?: AbortSignal;
}

/** Archives all tasks that match and that nothing keeps, in parts. Ends, as each part but the last one archives some. */
export async function archiveAll(
  engine: Pick<Engine, "execute">,
  { filter, caller, signal }: ArchiveOptions,
): Promise<Omit<ArchiveResult, "hasMore">> {
  let archived = 0;
  for (;;) {
    const part = await engine.execute({ type: "archive_tasks", filter }, caller);
    archived += part.archived;
    const { kept, keptCount } = part;
    if (!part.hasMore || signal?.aborted === true) return { archived, kept, keptCount };
  }
}
