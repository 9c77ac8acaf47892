/**
 * What an agent does: a worker takes tasks until none is left, works on each for a moment, and completes it with a
 * result.
 */

import type { Input } from "../../src/core/messages/commands.ts";
import type { Json, Server } from "../support/server.ts";

/** Shortest and longest work on a task, in milliseconds. */
const MIN_WORK_MS = 30;
const MAX_WORK_MS = 90;

/** Longest wait of one call for a task, in milliseconds, and most calls in all. */
const WAIT_MS = 100;
const MAX_CALLS = 500;

/** An agent: its instance id, and its server. */
export interface Worker {
  readonly name: string;
  readonly server: Server;
}

/** The attempt before, as a claim tells of it. */
export interface Previous {
  readonly attempt: number;
  readonly instance: string;
  readonly outcome: string;
  readonly message?: string;
}

/** A task that was claimed. */
export interface Claimed {
  readonly id: string;
  readonly status: "in_progress";
  readonly attempt: number;
  readonly inputs?: readonly Input[];
  readonly previous?: Previous;
}

/** What `get_next_task` answers. */
type Claim = Claimed | { readonly status: "no_tasks"; readonly reason: string; readonly message: string };

export interface WorkOptions {
  /** Makes the result of a task of the results that it builds on. */
  readonly resultOf: (task: string, inputs: readonly Input[]) => string;
  /** Told of each task that is being worked on; true ends the work there. Default: never. */
  readonly isEnough?: (task: string) => boolean;
}

/** Works until all tasks are finished, or until it is enough: then resolves to the id of the task it still holds. */
export async function work(worker: Worker, options: WorkOptions): Promise<string | undefined> {
  const { isEnough = () => false, resultOf } = options;
  for (let calls = 0; calls < MAX_CALLS; calls++) {
    const claim = await askForTask(worker, { wait_ms: WAIT_MS });
    if (claim.status === "no_tasks") {
      if (claim.reason === "all_finished") return undefined;
      continue;
    }
    await pause();
    if (isEnough(claim.id)) return claim.id;
    await complete(worker, claim, resultOf(claim.id, claim.inputs ?? []));
  }
  throw new Error(`${worker.name} gave up after ${MAX_CALLS} calls`);
}

/** Asks which tasks the worker holds, and finishes them; resolves to their ids. */
export async function finishHeld(worker: Worker, { resultOf }: WorkOptions): Promise<readonly string[]> {
  const held = await worker.server.ask<readonly { readonly id: string }[]>("get_task_status", {
    assigned_to: worker.name,
    status: "in_progress",
  });
  for (const { id } of held) {
    const claim = await claimNamed(worker, id);
    await pause();
    await complete(worker, claim, resultOf(id, claim.inputs ?? []));
  }
  return held.map(({ id }) => id);
}

/** Claims the named task. Throws if it cannot. */
export async function claimNamed(worker: Worker, id: string): Promise<Claimed> {
  return orThrow(worker, await askForTask(worker, { task_id: id }));
}

/** Claims the next task, and waits for one if there is none. Throws if none comes. */
export async function claimNext(worker: Worker, waitMs: number): Promise<Claimed> {
  return orThrow(worker, await askForTask(worker, { wait_ms: waitMs }));
}

export async function complete({ name, server }: Worker, claim: Claimed, result: string): Promise<Json> {
  const { id, attempt } = claim;
  return await server.ask("complete_task", { task_id: id, instance_id: name, attempt, result });
}

export async function report({ name, server }: Worker, { id, attempt }: Claimed, progress: Json): Promise<Json> {
  return await server.ask("report_progress", { task_id: id, instance_id: name, attempt, ...progress });
}

/** Works for a moment. */
export function pause(): Promise<void> {
  const ms = MIN_WORK_MS + Math.random() * (MAX_WORK_MS - MIN_WORK_MS);
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The result of a task of which nobody needs to know more. */
export function plainResultOf(task: string): string {
  return `${task} is done`;
}

async function askForTask({ name, server }: Worker, args: Json): Promise<Claim> {
  return await server.ask<Claim>("get_next_task", { instance_id: name, ...args });
}

function orThrow({ name }: Worker, claim: Claim): Claimed {
  if (claim.status === "in_progress") return claim;
  throw new Error(`${name} gets no task: ${claim.message}`);
}
