/**
 * Makes random calls, and says each one and its end, whoever carries them out: the engine of a real process, or of a
 * simulated one. All that it does follows from its seed and the answers that it gets.
 */

import type { ResultOf } from "../../../src/core/messages/queries.ts";
import { localOperator } from "../../../src/core/model/access.ts";
import type { Engine } from "../../../src/app/engine.ts";
import type { Claim, CommandOf, CommandType } from "../../../src/core/messages/commands.ts";
import type { ServerProcess } from "./server_process.ts";
import { type CallEnded, type CallStarted, readTasks, type Request } from "./call_log.ts";
import { outcomeOf } from "./outcome.ts";
import { randomCall } from "./random_call.ts";
import type { Random } from "./random.ts";

export interface CallerOptions {
  readonly engine: Engine;
  readonly redact: ServerProcess["redact"];
  /** Which worker this is, of how many, and which of its lives. */
  readonly worker: number;
  readonly workers: number;
  readonly life: number;
  readonly random: Random;
  readonly clock: Clock;
  /** Milliseconds by a clock that all workers share. */
  readonly sharedTime: () => number;
  readonly say: (entry: CallStarted | CallEnded) => void;
}

/** A clock that can be put wrong. */
export class Clock {
  readonly #now: () => number;
  errorMs = 0;
  /** What the journal was told last, in milliseconds since the Unix epoch. */
  journalAt = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  read(): number {
    return this.#now() + this.errorMs;
  }

  readForJournal(): number {
    return this.journalAt = this.read();
  }
}

export class Caller {
  readonly #options: CallerOptions;
  readonly #process: string;
  /** Tasks that the worker was told it holds, with their attempts. */
  readonly #held = new Map<string, number>();
  #calls = 0;

  constructor(options: CallerOptions) {
    this.#options = options;
    this.#process = `w${options.worker}.${options.life}`;
  }

  /** Makes a call, a random one if none is given, and resolves once its end was said. */
  async call(given?: Request): Promise<void> {
    const { engine, redact, worker, workers, random, clock, sharedTime, say } = this.#options;
    const call = `${this.#process}#${++this.#calls}`;
    const request = given ??
      randomCall({ random, worker, workers, held: this.#held, token: call, now: clock.read() });
    say({ type: "started", call, process: this.#process, request, at: sharedTime(), seq: engine.seq });
    const answer = request.type === "redact_task" ? redact(call, request) : perform(engine, request, call);
    // At once: the engine goes on with what waits behind this call.
    const known = answer.then(knownNow, knownNow);
    function knownNow() {
      return { seq: engine.seq, journalAt: clock.journalAt };
    }
    const outcome = await outcomeOf(answer.then((found) => answerOf(request, found)), request);
    say({ type: "ended", call, outcome, at: sharedTime(), ...await known });
    if (outcome.type === "answered") this.#learn(request, outcome.answer);
  }

  #learn(request: Request, answer: unknown): void {
    if (request.type === "claim_task") {
      // What a claim answers.
      const { task } = answer as Claim;
      if (task?.assignedTo === `w${this.#options.worker}`) this.#held.set(task.id, task.attempt);
    } else if (request.type === "complete_task" || request.type === "fail_task" || request.type === "release_task") {
      this.#held.delete(request.id);
    }
  }
}

/** Carries out a request in the name of `actor`; `answerOf` makes of its answer what is logged. */
export function perform(engine: Engine, request: Request, actor: string): Promise<unknown> {
  if (request.type === "read") return engine.query({ type: "export_tasks" }, localOperator(actor));
  // Each command is of the type that it names.
  return engine.execute(request as CommandOf<CommandType>, localOperator(actor));
}

/** The answer as it is logged: of a read, a digest of the tasks. */
export function answerOf(request: Request, answer: unknown): unknown {
  // What the query of a read answers.
  return request.type === "read" ? readTasks(answer as ResultOf<"export_tasks">) : answer;
}
