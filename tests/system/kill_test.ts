/**
 * Shows that servers may be killed at any moment: what was acknowledged stays, exactly once, nothing is carried out
 * twice, and whoever comes after goes on.
 */

import { assert, assertEquals } from "@std/assert";
import { eventsOf, readRecords } from "../support/journal.ts";
import { runProgram } from "../support/program.ts";
import { type Json, type Server, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

const WORKERS = 8;
const TASKS_PER_WORKER = 10;
const TASKS = WORKERS * TASKS_PER_WORKER;

/** After how many acknowledged changes, of all workers together, one of them loses its server. */
const CALLS_PER_KILL = 10;

/** How often one call is tried on new servers, and how often a worker asks for work. */
const MAX_TRIES = 50;
const MAX_ASKED = 5_000;

Deno.test("servers killed at random lose nothing and do nothing twice", async () => {
  await using directory = await temporaryDirectory();
  const random = randomNumbers(crypto.getRandomValues(new Uint32Array(1))[0] ?? 1);
  const workers = Array.from({ length: WORKERS }, (_, n) => new Worker(directory.path, `i${n}`, onAcknowledged));
  let acknowledged = 0;
  let kills = 0;

  function onAcknowledged(): void {
    if (++acknowledged % CALLS_PER_KILL !== 0) return;
    kills++;
    workers[Math.floor(random() * WORKERS)]?.killServer();
  }

  try {
    await Promise.all(workers.map((worker) => worker.createTasks()));
    await Promise.all(workers.map((worker) => worker.work()));
  } finally {
    await Promise.all(workers.map((worker) => worker.close()));
  }
  assert(kills >= 10, `${kills} kills`);
  const { code, output } = await runProgram(directory.path, ["verify"]);
  assertEquals(code, 0, output);

  const records = await readRecords(directory.path);
  const created = eventsOf(records, "tasks.created").flatMap(({ tasks }) => tasks.map(({ id }) => id));
  assertEquals(created.length, TASKS, "a task is missing or was created twice");
  assertEquals(new Set(created).size, TASKS);
  const claimed = eventsOf(records, "task.claimed").map(({ id, instance, attempt }) => `${id} ${instance} ${attempt}`);
  const completed = eventsOf(records, "task.completed").map(({ id, instance, result }) =>
    `${id} ${instance} ${result}`
  );
  assertEquals(completed.length, TASKS, "a task was not completed, or twice");
  assertEquals(new Set(completed.map((text) => text.split(" ")[0])).size, TASKS);
  for (const worker of workers) {
    for (const id of worker.created) assertEquals(countOf(created, id), 1, id);
    for (const claim of worker.claimed) assertEquals(countOf(claimed, claim), 1, claim);
    for (const completion of worker.completed) assertEquals(countOf(completed, completion), 1, completion);
  }
  // Nobody was ever given what another one held.
  const holders = new Map<string, string>();
  for (const event of records.flatMap(({ events }) => events)) {
    if (event.type === "task.claimed") {
      assertEquals(holders.get(event.id), undefined, `${event.id} was claimed while it was held`);
      holders.set(event.id, event.instance);
    } else if (event.type === "task.completed") {
      assertEquals(holders.get(event.id), event.instance);
      holders.delete(event.id);
    }
  }

  // A new server knows all of it, from what the killed ones left.
  await using server = await startServer(directory.path);
  const summary = await server.ask<{ total: number; byStatus: Json }>("get_task_status", { summary: true });
  assertEquals([summary.total, summary.byStatus["completed"]], [TASKS, TASKS]);
});

/** An agent with a server of its own, which it starts anew whenever it is lost. */
class Worker {
  /** What was acknowledged. */
  readonly created: string[] = [];
  readonly claimed: string[] = [];
  readonly completed: string[] = [];
  readonly #directory: string;
  readonly #instance: string;
  readonly #onAcknowledged: () => void;
  #server: Promise<Server> | undefined;

  constructor(directory: string, instance: string, onAcknowledged: () => void) {
    this.#directory = directory;
    this.#instance = instance;
    this.#onAcknowledged = onAcknowledged;
  }

  async createTasks(): Promise<void> {
    for (let n = 0; n < TASKS_PER_WORKER; n++) {
      const id = `${this.#instance}-${n}`;
      const { structuredContent } = await this.#call("create_task", { id, description: "" });
      // A call that was carried out before its answer was lost is refused when it is repeated.
      const error = structuredContent?.["error"] as { code: string } | undefined;
      assert(error === undefined || error.code === "already_exists", JSON.stringify(error));
      this.created.push(id);
      this.#onAcknowledged();
    }
  }

  async work(): Promise<void> {
    const instance_id = this.#instance;
    for (let asked = 0; asked < MAX_ASKED; asked++) {
      // What it was given before its server was lost is still its own.
      const held = await this.#ask<{ id: string; attempt: number }[]>("get_task_status", {
        assigned_to: instance_id,
        status: "in_progress",
        fields: ["id", "attempt"],
      });
      for (const { id, attempt } of held) await this.#complete(id, attempt);
      const { id, status, attempt, reason } = await this.#ask("get_next_task", { instance_id });
      if (reason === "all_finished") return;
      if (status !== "in_progress") {
        await new Promise((resolve) => setTimeout(resolve, 20));
        continue;
      }
      this.claimed.push(`${id} ${instance_id} ${attempt}`);
      this.#onAcknowledged();
      await this.#complete(String(id), Number(attempt));
    }
    throw new Error(`${instance_id} asked ${MAX_ASKED} times in vain`);
  }

  /** Ends its server at once, if it has one. */
  killServer(): void {
    this.#server?.then((server) => server.kill()).catch(() => {});
  }

  async close(): Promise<void> {
    await (await this.#server?.catch(() => undefined))?.close();
  }

  async #complete(task_id: string, attempt: number): Promise<void> {
    const result = `result-${task_id}`;
    await this.#ask("complete_task", { task_id, instance_id: this.#instance, result, attempt });
    this.completed.push(`${task_id} ${this.#instance} ${result}`);
    this.#onAcknowledged();
  }

  async #ask<T = Json>(tool: string, args: Json): Promise<T> {
    const { isError, content } = await this.#call(tool, args);
    const text = content[0]?.type === "text" ? content[0].text : "";
    assert(isError !== true, text);
    return JSON.parse(text);
  }

  /** Calls a tool, on new servers until one of them answers. */
  async #call(tool: string, args: Json): ReturnType<Server["call"]> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const server = await (this.#server ??= startServer(this.#directory));
      try {
        return await server.call(tool, args);
      } catch (error) {
        if (server.isAlive) throw error;
        this.#server = undefined;
      }
    }
    throw new Error(`${tool} was tried ${MAX_TRIES} times in vain`);
  }
}

/** Pseudo-random numbers from 0 to 1 (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function countOf<T>(items: readonly T[], wanted: T): number {
  return items.filter((item) => item === wanted).length;
}
