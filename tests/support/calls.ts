/** Tool calls that many tests use to bring tasks into a state. Each must succeed. */

import type { Json, Server } from "./server.ts";

/** An id, or an id with its dependencies. */
export type Planned = string | { readonly id: string; readonly dependencies: readonly string[] };

/** Creates tasks, each with the description "do ID". */
export async function create(server: Server, ...planned: readonly Planned[]): Promise<void> {
  const tasks = planned
    .map((task) => typeof task === "string" ? { id: task } : task)
    .map((task) => ({ ...task, description: `do ${task.id}` }));
  await server.ask("create_tasks", { tasks });
}

/** Claims a task by its id. */
export async function claim(server: Server, task_id: string, instance_id = "ann"): Promise<Json> {
  return await server.ask("get_next_task", { instance_id, task_id });
}

/** Claims a task by its id and completes it. */
export async function finish(server: Server, task_id: string, result = "done"): Promise<void> {
  await claim(server, task_id);
  await server.ask("complete_task", { task_id, instance_id: "ann", result });
}

/** Claims a task by its id and fails it. */
export async function fail(server: Server, task_id: string, error = "broken"): Promise<void> {
  await claim(server, task_id);
  await server.ask("fail_task", { task_id, instance_id: "ann", error });
}

/** Seq of the newest record. */
export async function lastSeq(server: Server): Promise<number> {
  const { last_seq } = await server.ask<{ last_seq: number }>("get_history", { limit: 1 });
  return last_seq;
}
