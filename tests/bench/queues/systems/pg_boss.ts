/**
 * pg-boss, by its functions `fetch` and `complete`, one call after the other: its workers pause for at least half a second
 * between the batches that they fetch.
 */

import { createRequire } from "node:module";
import { BATCH, batchesOf, type Queue, type QueueOptions } from "../queue.ts";

/** The part of the package that is used. */
interface Package {
  readonly PgBoss: new (url: string) => Boss;
}

interface Boss {
  on(event: "error", listener: (error: Error) => void): void;
  start(): Promise<unknown>;
  stop(options: { readonly graceful: boolean }): Promise<void>;
  createQueue(name: string): Promise<void>;
  send(queue: string, data: object): Promise<unknown>;
  insert(queue: string, jobs: readonly { readonly data: object }[]): Promise<unknown>;
  fetch(queue: string, options?: { readonly batchSize: number }): Promise<readonly { readonly id: string }[]>;
  complete(queue: string, ids: readonly string[]): Promise<unknown>;
  getDb(): { executeSql(statement: string): Promise<{ readonly rows: readonly { readonly count: number }[] }> };
}

const QUEUE = "nothing";

export async function openPgBoss({ url, directory, isBatched }: QueueOptions): Promise<Queue> {
  // The package has this name; its types are not at hand.
  const { PgBoss } = createRequire(`${directory}/package.json`)("pg-boss") as Package;
  const boss = new PgBoss(url);
  boss.on("error", (error) => console.error(error));
  await boss.start();
  await boss.createQueue(QUEUE);
  const addMany = (count: number) =>
    boss.insert(QUEUE, Array.from({ length: count }, (_, number) => ({ data: { number } })));
  const addedAtOnce = isBatched ? BATCH : 1;
  return {
    addedAtOnce,
    async add() {
      await (isBatched ? addMany(addedAtOnce) : boss.send(QUEUE, { number: 1 }));
    },
    async fill(count) {
      for (const size of batchesOf(count)) await addMany(size);
    },
    async work(signal, { started, done }) {
      started();
      while (!signal.aborted) {
        const jobs = await (isBatched ? boss.fetch(QUEUE, { batchSize: BATCH }) : boss.fetch(QUEUE));
        if (jobs.length === 0) return;
        await boss.complete(QUEUE, jobs.map(({ id }) => id));
        done(jobs.length);
      }
    },
    async remaining() {
      const { rows } = await boss.getDb().executeSql(
        `select count(*)::int as count from pgboss.job where name = '${QUEUE}' and state < 'completed'`,
      );
      return rows[0]?.count ?? 0;
    },
    [Symbol.asyncDispose]: () => boss.stop({ graceful: false }),
  };
}
