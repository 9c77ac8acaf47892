/** How soon a claim that waits gets a task that another process has just created. */

import { startServer } from "../support/server.ts";
import { medians, timed } from "./measure.ts";
import type { Benchmark } from "./row.ts";

const ROUNDS = { rounds: 60, warmUpRounds: 10 };

/** Longer than any round takes. */
const WAIT_MS = 30_000;

export const waking: Benchmark = async ({ directory }) => {
  await using planner = await startServer(`${directory}/waking`);
  await using worker = await startServer(`${directory}/waking`);
  let created = 0;
  const claim = () => worker.ask<{ id: string }>("get_next_task", { instance_id: "worker", wait_ms: WAIT_MS });
  const complete = (id: string) => worker.ask("complete_task", { task_id: id, instance_id: "worker", result: "done" });
  const create = () => planner.ask("create_task", { id: `task-${++created}`, description: "Something" });
  const measured = await medians({
    floor: async () => {
      const elapsedMs = await timed(async () => {
        await create();
        await claim();
      });
      await complete(`task-${created}`);
      return elapsedMs;
    },
    value: async () => {
      const waiting = claim();
      // Only a call that comes after it tells that the claim has begun to wait.
      await worker.ask("get_task_status", { summary: true });
      const elapsedMs = await timed(async () => {
        await create();
        await waiting;
      });
      await complete(`task-${created}`);
      return elapsedMs;
    },
  }, ROUNDS);
  return [{
    name: "create until a waiting process has claimed it",
    value: measured.value,
    floor: { value: measured.floor, what: "create, then claim, without waiting" },
    unit: "ms",
    target: { of: "value", is: "at most", bound: 50 },
  }];
};
