/**
 * A process of the torture: an engine on the shared data directory, as a server has, that makes random calls until its
 * standard input ends. It says each call and each answer on standard output, a JSON line each, before it goes on.
 *
 * A worker with a receiver delivers webhooks to it. One that shall finish makes no calls, and ends once all is delivered.
 *
 *     worker.ts DIRECTORY SEED WORKER WORKERS LIFE SEGMENT_BYTES [RECEIVER [finish]]
 */

import { realDisk } from "../../../src/store/file/disk.ts";
import { DeliveryFiles } from "../../../src/store/file/delivery_files.ts";
import type { CallEnded, CallStarted, Request } from "../history/call_log.ts";
import { Caller, type Clock } from "../history/caller.ts";
import { addWebhooks, deliverAll, startDelivering, type WantedWebhook } from "../history/deliver.ts";
import { type Random, randomOf } from "../history/random.ts";
import { CLOCK_ERRORS, type ServerProcess, startWhenFree } from "../history/server_process.ts";
import { sizesOf } from "../history/sizes.ts";

/** How often a start is tried. */
const MAX_STARTS = 10;

/** Longest pause between calls, in milliseconds. */
const MAX_PAUSE_MS = 60;

/** How many calls a burst makes at once, and how long their texts are, in characters: some segments altogether. */
const BURST = 40;
const BURST_CHARACTERS = 2_000;

interface Arguments {
  readonly directory: string;
  readonly worker: number;
  readonly workers: number;
  readonly life: number;
  readonly seed: string;
  readonly segmentBytes: number;
  /** The host to which webhooks are delivered; undefined if this process delivers none. */
  readonly receiver: string | undefined;
}

class Worker implements AsyncDisposable {
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #caller: Caller;
  readonly #instance: string;
  readonly #deliveries: DeliveryFiles;
  readonly #server: ServerProcess;
  #delivering: AsyncDisposable | undefined;

  private constructor(args: Arguments, server: ServerProcess) {
    const { engine, clock, redact } = server;
    this.#random = randomOf(`${args.seed} worker ${args.worker} life ${args.life}`);
    this.#clock = clock;
    this.#caller = new Caller({ ...args, engine, redact, clock, random: this.#random, sharedTime, say });
    this.#instance = `w${args.worker}`;
    this.#deliveries = new DeliveryFiles({ ...args, disk: realDisk });
    this.#server = server;
  }

  static async start(args: Arguments): Promise<Worker> {
    const sizes = sizesOf(args.segmentBytes);
    const options = { ...args, ...sizes, disk: realDisk, now: Date.now, log: SILENT, maxStarts: MAX_STARTS };
    const worker = new Worker(args, await startWhenFree(options));
    if (args.receiver !== undefined) await worker.#deliver(args.receiver);
    return worker;
  }

  /** Resolves once all that happened is delivered. */
  async finish(): Promise<void> {
    const call = (request: Request) => this.#caller.call(request);
    await deliverAll({ engine: this.#server.engine, deliveries: this.#deliveries, call });
  }

  /** Makes calls until `isOver`; now and then several at once, or with another clock. */
  async work(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      if (this.#random.chance(0.01)) await this.#burst();
      if (this.#random.chance(0.02)) this.#clock.errorMs = this.#random.pick(CLOCK_ERRORS);
      const count = this.#random.chance(0.1) ? this.#random.between(2, 4) : 1;
      await Promise.all(Array.from({ length: count }, () => this.#caller.call()));
      if (this.#random.chance(0.7)) await pause(this.#random.between(0, MAX_PAUSE_MS));
    }
  }

  async #deliver(receiver: string): Promise<void> {
    const [{ engine }, deliveries] = [this.#server, this.#deliveries];
    const webhook: WantedWebhook = { name: "torture", url: `http://${receiver}/hook`, types: DELIVERED_TYPES };
    await addWebhooks([webhook], { engine, deliveries, call: (request) => this.#caller.call(request) });
    const now = () => this.#clock.read();
    this.#delivering = startDelivering({ engine, deliveries, log: SILENT, version: "0.0.0", now });
  }

  /** Many at once create tasks with long descriptions, claim them, and complete them with long results. */
  async #burst(): Promise<void> {
    const name = `${this.#instance} ${this.#random.between(0, 1e9)}`;
    const ids = Array.from({ length: BURST }, (_, index) => `${name}.${index}`);
    const text = "long ".repeat(BURST_CHARACTERS / 5);
    const instance = this.#instance;
    const create = (id: string): Request => {
      return { type: "create_tasks", tasks: [{ id, description: text, dependencies: [] }] };
    };
    await Promise.all(ids.map((id) => this.#caller.call(create(id))));
    await Promise.all(ids.map((id) => this.#caller.call({ type: "claim_task", instance, id })));
    await Promise.all(ids.map((id) => this.#caller.call({ type: "complete_task", id, instance, result: text })));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#delivering?.[Symbol.asyncDispose]();
    await this.#server.close();
  }
}

/**
 * Milliseconds by the clock that all processes of this machine share. Not `performance.timeOrigin + performance.now()`: a
 * process that is interrupted while it sets these two up is late by as much for its whole life.
 */
function sharedTime(): number {
  return Date.now();
}

/** Writes at once and whole, so that nothing said is lost with the process. */
function say(entry: CallStarted | CallEnded): void {
  const bytes = new TextEncoder().encode(JSON.stringify(entry) + "\n");
  for (let written = 0; written < bytes.length;) written += Deno.stdout.writeSync(bytes.subarray(written));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What is delivered: of all that happens, so much that deliveries keep up with it. */
const DELIVERED_TYPES = ["task.failed", "task.cancelled", "task.archived", "task.redacted"];

const SILENT = { info() {}, warn() {}, error: (message: string) => console.error(message) };

async function main(): Promise<void> {
  const [directory = "", seed = "", worker, workers, life, segmentBytes, receiver, finish] = Deno.args;
  await using process = await Worker.start({
    directory,
    seed,
    worker: Number(worker),
    workers: Number(workers),
    life: Number(life),
    segmentBytes: Number(segmentBytes),
    receiver,
  });
  if (finish !== undefined) return await process.finish();
  let isOver = false;
  const ending = Array.fromAsync(Deno.stdin.readable).then(() => isOver = true);
  await process.work(() => isOver);
  await ending;
}

if (import.meta.main) await main();
