/** What the rows of a large plan cost: to make and send all of them, and to find those that have changed. */

import { localOperator } from "../../src/core/model/access.ts";
import type { PlanRows } from "../../src/core/messages/plan_rows.ts";
import { evolve } from "../../src/core/state/evolve.ts";
import { emptyState, type State } from "../../src/core/state/state.ts";
import { answer } from "../../src/core/views/answer.ts";
import { times } from "../core/given.ts";
import { medians } from "./measure.ts";
import type { Benchmark } from "./row.ts";

const TASKS = 100_000;
const GROUPS = 100;
const WORKERS = 8;
const COMPLETED = 40_000;
const RUNNING = 100;

const START = Date.UTC(2026, 0, 1);

export const planRows: Benchmark = async () => {
  const state = filledState();
  let text = "";
  const all = rowsOf(state);
  const figures = await medians({
    all: timed(() => text = JSON.stringify(rowsOf(state))),
    since: timed(() => rowsOf(state, state.seq)),
  }, { rounds: 11, warmUpRounds: 3 });
  const sizeOf = (value: unknown) => JSON.stringify(value).length;
  const edges = sizeOf(all.from) + sizeOf(all.to) + sizeOf(all.kind);
  const columns = text.length - sizeOf(all.ids) - sizeOf(all.title) - edges;
  const size = TASKS.toLocaleString("en-US");
  return [
    { name: `rows of ${size} tasks as JSON`, value: round(figures.all), unit: "ms" },
    {
      name: "rows beside ids, titles and edges, a task",
      value: round(columns / TASKS),
      unit: "bytes",
      target: { of: "value", is: "at most", bound: 60 },
    },
    { name: "edges of rows, an edge", value: round(edges / all.from.length), unit: "bytes" },
    {
      name: `rows since a record of ${size} tasks`,
      value: round(figures.since),
      unit: "ms",
      target: { of: "value", is: "at most", bound: 3 },
    },
  ];
};

function rowsOf(state: State, since?: number): PlanRows {
  const context = { caller: localOperator("bench"), now: state.now, clock: state.now, defaults: {} };
  return answer(state, { type: "list_rows", ...(since !== undefined && { since }) }, context);
}

function timed(measured: () => unknown): () => Promise<number> {
  return () => {
    const start = performance.now();
    measured();
    return Promise.resolve(performance.now() - start);
  };
}

/** Tasks in groups, each with one or two dependencies; some are completed, some run, the others wait. */
function filledState(): State {
  const state = emptyState();
  const groups = times(GROUPS, (index) => `group-${index}`);
  for (const id of groups) evolve(state, { type: "group.created", group: { id } }, START);
  const tasks = times(TASKS, (index) => ({
    id: `task-${index}`,
    description: `Implement part ${index} of the thing\nand show that it works`,
    group: `group-${index % GROUPS}`,
    dependencies: [100, 51].slice(index % 2).filter((step) => step <= index).map((step) => `task-${index - step}`),
  }));
  evolve(state, { type: "tasks.created", tasks }, START);
  for (let index = 0; index < COMPLETED + RUNNING; index++) {
    const claim = { id: `task-${index}`, instance: `worker-${index % WORKERS}`, attempt: 1 };
    const at = START + 1_000 * index;
    evolve(state, { type: "task.claimed", ...claim, leaseUntil: at + 600_000 }, at);
    if (index < COMPLETED) evolve(state, { type: "task.completed", ...claim, result: "done" }, at + 900);
    state.seq++;
  }
  return state;
}

function round(value: number): number {
  return Math.round(10 * value) / 10;
}
