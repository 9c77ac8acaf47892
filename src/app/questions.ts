/**
 * Questions that take long, or that ask of an earlier moment: answered beside the engine, within bounds. The engine only
 * resolves who asks, so no call waits for an answer.
 */

import type { Query, QueryOf, QueryType, ResultOf } from "../core/messages/queries.ts";
import { type Caller, keyOfCaller, shareOf } from "../core/model/access.ts";
import { type Analyst, localAnalyst, type Studies, type Study, type StudyOf } from "./analysis.ts";
import type { Asker, Question } from "./answerer.ts";
import type { Engine } from "./engine.ts";
import type { PastMoment } from "./past.ts";
import { Unavailable } from "./ports.ts";

/** Most questions that are open in one process, and most that are answered at a time; the others wait. */
export const MAX_QUESTIONS = 100;
const MAX_ANSWERED = 4;

/** What answers questions: a worker, or this thread. */
export interface Answering extends AsyncDisposable {
  /** Whether this thread answers calls meanwhile. */
  readonly isApart: boolean;
  /** Rejects with a `Refusal` or `Unavailable`, and with the reason of `signal` once that is aborted. */
  ask(question: Question, signal: AbortSignal): Promise<unknown>;
}

export interface QuestionsOptions {
  readonly engine: Pick<Engine, "query">;
  readonly answering: Answering;
}

/** Who asks, and for how long. */
export interface Asking {
  readonly caller: Caller;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** The plan as it was at a moment, as a caller may see it. */
export interface PastPlan extends Required<PastMoment> {
  readonly query: <K extends QueryType>(query: QueryOf<K>) => Promise<ResultOf<K>>;
  readonly analyst: Analyst;
}

export class Questions implements AsyncDisposable {
  readonly #engine: QuestionsOptions["engine"];
  readonly #answering: Answering;
  /** The callers of open questions. */
  readonly #open: string[] = [];
  readonly #waiting: (() => void)[] = [];
  #answered = 0;

  constructor({ engine, answering }: QuestionsOptions) {
    this.#engine = engine;
    this.#answering = answering;
  }

  /** Analyzes the plan as it is, for a caller. */
  analystOf(caller: Caller): Analyst {
    if (!this.#answering.isApart) {
      const analyst = localAnalyst((query) => this.#engine.query(query, caller));
      return (study, signal) => unlessCancelled(signal, () => analyst(study, signal));
    }
    return (study, signal) => this.#study({ study }, { caller, signal });
  }

  /**
   * The plan as it was after a record, or at a time in milliseconds since the Unix epoch, as a caller may see it.
   *
   * @throws Refusal `not_found` if the journal has no record there
   */
  async lookBack(moment: { readonly seq: number } | { readonly at: number }, asking: Asking): Promise<PastPlan> {
    // What `find` resolves to.
    const found = await this.#ask(asking, () => ({ type: "find", moment })) as Required<PastMoment>;
    return {
      ...found,
      // A query of this type has such a result.
      query: async <K extends QueryType>(query: QueryOf<K>) =>
        await this.#ask(
          asking,
          (asker) => ({ type: "query", query: query as Query, moment: found, asker }),
        ) as ResultOf<K>,
      analyst: (study, signal) => this.#study({ study, moment: found }, { ...asking, signal }),
    };
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#answering[Symbol.asyncDispose]();
  }

  async #study<K extends Study["type"]>(
    { study, moment }: { readonly study: StudyOf<K>; readonly moment?: PastMoment },
    asking: Asking,
  ): Promise<Studies[K]> {
    const asked = { type: "study", study, ...(moment !== undefined && { moment }) } as const;
    // A study of this type has such a result.
    return await this.#ask(asking, (asker) => ({ ...asked, asker })) as Studies[K];
  }

  async #ask({ caller, signal }: Asking, questionOf: (asker: Asker) => Question): Promise<unknown> {
    const key = keyOfCaller(caller);
    this.#admit(key);
    try {
      const asker = await this.#engine.query({ type: "look_back" }, caller);
      await this.#turn();
      try {
        return await unlessCancelled(signal, async () => {
          signal.throwIfAborted();
          return await this.#answering.ask(questionOf(asker), signal);
        });
      } finally {
        this.#answered--;
        this.#waiting.shift()?.();
      }
    } finally {
      this.#open.splice(this.#open.indexOf(key), 1);
    }
  }

  #admit(key: string): void {
    const own = this.#open.filter((each) => each === key).length;
    if (this.#open.length >= MAX_QUESTIONS || own >= shareOf(MAX_QUESTIONS)) {
      throw new Unavailable("overloaded", `${this.#open.length} questions are open already: try again later`);
    }
    this.#open.push(key);
  }

  /** Resolves when a question may be answered. */
  async #turn(): Promise<void> {
    while (this.#answered >= MAX_ANSWERED) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#answered++;
  }
}

/** Tells a call that its client ended from one that failed: the observers and the log know the difference by the code. */
async function unlessCancelled<T>(signal: AbortSignal, answer: () => Promise<T>): Promise<T> {
  try {
    return await answer();
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    throw new Unavailable("cancelled", "The client ended this call before it was answered", { cause: error });
  }
}
