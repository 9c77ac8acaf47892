/** Services as an operator starts them: real processes of `main.ts serve` with permission for their data and port only. */

import { assert } from "@std/assert";
import { MAIN } from "./server.ts";

/** The text that a service prints when it listens. */
const LISTENING = /Serving http:\/\/(\S+?)\/ /;

export interface ServiceOptions {
  /** The program. Default: `MAIN`. */
  readonly main?: string;
  /** Whether clients need a token. Default: they do not. */
  readonly needsToken?: boolean;
  /** Further arguments of the program. */
  readonly args?: readonly string[];
  /** Where it listens. Default: 0, any free port. */
  readonly port?: number;
  /** Further hosts that it may connect to. */
  readonly net?: readonly string[];
  /** Environment variables in addition to those of this process; the program may not read them. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a service on a data directory; resolves when it listens. */
export async function startService(
  directory: string,
  { main = MAIN, args = [], needsToken = false, port = 0, net = [], env = {} }: ServiceOptions = {},
): Promise<Service> {
  const permissions = [
    `--allow-read=${directory}`,
    `--allow-write=${directory}`,
    `--allow-net=${[`127.0.0.1:${port}`, ...net].join(",")}`,
  ];
  const program = [main, "--data", directory, "serve", "--port", `${port}`].concat(needsToken ? [] : ["--open"], args);
  return await spawnService({ args: ["run", "--quiet", "--no-prompt", ...permissions, ...program], env: { ...env } });
}

/** Starts `serve` by a command line of Deno; resolves when it listens. */
export async function spawnService(
  options: Pick<Deno.CommandOptions, "args" | "cwd" | "env" | "clearEnv">,
): Promise<Service> {
  const command = new Deno.Command(Deno.execPath(), { ...options, stdin: "null", stdout: "null", stderr: "piped" });
  const service = new Service(command.spawn());
  await service.listening;
  return service;
}

export class Service implements AsyncDisposable {
  /** Resolves when it listens. */
  readonly listening: Promise<void>;
  readonly #process: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  #log = "";
  #host = "";

  constructor(process: Deno.ChildProcess) {
    this.#process = process;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.listening = promise;
    this.#reading = this.#read(resolve).then(() => reject(new Error(`The service did not start: ${this.#log}`)));
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Its standard error so far. */
  get log(): string {
    return this.#log;
  }

  /** Its host name and port. */
  get host(): string {
    return this.#host;
  }

  /** The address of a path. */
  url(path: string): URL {
    return new URL(path, `http://${this.#host}`);
  }

  /** Asks it to end; resolves to its exit code. */
  async end(signal: Deno.Signal = "SIGTERM"): Promise<number> {
    try {
      this.#process.kill(signal);
    } catch (error) {
      // It has ended by itself.
      if (!(error instanceof TypeError)) throw error;
    }
    const { code } = await this.#process.status;
    await this.#reading;
    return code;
  }

  /** Stops it, so that it answers nobody. */
  stop(): void {
    this.#process.kill("SIGSTOP");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end("SIGKILL");
  }

  async #read(onListening: () => void): Promise<void> {
    for await (const text of this.#process.stderr.pipeThrough(new TextDecoderStream())) {
      this.#log += text;
      const [, host] = LISTENING.exec(this.#log) ?? [];
      if (host === undefined || this.#host !== "") continue;
      assert(URL.canParse(`http://${host}`));
      this.#host = host;
      onListening();
    }
  }
}
