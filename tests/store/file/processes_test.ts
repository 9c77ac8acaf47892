/** Shows that many processes on one data directory lose nothing, do nothing twice, and survive being killed at will. */

import { localOperator } from "../../../src/core/model/access.ts";
import { assert, assertEquals } from "@std/assert";
import { type Event, type JournalRecord, taskIdsOf } from "../../../src/core/messages/events.ts";
import { realDisk } from "../../../src/store/file/disk.ts";
import { verifyJournal } from "../../../src/store/file/maintenance.ts";
import { create, newTask, times } from "../../core/given.ts";
import { startChild } from "../../support/child.ts";
import { openStore, recordsAfter, startStore, wholeState } from "../../support/store.ts";
import { temporaryDirectory } from "../../support/temp.ts";

const WORKER = new URL("worker.ts", import.meta.url);
const PROCESSES = 8;

function test(name: string, fn: (directory: string) => Promise<void>): void {
  Deno.test({
    name,
    permissions: { read: "inherit", write: "inherit", run: "inherit" },
    async fn() {
      await using directory = await temporaryDirectory();
      await fn(directory.path);
    },
  });
}

test("8 processes that create 50 tasks each at the same time keep all 400", async (directory) => {
  const prefixes = times(PROCESSES, (index) => `p${index}`);
  const said = await runAtOnce(directory, prefixes.map((prefix) => ["create", prefix, "50"]));
  const expected = prefixes.flatMap((prefix) => times(50, (index) => `${prefix}-${index}`)).sort();
  assertEquals(answers(said, "created").sort(), expected);
  assertEquals(idsOf(await journalOf(directory), "tasks.created").sort(), expected);
  await using store = await startStore({ directory });
  const { tasks } = await wholeState(store.engine);
  assertEquals(tasks.map(({ id }) => id).sort(), expected);
  assertEquals(tasks.map(({ order }) => order), times(400, (index) => index + 1));
});

test("40 tasks that 8 processes race for are each completed once", async (directory) => {
  const ids = times(40, (index) => `t${index}`);
  await createTasks(directory, ids);
  const said = await runAtOnce(directory, times(PROCESSES, (index) => ["work", `w${index}`]));
  assertEquals(answers(said, "completed").sort(), ids.toSorted());
  const records = await journalOf(directory);
  assertEquals(idsOf(records, "task.claimed").sort(), ids.toSorted());
  assertEquals(idsOf(records, "task.completed").sort(), ids.toSorted());
  await using store = await startStore({ directory });
  const { tasks } = await wholeState(store.engine);
  for (const { status, attempt, result, assignedTo } of tasks) {
    assertEquals([status, attempt, result], ["completed", 1, `by ${assignedTo}`]);
  }
  assert(new Set(tasks.map(({ assignedTo }) => assignedTo)).size > 1, "there was no race");
});

test("after random kills, the journal has every answered command once, and every other at most once", async (directory) => {
  const random = generator(20_251_122);
  const prepared = times(60, (index) => `t${index}`);
  await createTasks(directory, prepared);
  const creators = times(
    4,
    (index) => survivingKills(directory, random, (life) => ["create", `p${index}.${life}`, "25"]),
  );
  const workers = times(4, (index) => survivingKills(directory, random, (life) => ["work", `w${index}.${life}`]));
  const said = (await Promise.all([...creators, ...workers])).flat();
  const records = await journalOf(directory);

  const created = idsOf(records, "tasks.created");
  assertEquals(new Set(created).size, created.length);
  const asked = new Set([...prepared, ...answers(said, "asked")]);
  for (const id of created) assert(asked.has(id), `nobody asked for ${id}`);
  for (const id of answers(said, "created")) assert(created.includes(id), `${id} is lost`);

  const claimed = idsOf(records, "task.claimed");
  const completed = idsOf(records, "task.completed");
  assertEquals(new Set(claimed).size, claimed.length);
  assertEquals(new Set(completed).size, completed.length);
  for (const id of answers(said, "claimed")) assert(claimed.includes(id), `the claim of ${id} is lost`);
  for (const id of answers(said, "completed")) assert(completed.includes(id), `the result of ${id} is lost`);
  // A killed process leaves at most one task of those that were there from the start.
  assert(completed.length >= 60 - 4 * KILLS, "the processes were killed before they did anything");

  await using store = await startStore({ directory });
  assertEquals((await wholeState(store.engine)).tasks.map(({ id }) => id), created);
});

/** How often a process is killed and started again before it may run to its end. */
const KILLS = 3;

/** Runs a process that is killed, after some lines, and begun again as another; resolves to all that was said. */
async function survivingKills(
  directory: string,
  random: () => number,
  argsOf: (life: number) => readonly string[],
): Promise<string[]> {
  const said: string[] = [];
  for (let life = 0; life < KILLS; life++) {
    await using child = startChild(WORKER, [directory, ...argsOf(life)]);
    await child.endInput();
    const enough = 1 + Math.floor(random() * 30);
    for await (const line of child.lines) {
      // What it says after it was killed, it said before.
      if (said.push(line) % enough === 0) kill(child.process);
    }
  }
  return [...said, ...await runAtOnce(directory, [argsOf(KILLS)])];
}

function kill(process: Deno.ChildProcess): void {
  try {
    process.kill("SIGKILL");
  } catch (error) {
    // It has ended already.
    if (!(error instanceof TypeError)) throw error;
  }
}

/** Starts processes, lets them begin together, and resolves to all that they said once they have ended. */
async function runAtOnce(directory: string, all: readonly (readonly string[])[]): Promise<string[]> {
  await using stack = new AsyncDisposableStack();
  const children = all.map((args) => stack.use(startChild(WORKER, [directory, ...args])));
  for (const child of children) assertEquals((await child.lines.next()).value, `ready ${directory}`);
  const said = await Promise.all(children.map(async (child) => {
    await child.endInput();
    const lines = await Array.fromAsync(child.lines);
    assert((await child.process.status).success, lines.at(-1));
    return lines;
  }));
  return said.flat();
}

async function createTasks(directory: string, ids: readonly string[]): Promise<void> {
  await using store = await startStore({ directory });
  await store.engine.execute(create(...ids.map((id) => newTask(id))), localOperator("test"));
}

/** What was said of a kind of answer. */
function answers(said: readonly string[], kind: string): string[] {
  return said.filter((line) => line.startsWith(`${kind} `)).map((line) => line.slice(kind.length + 1));
}

async function journalOf(directory: string): Promise<JournalRecord[]> {
  assertEquals(verifyJournal(realDisk, directory).fault, undefined);
  await using store = openStore({ directory });
  return await recordsAfter(store.journal);
}

/** The ids of the tasks to which a kind of event happened, once for each time. */
function idsOf(records: readonly JournalRecord[], type: Event["type"]): string[] {
  return records.flatMap(({ events }) => events).filter((event) => event.type === type)
    .flatMap(taskIdsOf);
}

/** Numbers in [0, 1) that are the same every time (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
