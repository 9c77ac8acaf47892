/** Shows that copies of a directory that a process writes to meanwhile have all that was answered before: any copy. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Child, startChild } from "../support/child.ts";
import { runProgram } from "../support/program.ts";
import { MAIN } from "../support/server.ts";
import { startStore, taskIds } from "../support/store.ts";
import { temporaryDirectory } from "../support/temp.ts";

/** How often each kind of copy is made. */
const ROUNDS = 2;

/** Tasks from one checkpoint to the next. */
const CHECKPOINT_EVERY = 8;

/** Tasks there are before the first copy, and tasks that are created while each is made. */
const TASKS_BEFORE = 40;
const TASKS_MEANWHILE = 20;

/** Orders in which a tool may copy what is in the directory, and whether the parts are then of different ages. */
const ORDERS: readonly { readonly first: readonly string[]; readonly areAgesMixed: boolean }[] = [
  { first: ["journal", "tasks.json", "state.json"], areAgesMixed: true },
  { first: ["state.json", "journal", "tasks.json"], areAgesMixed: true },
  { first: ["state.json", "tasks.json", "journal"], areAgesMixed: false },
];

Deno.test("copies of a directory under load open with all that was answered before them", async () => {
  await using parent = await temporaryDirectory();
  const data = `${parent.path}/data`;
  await using child = startChild(new URL("./copy_writer.ts", import.meta.url), [data, String(CHECKPOINT_EVERY)]);
  const writer = new Writer(child);
  await writer.begin(TASKS_BEFORE);
  await writer.end();
  for (let round = 1; round <= ROUNDS; round++) {
    const destination = `${parent.path}/backup-${round}`;
    const before = writer.count;
    await writer.begin(TASKS_MEANWHILE);
    const { code, output, log } = await runOn(data, parent.path, "backup", destination);
    assertEquals([code, log], [0, ""]);
    assertStringIncludes(output, `Copied to ${destination}, and read back`);
    const verified = await runOn(destination, destination, "verify");
    assertEquals([verified.code, verified.output.split("\n").at(-2)], [0, "OK"]);
    assertEquals(await openCopy(destination, before), []);
    await writer.end();

    for (const [index, { first, areAgesMixed }] of ORDERS.entries()) {
      const copy = `${parent.path}/copy-${round}-${index}`;
      const before = writer.count;
      await writer.begin(TASKS_MEANWHILE);
      await Deno.mkdir(copy);
      for (const name of first) {
        await copyOne(`${data}/${name}`, `${copy}/${name}`);
        if (name !== "journal") continue;
        // The checkpoint is replaced by one that is newer than what was copied.
        await writer.end();
        await writer.begin(CHECKPOINT_EVERY + 1);
        await writer.end();
      }
      const verified = await runOn(copy, copy, "verify");
      assertEquals(verified.code, 0, verified.output);
      const warnings = await openCopy(copy, before);
      assertEquals(warnings.some((each) => each.includes("copied at")), areAgesMixed, `${first}: ${warnings}`);
    }
  }
});

/** Has a process create tasks. */
class Writer {
  /** How many of them are known to be durable. */
  count = 0;
  #begun = 0;
  readonly #child: Child;

  constructor(child: Child) {
    this.#child = child;
  }

  /** Has it create so many more, without waiting for them. */
  async begin(tasks: number): Promise<void> {
    const input = this.#child.process.stdin.getWriter();
    await input.write(new Uint8Array(tasks));
    input.releaseLock();
    this.#begun += tasks;
  }

  /** Resolves when all that were begun are durable. */
  async end(): Promise<void> {
    while (this.count < this.#begun) assertEquals((await this.#child.lines.next()).value, `t${++this.count}`);
  }
}

/** Opens a copy, twice; asserts that the tasks up to a number are there, and nothing is said the second time. */
async function openCopy(directory: string, least: number): Promise<readonly string[]> {
  await using store = await startStore({ directory });
  const ids = await taskIds(store.engine);
  assert(ids.length >= least, `${ids.length} of ${least}`);
  assertEquals(ids, Array.from(ids, (_, index) => `t${index + 1}`));
  await using again = await startStore({ directory });
  assertEquals(await taskIds(again.engine), ids);
  assertEquals(again.log.warnings, []);
  return store.log.warnings;
}

/** Copies a file, or the files of a directory, as they are when their turn comes. */
async function copyOne(from: string, to: string): Promise<void> {
  if (!(await Deno.stat(from)).isDirectory) return await Deno.copyFile(from, to);
  await Deno.mkdir(to);
  for (const { name } of Array.from(Deno.readDirSync(from))) await copyOne(`${from}/${name}`, `${to}/${name}`);
}

function runOn(directory: string, permitted: string, ...command: readonly string[]) {
  const permissions = [`--allow-read=${permitted}`, `--allow-write=${permitted}`];
  return runProgram(directory, [], {
    args: ["run", "--quiet", "--no-prompt", ...permissions, MAIN, "--data", directory, ...command],
  });
}
