/** Raw connections to an HTTP server of this process: for bytes that no HTTP client would send. */

import { type Answering, type Handler, HttpServer, type HttpServerOptions } from "../../src/http/server.ts";
import { TIMEOUTS } from "../../src/http/limits.ts";
import { RecordingLog } from "./log.ts";

/** Times that are over soon. Each test of one of them leaves the others long. */
export const LONG = { ...TIMEOUTS, checkMs: 20 };

export interface Served extends AsyncDisposable {
  readonly server: HttpServer;
  readonly log: RecordingLog;
  readonly port: number;
}

/** Starts a server on any free port. */
export async function serveHttp(
  handle: Handler,
  { admission, ...options }: Partial<HttpServerOptions & Answering> = {},
): Promise<Served> {
  const served = await listen(options);
  served.server.answer({ handle, admission });
  return served;
}

/** Starts a server that does not answer yet. */
export async function listen(options: Partial<HttpServerOptions> = {}): Promise<Served> {
  const log = new RecordingLog();
  const server = await HttpServer.listen({ host: "127.0.0.1", port: 0, log, timeouts: LONG, ...options });
  return { server, log, port: server.port, [Symbol.asyncDispose]: () => server.close() };
}

/** A connection, on which a test sends what it likes. */
export class RawConnection implements Disposable {
  readonly #connection: Deno.TcpConn;

  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  async send(text: string): Promise<void> {
    const bytes = new TextEncoder().encode(text);
    for (let sent = 0; sent < bytes.length;) sent += await this.#connection.write(bytes.subarray(sent));
  }

  /** Sends no more, but reads on. */
  async closeWrite(): Promise<void> {
    await this.#connection.closeWrite();
  }

  /** All that the server sends until it closes the connection. */
  async readAll(): Promise<string> {
    let text = "";
    while (true) {
      const read = await this.read();
      if (read === undefined) return text;
      text += read;
    }
  }

  /** What the server sends next; undefined if it has closed the connection. */
  async read(): Promise<string | undefined> {
    const bytes = new Uint8Array(64 * 1024);
    try {
      const count = await this.#connection.read(bytes);
      return count === null ? undefined : new TextDecoder("latin1").decode(bytes.subarray(0, count));
    } catch (error) {
      // The server has closed the connection while bytes were under way to it.
      if (error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe) return undefined;
      throw error;
    }
  }

  /** Reads until what was read contains a text. */
  async readUntil(text: string): Promise<string> {
    let all = "";
    while (!all.includes(text)) {
      const read = await this.read();
      if (read === undefined) throw new Error(`The connection was closed before ${text}: ${all}`);
      all += read;
    }
    return all;
  }

  close(): void {
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Connects to a port of this machine. */
export async function connectTo(port: number): Promise<RawConnection> {
  return new RawConnection(await Deno.connect({ hostname: "127.0.0.1", port }));
}

/** Sends bytes on a new connection; resolves to all that the server answers until it closes the connection. */
export async function exchange(port: number, text: string): Promise<string> {
  using connection = await connectTo(port);
  await connection.send(text);
  return await connection.readAll();
}
