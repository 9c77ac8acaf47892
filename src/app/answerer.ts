/**
 * Answers questions about the plan as it is or was from a replica of its own, which it reads from the journal: in a worker,
 * so that no call waits for it. Rights are resolved by whoever asks, as only the present state knows them.
 */

import type { Context } from "../core/messages/commands.ts";
import type { Hidden, Query, QueryOf, QueryType } from "../core/messages/queries.ts";
import type { KnownCaller } from "../core/model/access.ts";
import { advanceClock, rewindClock } from "../core/state/evolve.ts";
import { withHidden } from "../core/state/past_sight.ts";
import type { ReadonlyState, State } from "../core/state/state.ts";
import { answer } from "../core/views/answer.ts";
import { STUDIED, type StudiedPlan, type Study, studyOf } from "./analysis.ts";
import { Listeners } from "./listeners.ts";
import { Past, type PastMoment } from "./past.ts";
import { type Checkpoints, type Journal, JournalReplaced } from "./ports.ts";
import { Replica } from "./replica.ts";
import { inSlices } from "./slices.ts";

/** Who asks: the caller with its present rights, and what is hidden from it now. */
export interface Asker {
  readonly caller: KnownCaller;
  readonly hidden?: Hidden;
}

export type Question =
  /** The moment of a record or time. */
  | { readonly type: "find"; readonly moment: { readonly seq: number } | { readonly at: number } }
  /** A query, at a moment that was found. */
  | { readonly type: "query"; readonly query: Query; readonly asker: Asker; readonly moment: PastMoment }
  /** An analysis or forecast. Default: of the plan as it is now. */
  | { readonly type: "study"; readonly study: Study; readonly asker: Asker; readonly moment?: PastMoment };

export interface AnswererOptions {
  readonly journal: Journal;
  readonly checkpoints: Checkpoints;
  /** How long a study computes before other questions are looked at, in milliseconds. */
  readonly sliceMs: number;
}

export class Answerer {
  readonly #options: AnswererOptions;
  readonly #past: Past;
  #present: Promise<Replica> | undefined;
  /** The last copy of an earlier state without what is hidden from some callers now. */
  #copy:
    | { readonly of: State; readonly seq: number; readonly hidden: string; readonly state: ReadonlyState }
    | undefined;

  constructor(options: AnswererOptions) {
    this.#options = options;
    this.#past = new Past(options.journal);
  }

  /**
   * Answers a question; `signal` is aborted when nobody waits for the answer any more.
   *
   * @throws Refusal as the query does, or if the journal has no such moment
   * @throws Unavailable if the journal cannot be read
   */
  async answer(question: Question, signal: AbortSignal): Promise<unknown> {
    switch (question.type) {
      case "find":
        return await this.#past.find(question.moment);
      case "query": {
        const { query, asker, moment } = question;
        return await this.#past.look(moment, (state, now) => this.#answerAt(state, now, { query, asker }));
      }
      case "study": {
        const plan = await this.#planOf(question);
        return await inSlices(studyOf(plan, question.study), { signal, sliceMs: this.#options.sliceMs });
      }
      default:
        return question satisfies never;
    }
  }

  #answerAt<K extends QueryType>(
    state: State,
    now: number,
    { query, asker }: { readonly query: QueryOf<K>; readonly asker: Asker },
  ) {
    return answer(this.#shownTo(state, now, asker), query, contextOf(asker, now));
  }

  async #planOf({ asker, moment }: Question & { readonly type: "study" }): Promise<StudiedPlan> {
    if (moment !== undefined) {
      return await this.#past.look(moment, (state, now) => ({
        plan: this.#answerAt(state, now, { query: STUDIED.plan, asker }),
        metrics: this.#answerAt(state, now, { query: STUDIED.metrics, asker }),
      }));
    }
    const { state } = await this.#follow();
    const context = contextOf(asker, Math.max(state.recordedAt, this.#options.journal.now()));
    rewindClock(state, context.now);
    advanceClock(state, context.now);
    return { plan: answer(state, STUDIED.plan, context), metrics: answer(state, STUDIED.metrics, context) };
  }

  /** The replica, up to the end of the journal. */
  #follow(): Promise<Replica> {
    const last = this.#present ?? Promise.resolve(undefined);
    const next = last.catch(() => undefined).then((replica) => this.#read(replica));
    this.#present = next;
    return next;
  }

  async #read(replica: Replica | undefined): Promise<Replica> {
    const { journal, checkpoints } = this.#options;
    if (replica === undefined) {
      // Nobody listens to its records.
      const first = new Replica(journal, checkpoints, new Listeners(() => {}));
      await first.load();
      return first;
    }
    try {
      await replica.follow();
    } catch (error) {
      if (!(error instanceof JournalReplaced)) throw error;
      await replica.load();
    }
    return replica;
  }

  /** An earlier state without what is hidden from the asker now. */
  #shownTo(state: State, now: number, { hidden }: Asker): ReadonlyState {
    if (hidden === undefined) return state;
    const key = JSON.stringify([now, hidden]);
    const { seq } = state;
    if (this.#copy?.of !== state || this.#copy.seq !== seq || this.#copy.hidden !== key) {
      this.#copy = { of: state, seq, hidden: key, state: withHidden(state, hidden, now) };
    }
    return this.#copy.state;
  }
}

/** The context of a query, for which no default of a command matters. */
function contextOf({ caller }: Asker, now: number): Context & { readonly caller: KnownCaller } {
  return { caller, now, clock: now, defaults: {} };
}
