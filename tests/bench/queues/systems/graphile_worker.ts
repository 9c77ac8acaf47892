/** graphile-worker. With batches, configured as the page on performance of its documentation has it. */

import { createRequire } from "node:module";
import { BATCH, batchesOf, type Queue, type QueueOptions } from "../queue.ts";

/** The part of the package that is used. */
interface Package {
  makeWorkerUtils(options: { connectionString: string }): Promise<Utils>;
  run(options: object): Promise<{ stop(): Promise<void>; readonly promise: Promise<void> }>;
  readonly Logger: new (factory: () => () => void) => object;
}

interface Utils {
  migrate(): Promise<void>;
  addJob(task: string, payload: object): Promise<unknown>;
  addJobs(jobs: readonly { readonly identifier: string; readonly payload: object }[]): Promise<unknown>;
  withPgClient<T>(action: (client: Client) => Promise<T>): Promise<T>;
  release(): Promise<void>;
}

interface Client {
  query(statement: string): Promise<{ readonly rows: readonly { readonly count: number }[] }>;
}

const TASK = "nothing";

const ONE_BY_ONE = { concurrentJobs: 1 };
const BATCHED = {
  concurrentJobs: 24,
  maxPoolSize: 25,
  localQueue: { size: 500 },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0,
};

export async function openGraphileWorker({ url, directory, isBatched }: QueueOptions): Promise<Queue> {
  // The package has these names; its types are not at hand.
  const worker = createRequire(`${directory}/package.json`)("graphile-worker") as Package;
  const utils = await worker.makeWorkerUtils({ connectionString: url });
  await utils.migrate();
  const logger = new worker.Logger(() => () => {});
  const addMany = (count: number) =>
    utils.addJobs(Array.from({ length: count }, (_, number) => ({ identifier: TASK, payload: { number } })));
  const addedAtOnce = isBatched ? BATCH : 1;
  return {
    addedAtOnce,
    async add() {
      await (isBatched ? addMany(addedAtOnce) : utils.addJob(TASK, { number: 1 }));
    },
    async fill(count) {
      for (const size of batchesOf(count)) await addMany(size);
    },
    async work(signal, { started, done }) {
      const runner = await worker.run({
        preset: { worker: { connectionString: url, ...(isBatched ? BATCHED : ONE_BY_ONE) } },
        noHandleSignals: true,
        logger,
        taskList: { [TASK]: () => done(1) },
      });
      started();
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      await runner.stop();
    },
    remaining: () =>
      utils.withPgClient(async (client) => {
        const { rows } = await client.query("select count(*)::int as count from graphile_worker._private_jobs");
        return rows[0]?.count ?? 0;
      }),
    [Symbol.asyncDispose]: () => utils.release(),
  };
}
