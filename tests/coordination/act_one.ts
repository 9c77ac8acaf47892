/**
 * The first act: a plan of plain dependencies. One worker is killed while it holds a task, and comes back for it.
 * Every task is done exactly once and in order.
 */

import { checkAllCompleted, checkCrash, checkExactlyOnce, checkOrder, checkResults, type Crash } from "./checks.ts";
import { expectedResults, isModule, PLAN, PLAN_TEXT, resultOf } from "./plan.ts";
import { type Act, type Played, type Stage, type WorkerName, WORKERS } from "./stage.ts";
import type { Entry } from "./timeline.ts";
import { finishHeld, work } from "./worker.ts";

/** The worker that is the first to work on its second module loses its server while it does. */
const FATAL_MODULE = 2;

/** A worker that was killed, and what of it the journal cannot know. */
interface Return {
  readonly crash: Crash;
  readonly notes: readonly Entry[];
}

export const ACT_ONE: Act = {
  name: "Act 1",
  title: "each task once and in order, though a worker is killed",
  scenes: [{
    text: [`The plan: ${PLAN_TEXT}`, "One worker will be killed while it works, and come back."],
    play,
  }],
  check: () => [],
};

async function play(stage: Stage): Promise<Played> {
  await stage.planner.server.ask("create_tasks", { tasks: PLAN });
  const isFatal = chooseVictim();
  const returns = await Promise.all(WORKERS.map(async (name) => {
    const held = await work(stage.workers[name], { resultOf, isEnough: (task) => isFatal(name, task) });
    return held === undefined ? undefined : await dieAndReturn(stage, name, held);
  }));
  const returned = returns.find((each) => each !== undefined);
  return {
    notes: returned?.notes ?? [],
    check: (records) => [
      checkAllCompleted(records, PLAN),
      checkExactlyOnce(records),
      checkOrder(records),
      checkResults(records, expectedResults(PLAN)),
      checkCrash(records, returned?.crash),
    ],
  };
}

/** Says of one task, and of no other, that its worker is to be killed while working on it. */
function chooseVictim(): (worker: string, task: string) => boolean {
  const modules = new Map<string, number>();
  let isOver = false;
  return (worker, task) => {
    if (isOver || !isModule(task)) return false;
    modules.set(worker, (modules.get(worker) ?? 0) + 1);
    isOver = modules.get(worker) === FATAL_MODULE;
    return isOver;
  };
}

/** Loses its server while it holds `task`, gets a new one, finds what it holds, and works on to the end. */
async function dieAndReturn(stage: Stage, name: WorkerName, task: string): Promise<Return> {
  const { pid, at: killedAt } = await stage.kill(name);
  const reborn = await stage.revive(name);
  const restartedAt = Date.now();
  const found = await finishHeld(reborn, { resultOf });
  await work(reborn, { resultOf });
  return {
    crash: { worker: name, task, killedAt, restartedAt },
    notes: [
      { at: killedAt, who: name, did: "killed", what: `kill -9 ${pid}, while holding ${task}` },
      {
        at: restartedAt,
        who: name,
        did: "is back",
        what: `as process ${reborn.server.pid}; holds ${found.join(", ")}`,
      },
    ],
  };
}
