/**
 * What an agent does: a worker takes tasks until none is left, works on each for a moment, and completes it with
 * a result that is made of the results of its dependencies.
 */

import type { Input } from "../../src/core/commands.ts";
import type { Server } from "../support/server.ts";
import { resultOf } from "./plan.ts";

/** Shortest and longest work on a task, in milliseconds. */
const MIN_WORK_MS = 30;
const MAX_WORK_MS = 90;

/** Wait after an answer that there is nothing to do now, in milliseconds, and most calls in all. */
const IDLE_MS = 20;
const MAX_CALLS = 500;

/** An agent: its instance id, and its server. */
export interface Worker {
  readonly name: string;
  readonly server: Server;
}

/** What `get_next_task` answers. */
type Claim =
  | {
    readonly id: string;
    readonly attempt: number;
    readonly inputs?: readonly Input[];
    readonly status: "in_progress";
  }
  | { readonly status: "no_tasks"; readonly reason: string; readonly message: string };

/**
 * Works until all tasks are finished, or until `isEnough` says so of a task it is working on: then resolves to the
 * id of that task, which it still holds.
 */
export async function work(worker: Worker, isEnough = (_task: string) => false): Promise<string | undefined> {
  for (let calls = 0; calls < MAX_CALLS; calls++) {
    const claim = await claimTask(worker);
    if (claim.status === "no_tasks") {
      if (claim.reason === "all_finished") return undefined;
      await pause(IDLE_MS);
      continue;
    }
    await pause(workMs());
    if (isEnough(claim.id)) return claim.id;
    await completeTask(worker, claim);
  }
  throw new Error(`${worker.name} gave up after ${MAX_CALLS} calls`);
}

/** Asks which tasks the worker holds from an earlier life, and finishes them; resolves to their ids. */
export async function resume(worker: Worker): Promise<readonly string[]> {
  const held = await worker.server.ask<readonly { readonly id: string }[]>("get_task_status", {
    assigned_to: worker.name,
    status: "in_progress",
  });
  for (const { id } of held) {
    const claim = await claimTask(worker, id);
    if (claim.status === "no_tasks") throw new Error(`${worker.name} does not get back ${id}: ${claim.message}`);
    await pause(workMs());
    await completeTask(worker, claim);
  }
  return held.map(({ id }) => id);
}

/** Claims the next ready task, or the named one. */
function claimTask({ name, server }: Worker, id?: string): Promise<Claim> {
  return server.ask<Claim>("get_next_task", { instance_id: name, ...(id !== undefined && { task_id: id }) });
}

async function completeTask({ name, server }: Worker, claim: Extract<Claim, { id: string }>): Promise<void> {
  const { id, attempt, inputs = [] } = claim;
  await server.ask("complete_task", { task_id: id, instance_id: name, attempt, result: resultOf(id, inputs) });
}

function workMs(): number {
  return MIN_WORK_MS + Math.random() * (MAX_WORK_MS - MIN_WORK_MS);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
