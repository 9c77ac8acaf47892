/** A client in a process of its own: Node runs the client's code where npm has installed it. */

import { type Child, startProgram } from "../support/child.ts";
import type { Json } from "../support/server.ts";
import type { Answer, Calls } from "./calls.ts";

/** A client that takes longer to connect, or to make a call, has failed. */
const ANSWER_TIMEOUT_MS = 120_000;

export interface DriverOptions {
  /** The program `node`. */
  readonly node: string;
  /** Where npm has installed the client. The drivers are copied there, as Node looks for packages beside a script. */
  readonly installed: string;
  /** The name of a file in `drivers/`. */
  readonly driver: string;
  /** The client's configuration, in its own form. */
  readonly configuration: unknown;
  /** What the driver itself must know. */
  readonly options: Json;
  /** The whole environment: an account of the person who runs this must not be used. */
  readonly env: Readonly<Record<string, string>>;
}

export class Driver implements Calls, AsyncDisposable {
  readonly #child: Child;
  /** How many tools the client lists, where it tells. */
  readonly tools: number | undefined;

  private constructor(child: Child, tools: number | undefined) {
    this.#child = child;
    this.tools = tools;
  }

  /** Starts the client; resolves when it has connected and listed the tools. */
  static async start(
    { node, installed, driver, configuration, options, env }: DriverOptions,
  ): Promise<Driver> {
    await copyDrivers(installed);
    const child = startProgram(node, {
      args: [`${installed}/run.mjs`, driver, JSON.stringify(configuration), JSON.stringify(options)],
      cwd: installed,
      env: { ...env },
      clearEnv: true,
    });
    try {
      const { connected, tools, error } = await nextLine(child);
      if (connected !== true) throw new Error(`The client did not connect: ${error}`);
      return new Driver(child, typeof tools === "number" ? tools : undefined);
    } catch (error) {
      await child[Symbol.asyncDispose]();
      throw error;
    }
  }

  async call(tool: string, args: Json): Promise<Answer> {
    const writer = this.#child.process.stdin.getWriter();
    await writer.write(new TextEncoder().encode(`${JSON.stringify({ tool, args })}\n`));
    writer.releaseLock();
    const { text, error } = await nextLine(this.#child);
    if (typeof text === "string") return { text };
    return { error: typeof error === "string" ? error : `no text, but ${JSON.stringify(text)}` };
  }

  /** Closes the client; resolves when it has ended. */
  async close(): Promise<void> {
    await this.#child.endInput();
    await withTimeout(this.#child.process.status, "close");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child[Symbol.asyncDispose]();
  }
}

async function copyDrivers(directory: string): Promise<void> {
  const drivers = new URL("drivers/", import.meta.url);
  for await (const { name } of Deno.readDir(drivers)) {
    await Deno.copyFile(new URL(name, drivers), `${directory}/${name}`);
  }
}

/** The next line of the driver, an object. */
async function nextLine({ lines }: Child): Promise<Json> {
  const { value, done } = await withTimeout(lines.next(), "answer");
  if (done === true) throw new Error("The client ended without an answer");
  return JSON.parse(value);
}

async function withTimeout<T>(promise: Promise<T>, what: string): Promise<T> {
  const { promise: timeout, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`The client did not ${what} within ${ANSWER_TIMEOUT_MS / 1_000} s`)),
    ANSWER_TIMEOUT_MS,
  );
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
