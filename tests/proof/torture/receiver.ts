/**
 * A receiver of webhooks on this machine that does not make it easy: now and then it is slow, refuses a message, or takes one
 * and closes the connection. It complains when two connections wait for an answer at the same time.
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { Delivered } from "../history/check_delivery.ts";
import type { Random } from "../history/random.ts";

/** How many messages are answered late, and how late, in milliseconds. */
const SLOW = 0.05;
const MAX_DELAY_MS = 300;

/** How many are refused, and how many are taken without an answer: few, as the next one is sent seconds later. */
const REFUSED = 0.002;
const UNANSWERED = 0.002;

export class Receiver implements AsyncDisposable {
  readonly #random: Random;
  readonly #server = createServer((request, response) => void this.#receive(request, response));
  readonly #waiting = new Set<ServerResponse>();
  /** The messages that were taken, in order. */
  readonly taken: Delivered[] = [];
  readonly complaints: string[] = [];

  private constructor(random: Random) {
    this.#random = random;
  }

  static async start(random: Random): Promise<Receiver> {
    const receiver = new Receiver(random);
    await new Promise<void>((resolve) => receiver.#server.listen(0, "127.0.0.1", resolve));
    return receiver;
  }

  /** Its host and port. */
  get host(): string {
    // A server that listens on a port has such an address.
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const others = [...this.#waiting];
    this.#waiting.add(response);
    response.on("close", () => this.#waiting.delete(response));
    let body: string;
    try {
      body = await text(request);
    } catch {
      // Its process was killed in the middle of it.
      return;
    }
    const kind = this.#random.next();
    if (kind < SLOW) await new Promise((resolve) => setTimeout(resolve, this.#random.between(1, MAX_DELAY_MS)));
    // The connection of a process that was killed may seem open for a moment longer.
    if (others.some((other) => this.#waiting.has(other))) this.complaints.push("two processes delivered at once");
    if (kind > 1 - REFUSED) return void response.writeHead(503).end();
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    this.taken.push({ url: `http://${this.host}${request.url}`, headers, body });
    if (kind > 1 - REFUSED - UNANSWERED) return void request.socket.destroy();
    response.writeHead(200).end();
  }
}
