/** Child processes that report line by line on standard output. */

export interface Child extends AsyncDisposable {
  readonly process: Deno.ChildProcess;
  /** The lines that it prints. */
  readonly lines: AsyncIterableIterator<string>;
  /** Ends its standard input. */
  endInput(): Promise<void>;
}

export interface ChildOptions {
  /** A shell command that runs before the script, in the same process. */
  readonly before?: string;
  /** Deno's flags for the script. Default: permission to read and write files. */
  readonly permissions?: readonly string[];
}

/** Starts a script of the tests with arguments. It is killed at the end of the block, if it still runs. */
export function startChild(
  script: URL,
  args: readonly string[],
  { before, permissions = ["--allow-read", "--allow-write"] }: ChildOptions = {},
): Child {
  const deno = ["run", "--quiet", "--no-check", "--cached-only", ...permissions, script.href, ...args];
  return before === undefined
    ? startProgram(Deno.execPath(), { args: deno })
    : startProgram("bash", { args: ["-c", `${before}; exec "$0" "$@"`, Deno.execPath(), ...deno] });
}

/** Starts a program. It is killed at the end of the block, if it still runs. */
export function startProgram(command: string, options: Deno.CommandOptions): Child {
  const process = new Deno.Command(command, { stderr: "inherit", ...options, stdin: "piped", stdout: "piped" }).spawn();
  let isInputOpen = true;
  const endInput = async () => {
    if (!isInputOpen) return;
    isInputOpen = false;
    await process.stdin.close();
  };
  return {
    process,
    lines: linesOf(process.stdout),
    endInput,
    async [Symbol.asyncDispose]() {
      await endInput();
      try {
        process.kill("SIGKILL");
      } catch (error) {
        // It has ended by itself.
        if (!(error instanceof TypeError)) throw error;
      }
      await process.status;
      if (!process.stdout.locked) await process.stdout.cancel();
    },
  };
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncIterableIterator<string> {
  let rest = "";
  // The types of browsers, which the dashboard's tests need, let a decoder take more than Deno's streams say.
  const decoder: ReadableWritablePair<string, Uint8Array> = new TextDecoderStream() as TransformStream<
    Uint8Array,
    string
  >;
  for await (const text of stream.pipeThrough(decoder)) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
