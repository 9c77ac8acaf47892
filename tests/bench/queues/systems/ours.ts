/** Our engine on PostgreSQL, as a server has it, without a protocol before it. */

import { localOperator } from "../../../../src/core/model/access.ts";
import { Checkpointer } from "../../../../src/app/checkpointer.ts";
import { Engine } from "../../../../src/app/engine.ts";
import type { NewTask } from "../../../../src/core/model/task.ts";
import { openPostgres } from "../../../../src/store/postgres/open.ts";
import { createLog } from "../../../../src/telemetry/log.ts";
import { addressOf } from "../../../support/postgres.ts";
import { AppendFailed } from "../../../../src/app/ports.ts";
import { BATCH, batchesOf, type Queue, type QueueOptions } from "../queue.ts";

/** How many agents call at the same time, where batches are allowed: the engine commits their calls together. */
const AGENTS = 64;

export async function openOurs({ port, database, index, isBatched, isApart }: QueueOptions): Promise<Queue> {
  const log = createLog(console.error, { level: "warn" });
  const address = { ...addressOf(port), database };
  const project = isApart ? `project-${index}` : "project";
  const store = openPostgres({ address, project, now: Date.now, log, isReadOnly: false });
  const engine = await Engine.start({ ...store, log });
  const checkpointer = new Checkpointer({ engine, checkpoints: store.checkpoints, log });
  let created = 0;
  const create = async (count: number) => {
    const tasks = Array.from({ length: count }, (): NewTask => {
      return { id: `task-${index}-${++created}`, description: "Nothing to be done", dependencies: [] };
    });
    await repeated(() => engine.execute({ type: "create_tasks", tasks }, localOperator("bench")));
  };
  const work = async (instance: string, signal: AbortSignal, done: (count: number) => void) => {
    while (!signal.aborted) {
      const { task } = await repeated(() => engine.execute({ type: "claim_task", instance }, localOperator(instance)));
      if (task === undefined) return;
      const complete = { type: "complete_task", id: task.id, instance, result: "Done" } as const;
      await repeated(() => engine.execute(complete, localOperator(instance)));
      done(1);
    }
  };
  const agents = Array.from({ length: isBatched ? AGENTS : 1 }, (_, agent) => `agent-${index}-${agent}`);
  const addedAtOnce = isBatched ? BATCH : 1;
  return {
    addedAtOnce,
    add: () => create(addedAtOnce),
    async fill(count) {
      for (const size of batchesOf(count)) await create(size);
    },
    async work(signal, { started, done }) {
      started();
      await Promise.all(agents.map((agent) => work(agent, signal, done)));
    },
    async remaining() {
      const { tasks } = await engine.query({ type: "export_tasks" }, localOperator("bench"));
      return tasks.filter(({ status }) => status !== "completed").length;
    },
    async [Symbol.asyncDispose]() {
      await engine.close();
      await checkpointer.close();
      await store.close();
    },
  };
}

/** Most tries of a call, on a machine that is so busy that a process has the lock for too long. */
const MAX_TRIES = 10;

/** Makes a call again where the store says that nothing was changed, as a client would. */
async function repeated<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 1;; tries++) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof AppendFailed) || tries === MAX_TRIES) throw error;
    }
  }
}
