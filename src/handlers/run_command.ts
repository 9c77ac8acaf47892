/**
 * Runs the command of a handler: gives it the notification, waits for its end, and ends it if it takes too long. The only
 * file that starts processes. Output is read as fast as it comes and only its end is kept, so no command waits for a reader.
 */

/** How much of the end of each output is kept, in bytes. */
export const KEPT_BYTES = 64 * 1024;

/** How long a command that shall end has before it is killed, in milliseconds. */
export const GRACE_MS = 5_000;

/** How long the rest of the output is read once the command has ended, in milliseconds: its children may keep it open. */
const DRAIN_MS = 1_000;

export interface RunOptions {
  readonly run: readonly [command: string, ...args: readonly string[]];
  /** Its working directory. */
  readonly directory: string;
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** What it gets on standard input. */
  readonly input: string;
  readonly timeoutMs: number;
  /** Default: `GRACE_MS`. */
  readonly graceMs?: number;
  /** Ends it early. */
  readonly signal: AbortSignal;
}

export type Outcome =
  | { readonly type: "done" }
  /** @param output the end of standard error, or of standard output if that is empty */
  | { readonly type: "failed"; readonly error: string; readonly output: string }
  /** It was ended by the signal: it may have done its work or not. */
  | { readonly type: "stopped" };

/** Runs a command to its end. Never rejects for what the command does. */
export async function runCommand(options: RunOptions): Promise<Outcome> {
  const { run: [command, ...args], directory, env, input, timeoutMs, graceMs = GRACE_MS, signal } = options;
  if (signal.aborted) return { type: "stopped" };
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(command, {
      args,
      cwd: directory,
      env: { ...env },
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      // Makes it the first of a process group, so that its children can be ended with it.
      detached: true,
    }).spawn();
  } catch (error) {
    return {
      type: "failed",
      error: `It cannot be started: ${error instanceof Error ? error.message : error}`,
      output: "",
    };
  }
  const outputs = [new Tail(child.stderr), new Tail(child.stdout)];
  // Whoever does not read its input closes it: that is no failure.
  write(child.stdin, input).catch(() => {});
  const why = await endOf(child, timeoutMs, signal);
  if (why !== "ended") await terminate(child, graceMs);
  const { success, code, signal: killedBy } = await child.status;
  const texts = await Promise.all(outputs.map((output) => output.end(DRAIN_MS)));
  if (why === "stopped") return { type: "stopped" };
  if (why === "ended" && success) return { type: "done" };
  const error = why === "late"
    ? `It took longer than ${timeoutMs} ms, and was ended`
    : killedBy === null
    ? `It ended with exit code ${code}`
    : `It was ended by ${killedBy}`;
  return { type: "failed", error, output: texts.find((text) => text.trim() !== "") ?? "" };
}

/** Waits for the end of a process, but not longer than `timeoutMs`, nor after the signal. */
async function endOf(
  { status }: Deno.ChildProcess,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<"ended" | "late" | "stopped"> {
  const early = Promise.withResolvers<"late" | "stopped">();
  const timer = setTimeout(() => early.resolve("late"), timeoutMs);
  const stop = () => early.resolve("stopped");
  signal.addEventListener("abort", stop);
  try {
    return await Promise.race([status.then(() => "ended" as const), early.promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

/** Asks a process and its children to end, and kills them if that takes too long. */
async function terminate(child: Deno.ChildProcess, graceMs: number): Promise<void> {
  kill(child, "SIGTERM");
  let timer: ReturnType<typeof setTimeout> | undefined;
  const grace = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, graceMs);
  });
  await Promise.race([child.status, grace]);
  clearTimeout(timer);
  // Also when it has ended: its children may not have.
  kill(child, "SIGKILL");
}

/** Sends a signal to the process group of a child, or to the child alone without the permission to run everything. */
function kill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  const mayKillGroup = Deno.build.os !== "windows" && Deno.permissions.querySync({ name: "run" }).state === "granted";
  try {
    if (mayKillGroup) Deno.kill(-child.pid, signal);
    else child.kill(signal);
  } catch (error) {
    // It has ended meanwhile: Deno has a TypeError for a child that it has seen end.
    if (!(error instanceof Deno.errors.NotFound || error instanceof TypeError)) throw error;
  }
}

async function write(stdin: WritableStream<Uint8Array>, text: string): Promise<void> {
  const writer = stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
}

/** Reads a stream to its end and keeps the last `KEPT_BYTES` of it. */
class Tail {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #read: Promise<void>;
  #chunks: Uint8Array[] = [];
  #size = 0;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
    this.#read = this.#readAll();
  }

  /** What was kept, once all is read or `waitMs` have passed. */
  async end(waitMs: number): Promise<string> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, waitMs);
    });
    await Promise.race([this.#read, late]);
    clearTimeout(timer);
    await this.#reader.cancel();
    const bytes = new Uint8Array(await new Blob(this.#chunks.map((chunk) => new Uint8Array(chunk))).arrayBuffer());
    return new TextDecoder().decode(bytes.subarray(Math.max(0, bytes.length - KEPT_BYTES)));
  }

  async #readAll(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) return;
      this.#chunks.push(value);
      this.#size += value.length;
      while (this.#size - (this.#chunks[0]?.length ?? 0) >= KEPT_BYTES) {
        this.#size -= this.#chunks.shift()?.length ?? 0;
      }
    }
  }
}
