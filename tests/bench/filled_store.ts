/** Data directories with many tasks in them. */

import { MAX_BATCH_TASKS } from "../../src/core/model/limits.ts";
import { type Server, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import type { Bench } from "./row.ts";

/** Every so many tasks a chain of dependencies begins anew. */
const CHAIN_LENGTH = 10;

/** About as long as what agents write. */
const DESCRIPTION = "Look into the module, write down what it does, and say what is to be changed there and why. ";

/** The directory of a store with `count` tasks and a fresh checkpoint; made when it is first asked for. */
export async function filledStore({ directory }: Bench, count: number): Promise<string> {
  const store = `${directory}/tasks-${count}`;
  if (await isThere(store)) return store;
  await using server = await startServer(store);
  for (let first = 0; first < count; first += MAX_BATCH_TASKS) {
    const tasks = Array.from(
      { length: Math.min(MAX_BATCH_TASKS, count - first) },
      (_, index) => newTask(first + index),
    );
    await server.ask("create_tasks", { tasks });
  }
  await settled(server, store);
  return store;
}

/** Resolves once the checkpoint stands for all records. */
async function settled(server: Server, store: string): Promise<void> {
  const { last_seq } = await server.ask<{ last_seq: number }>("get_history", { limit: 1 });
  await until("the checkpoint", async () => {
    if (!await isThere(`${store}/state.json`)) return false;
    return JSON.parse(await Deno.readTextFile(`${store}/state.json`)).position.seq === last_seq;
  });
}

function newTask(index: number) {
  const isFirst = index % CHAIN_LENGTH === 0;
  return {
    id: `task-${index}`,
    description: `${DESCRIPTION}(${index})`,
    dependencies: isFirst ? [] : [`task-${index - 1}`],
  };
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
