/**
 * Disk-full spells: for a while a process may make no file longer than some size, so that its writes are cut short and
 * then fail, as on a full disk. Done with the soft limit of RLIMIT_FSIZE, which needs no privilege, by `prlimit` of
 * util-linux; where that or bash is missing, there are no spells.
 */

export class SpellMaker {
  readonly #isAble: boolean;

  private constructor(isAble: boolean) {
    this.#isAble = isAble;
  }

  /** Finds out what this machine can do. */
  static async find(): Promise<SpellMaker> {
    const able = await Promise.all([runs("bash", ["-c", "true"]), runs("prlimit", ["--version"])]);
    return new SpellMaker(able.every((isAble) => isAble));
  }

  get isAble(): boolean {
    return this.#isAble;
  }

  /** Starts a program that outlives the signal by which the system says that a file may not grow. */
  spawn(command: string, args: readonly string[]): Deno.ChildProcess {
    const options: Deno.CommandOptions = { stdin: "piped", stdout: "piped", stderr: "inherit" };
    return this.#isAble
      ? new Deno.Command("bash", { ...options, args: ["-c", `trap '' XFSZ; exec "$0" "$@"`, command, ...args] }).spawn()
      : new Deno.Command(command, { ...options, args: [...args] }).spawn();
  }

  /** Sets the size over which no file of a process grows, or lifts it; resolves to whether that was done. */
  limit(pid: number, sizeBytes: number | undefined): Promise<boolean> {
    if (!this.#isAble) return Promise.resolve(false);
    return runs("prlimit", ["--pid", String(pid), `--fsize=${sizeBytes ?? "unlimited"}:`]);
  }
}

async function runs(command: string, args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args, stdout: "null", stderr: "null" }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
