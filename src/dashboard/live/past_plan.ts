/**
 * The plan at an earlier moment: the one of the address, or the one that the user drags the slider to. At most one
 * question is under way; meanwhile the last moment that is known stays in view.
 */

import { computed, effect, signal, untracked } from "@preact/signals";
import { ApiError, get } from "../api/client.ts";
import type { PlanRows } from "../api/types.ts";
import { moment } from "../navigation.ts";
import { PastTables } from "../plan/past_tables.ts";
import { PlanTable } from "../plan/plan_table.ts";
import { Latest } from "./latest.ts";

/** The moment under the hand of the user, which is not in the address yet. */
export const scrubbed = signal<string | undefined>(undefined);

/** Whether an earlier moment is shown. */
export const isInPast = computed(() => moment.value !== undefined);

/** The plan of that moment; until it is known, that of the moment before. */
export const pastPlan = signal<PlanTable | undefined>(undefined);

/**
 * All tasks of all moments that were looked at, those of now included, to be laid out as one graph: so no task moves when
 * the moment changes. Only a task that is seen for the first time makes it another table. undefined in the present.
 */
export const unionPlan = signal<PlanTable | undefined>(undefined);

/** Whether the plan of the wanted moment is awaited. */
export const isLooking = signal(false);

/** Why the plan of that moment could not be read. */
export const pastError = signal<string | undefined>(undefined);

/** Rows of all kept tables together. */
const MAX_KEPT_ROWS = 200_000;

/** Follows the moment until `stop` is called. */
export function startPast(): { readonly stop: () => void } {
  const kept = new PastTables(MAX_KEPT_ROWS);
  const union = new Union();
  const show = (table: PlanTable) => {
    if (!isInPast.peek()) return;
    pastPlan.value = table;
    pastError.value = undefined;
  };
  const latest = new Latest<PlanTable>({
    ask: async (at) => await read(at, union),
    onAnswer(at, table) {
      kept.set(at, table);
      isLooking.value = latest.isAsking;
      show(table);
    },
    onError(_, error) {
      isLooking.value = latest.isAsking;
      if (!(error instanceof ApiError)) throw error;
      pastError.value = error.message;
    },
  });
  const leave = () => {
    latest.forget();
    kept.clear();
    union.clear();
    pastPlan.value = undefined;
    pastError.value = undefined;
    isLooking.value = false;
  };
  const unfollow = effect(() => {
    const at = isInPast.value ? scrubbed.value ?? moment.value : undefined;
    untracked(() => {
      if (at === undefined) return leave();
      const table = kept.get(at);
      if (table === undefined) {
        latest.want(at);
        isLooking.value = true;
      } else {
        latest.forget();
        show(table);
      }
    });
  });
  return {
    stop: () => {
      unfollow();
      leave();
    },
  };
}

async function read(at: string, union: Union): Promise<PlanTable> {
  const [answer, present] = await Promise.all([
    get<PlanRows>("/plan", { at }),
    union.needsPresent ? get<PlanRows>("/plan") : undefined,
  ]);
  const table = new PlanTable();
  table.merge(answer, Date.now());
  if (isInPast.peek()) union.add(answer, present);
  return table;
}

/** Collects the tasks of all moments. Where moments differ in a task, the present counts. */
class Union {
  #present: PlanRows | undefined;
  #ids = new Set<string>();
  #gone: PlanRows[] = [];

  get needsPresent(): boolean {
    return this.#present === undefined;
  }

  /** Adds the tasks of a moment. O(tasks); and O(tasks of all moments that brought new ones) if it brings new ones. */
  add(answer: PlanRows, present: PlanRows | undefined): void {
    this.#present ??= present;
    if (this.#present === undefined) return;
    const before = this.#ids.size;
    for (const id of this.#present.ids) this.#ids.add(id);
    const known = this.#ids.size;
    for (const id of answer.ids.slice(0, answer.rows)) this.#ids.add(id);
    if (this.#ids.size === before) return;
    if (this.#ids.size > known) this.#gone = [...this.#gone, answer].slice(-MAX_GONE);
    const table = new PlanTable();
    for (const each of [...this.#gone, this.#present]) table.merge(each, Date.now());
    unionPlan.value = table;
  }

  clear(): void {
    this.#present = undefined;
    this.#ids = new Set();
    this.#gone = [];
    unionPlan.value = undefined;
  }
}

/** Moments whose tasks the union keeps though they are no longer there. */
const MAX_GONE = 20;
