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
import { PlanUnion } from "../plan/plan_union.ts";
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
  const union = new PlanUnion();
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
    unionPlan.value = undefined;
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

async function read(at: string, union: PlanUnion): Promise<PlanTable> {
  const [answer, present] = await Promise.all([
    get<PlanRows>("/plan", { at }),
    union.needsPresent ? get<PlanRows>("/plan") : undefined,
  ]);
  const table = new PlanTable();
  table.merge(answer, Date.now());
  if (isInPast.peek()) unionPlan.value = union.with(answer, present);
  return table;
}
