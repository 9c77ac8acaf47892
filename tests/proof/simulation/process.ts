/**
 * The thread of a simulated process. It lives one life after the other, and stops at each operation of its disk, and
 * whenever it has nothing to do, until the scheduler lets it go on. A life that was killed is left to itself: its disk
 * refuses everything.
 */

/// <reference lib="deno.worker" />
import { setImmediate } from "node:timers";
import type { CallEnded, CallStarted } from "../history/call_log.ts";
import { Channel } from "./channel.ts";
import { type Context, live, told } from "./life.ts";
import type { Ending, Life, Operation, Report, Turn } from "./messages.ts";
import { type Ask, errorOf, RemoteDisk } from "./remote_disk.ts";
import { RemoteSender } from "./remote_sender.ts";
import { VirtualCrypto } from "./virtual_crypto.ts";
import { VirtualTime } from "./virtual_time.ts";

/** Nothing is done for a life that was killed. */
class Killed extends Error {}

class SimulatedProcess {
  readonly #channel: Channel<Turn, Report>;
  readonly #time = new VirtualTime();
  readonly #crypto = new VirtualCrypto();
  #said: (CallStarted | CallEnded)[] = [];
  #order = 0;
  /** The disk of the life that is under way, if one is. */
  #disk: RemoteDisk | undefined;
  #ending: Ending | undefined;

  constructor(channel: Channel<Turn, Report>) {
    this.#channel = channel;
    this.#time.install();
    this.#crypto.install();
    addEventListener("unhandledrejection", (event) => {
      event.preventDefault();
      // A server would die of it.
      if (this.#disk !== undefined) {
        this.#end({ error: { when: "running", message: `unhandled: ${told(event.reason)}` } });
      }
    });
  }

  /** Waits for what happens next, and lets it run until nothing can go on. */
  turn(): void {
    const { message } = this.#channel.exchange(this.#report());
    this.#meet(message);
    switch (message.type) {
      case "live":
        this.#live(message.life);
        break;
      case "timer":
        this.#time.fire();
        break;
      case "arrived":
        this.#disk?.arrive(message.file, message.what, message.error);
        break;
      case "killed":
        this.#die();
        break;
      case "exit":
        close();
        return;
      case "done":
      case "failed":
        throw new Error("Nothing was asked for");
    }
    setImmediate(() => this.turn());
  }

  #report(): Report {
    const said = this.#hasSaid();
    const { dueAt } = this.#time;
    if (this.#disk !== undefined) return { said, type: "idle", ...(dueAt !== undefined && { dueAt }) };
    const ending = this.#ending;
    this.#ending = undefined;
    return { said, type: "gone", ...(ending !== undefined && { ending }) };
  }

  #meet({ now, order }: Turn): void {
    this.#time.now = now;
    this.#order = order;
  }

  #hasSaid(): (CallStarted | CallEnded)[] {
    return this.#said.splice(0);
  }

  #live(life: Life): void {
    this.#time.isRunning = true;
    this.#crypto.seed(`${life.seed} worker ${life.worker} life ${life.life} keys`);
    const ask: Ask = (operation, bytes) => this.#ask(disk, operation, bytes);
    const disk = new RemoteDisk(ask);
    this.#disk = disk;
    const context: Context = {
      disk,
      openSender: (url) => new RemoteSender(url, ask),
      life,
      now: Date.now,
      order: () => this.#order,
      say: (entry) => {
        if (this.#disk !== disk) throw new Killed();
        this.#said.push(entry);
      },
    };
    live(context).then((ending) => {
      if (this.#disk === disk) this.#end(ending);
    });
  }

  #ask(disk: RemoteDisk, operation: Operation, bytes: Uint8Array | undefined): ReturnType<Ask> {
    if (this.#disk !== disk) throw new Killed();
    const answer = this.#channel.exchange({ type: "asks", operation, said: this.#hasSaid() }, bytes);
    this.#meet(answer.message);
    switch (answer.message.type) {
      case "done":
        return { message: answer.message.value, bytes: answer.bytes };
      case "failed":
        throw errorOf(answer.message.error);
      case "killed":
        this.#die();
        throw new Killed();
      default:
        throw new Error(`Unexpected answer: ${answer.message.type}`);
    }
  }

  #end(ending: Ending): void {
    this.#die();
    this.#ending = ending;
  }

  #die(): void {
    this.#disk = undefined;
    this.#time.isRunning = false;
    this.#time.clear();
  }
}

const scope = globalThis as unknown as DedicatedWorkerGlobalScope;
scope.addEventListener("message", ({ data }) => {
  const process = new SimulatedProcess(new Channel(data, "process"));
  scope.postMessage("ready");
  setImmediate(() => process.turn());
}, { once: true });
