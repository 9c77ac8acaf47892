/**
 * A network between a client and a server that fails: each piece of data that the client sends may be delayed, be lost with
 * the connection, or arrive and have its answer lost with the connection.
 */

/** What happens to a piece of data that a client sends. */
export type Fate =
  | { readonly type: "pass" }
  | { readonly type: "delay"; readonly ms: number }
  /** The connection breaks before it arrives. */
  | { readonly type: "cut" }
  /** It arrives, and the connection breaks before an answer does. */
  | { readonly type: "swallow" }
  /** It arrives so much later, although the connection breaks at once. */
  | { readonly type: "late"; readonly ms: number };

export class Proxy implements AsyncDisposable {
  readonly #target: number;
  readonly #fate: () => Fate;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.TcpConn>();
  readonly #work: Promise<unknown>[] = [];

  /** @param target the port of the server */
  constructor(target: number, fate: () => Fate) {
    this.#target = target;
    this.#fate = fate;
    this.#work.push(this.#accept());
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) this.#close(connection);
    await Promise.allSettled(this.#work);
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) this.#work.push(this.#serve(client));
  }

  async #serve(client: Deno.TcpConn): Promise<void> {
    this.#open.add(client);
    try {
      const server = await Deno.connect({ hostname: "127.0.0.1", port: this.#target });
      this.#open.add(server);
      const answers = this.#copyAnswers(server, client);
      await this.#copyRequests(client, server);
      this.#close(client);
      this.#close(server);
      await answers;
    } catch (error) {
      // The server is away, as some of the faults want it.
      if (!isBroken(error)) throw error;
    } finally {
      this.#close(client);
    }
  }

  async #copyRequests(client: Deno.TcpConn, server: Deno.TcpConn): Promise<void> {
    for await (const data of chunksOf(client)) {
      const fate = this.#fate();
      if (fate.type === "cut") return;
      if (fate.type === "swallow" || fate.type === "late") this.#close(client);
      if (fate.type === "delay" || fate.type === "late") await new Promise((resolve) => setTimeout(resolve, fate.ms));
      await writeAll(server, data);
      if (fate.type === "swallow" || fate.type === "late") return await this.#awaitAnswer(server);
    }
  }

  /** A server drops a statement whose client is gone before it was read, so the connection stays until there is an answer. */
  async #awaitAnswer(server: Deno.TcpConn): Promise<void> {
    this.#answered.set(server, Promise.withResolvers<void>());
    await this.#answered.get(server)?.promise;
  }

  readonly #answered = new Map<Deno.TcpConn, PromiseWithResolvers<void>>();

  async #copyAnswers(server: Deno.TcpConn, client: Deno.TcpConn): Promise<void> {
    for await (const data of chunksOf(server)) {
      this.#answered.get(server)?.resolve();
      try {
        if (this.#open.has(client)) await writeAll(client, data);
      } catch (error) {
        if (!isBroken(error)) throw error;
      }
    }
    this.#answered.get(server)?.resolve();
    this.#answered.delete(server);
    this.#close(client);
  }

  #close(connection: Deno.TcpConn): void {
    if (this.#open.delete(connection)) connection.close();
  }
}

/** What is received until the connection ends, however it does. */
async function* chunksOf(connection: Deno.TcpConn): AsyncIterable<Uint8Array> {
  const buffer = new Uint8Array(64 * 1024);
  try {
    for (;;) {
      const size = await connection.read(buffer);
      if (size === null) return;
      yield buffer.slice(0, size);
    }
  } catch (error) {
    if (!isBroken(error)) throw error;
  }
}

async function writeAll(connection: Deno.TcpConn, data: Uint8Array): Promise<void> {
  for (let written = 0; written < data.length;) written += await connection.write(data.subarray(written));
}

function isBroken(error: unknown): boolean {
  return [
    Deno.errors.BadResource,
    Deno.errors.BrokenPipe,
    Deno.errors.ConnectionReset,
    Deno.errors.ConnectionRefused,
    Deno.errors.Interrupted,
  ].some((type) => error instanceof type);
}
