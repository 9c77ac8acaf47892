/**
 * Shows that a redaction leaves no byte of a text in a data directory, that the journal stays whole at every step of it, that
 * processes which have the journal open go on, and that `verify` tells what was redacted and what was changed since.
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Unavailable } from "../../../src/app/ports.ts";
import { localOperator } from "../../../src/core/model/access.ts";
import { REDACTED } from "../../../src/core/model/redaction.ts";
import { Refusal } from "../../../src/core/model/refusal.ts";
import { backUp } from "../../../src/store/file/backup.ts";
import { type Disk, realDisk } from "../../../src/store/file/disk.ts";
import { verifyJournal } from "../../../src/store/file/maintenance.ts";
import { claim, complete, create, newTask } from "../../core/given.ts";
import { steppingClock } from "../../support/clock.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { redactOn } from "../../support/redact.ts";
import { checkpoint, recordsOf, type RunningStore, startStore, wholeState } from "../../support/store.ts";
import { temporaryDirectory } from "../../support/temp.ts";
import { contents } from "./damage.ts";
import { dieAt, FaultyDisk, MAX_OPERATIONS, type Plan } from "./faulty_disk.ts";

const SECRET = "sk-live-1234567890-abcdefghijklmnop";

/** Segments of a few records. */
const SEGMENT_BYTES = 1_500;

const now = steppingClock(10_000);
const caller = localOperator("test");
const RESULT = JSON.stringify({ ok: true, key: SECRET });

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, permissions: "none", fn });
}

function start(disk: Disk): Promise<RunningStore> {
  return startStore({ directory: "/data", disk, segmentBytes: SEGMENT_BYTES, now });
}

function redactTask(disk: Disk, ...rest: readonly ["result"] | readonly []) {
  return redactOn(
    { directory: "/data", disk, segmentBytes: SEGMENT_BYTES, now },
    "a",
    rest.length > 0 ? rest : undefined,
  );
}

/** A task with the secret in its result and in a note, another one that waits for it, and several segments. */
async function leak(disk: MemoryDisk): Promise<void> {
  await using store = await start(disk);
  const { engine } = store;
  const when = { pointer: "/ok", equals: true };
  await engine.execute(create(newTask("a"), { ...newTask("b"), dependencies: [{ task: "a", when }] }), caller);
  await engine.execute(claim("x", "a"), caller);
  for (let note = 0; note < 4; note++) {
    await engine.execute({ type: "add_note", id: "a", text: `${note} ${SECRET}` }, caller);
    await engine.execute(create(newTask(`other ${note}`)), caller);
  }
  await engine.execute(complete("x", "a", RESULT), caller);
  await checkpoint(store);
  await engine.execute(claim("x", "b"), caller);
  const failure = { handler: "chat", notification: "10.0", task: "a", error: `exit code 1: ${RESULT}`, tries: 1 };
  await engine.execute({ type: "record_failure", failure }, caller);
}

function places(disk: MemoryDisk): readonly string[] {
  return [...disk.files()].filter(([, text]) => text.includes(SECRET)).map(([path]) => path);
}

test("a redaction leaves no byte of the texts in any file, and the journal whole", async () => {
  const disk = new MemoryDisk();
  await leak(disk);
  const damaged = disk.files().get("/data/journal/0000000001.jsonl")?.slice(0, -30) ?? "";
  const copies: Readonly<Record<string, string>> = {
    "/data/tasks.json.set-aside-1": `{"a":{"id":"a","result":"old ${SECRET}","status":"completed"},"b":{"id":"b"}}`,
    "/data/tasks.json.imported-1": `[{"id":"a","description":"was ${SECRET}"}]`,
    "/data/tasks.json.tmp": `{"a":{"id":"a","notes":[{"text":"0 ${SECRET}`,
    "/data/state.json.set-aside-1": `{"cancelled":[{"tasks":[{"id":"a","reason":"${SECRET}"}]}]}`,
    "/data/cut-1-0.jsonl": damaged,
  };
  for (const [path, text] of Object.entries(copies)) disk.put(path, text);
  assert(places(disk).length > Object.keys(copies).length);
  const { records, seqs, copies: changed } = await redactTask(disk);
  assertEquals(places(disk), []);
  assertEquals([records, seqs.length], [7, 1]);
  assertEquals(changed.toSorted(), Object.keys(copies).filter((path) => !path.endsWith(".tmp")).sort());
  const { fault, changed: uncovered, isCheckpointOlder, redactions } = verifyJournal(disk, "/data");
  assertEquals([fault, uncovered, isCheckpointOlder], [undefined, undefined, undefined]);
  assertEquals(redactions?.map(({ id, records, left, by, reason }) => [id, records, left, by, reason]), [
    ["a", 7, 0, { caller: "operator" }, "leak"],
  ]);
  await using store = await start(disk);
  const { a, b } = await tasksOf(store);
  assertEquals([a?.result, a?.description, b?.status], [REDACTED, REDACTED, "in_progress"]);
  assertEquals(JSON.stringify(await recordsOf(store.engine)).includes(SECRET), false);
});

test("the state is the same from the checkpoint, from the redacted journal, and in a process that read both", async () => {
  const disk = new MemoryDisk();
  await leak(disk);
  await using open = await start(disk);
  await redactTask(disk);
  const fromJournal = disk.afterKill();
  for (const name of ["state.json", "tasks.json"]) fromJournal.remove(`/data/${name}`);
  await using reader = await start(disk);
  await using replaying = await start(fromJournal);
  const state = await wholeState(reader.engine);
  assertEquals(await wholeState(open.engine), state);
  assertEquals(await wholeState(replaying.engine), state);
});

test("a task that waits no more for a redacted result is ready since then, also from the redacted journal", async () => {
  const disk = new MemoryDisk();
  await using open = await start(disk);
  const { engine } = open;
  const when = { pointer: "/ok", equals: true };
  await engine.execute(create(newTask("a"), { ...newTask("b"), dependencies: [{ task: "a", when }] }), caller);
  await engine.execute(claim("x", "a"), caller);
  await engine.execute(complete("x", "a", RESULT), caller);
  for (let other = 0; other < 10; other++) await engine.execute(create(newTask(`other ${other}`)), caller);
  await engine.execute({ type: "update_task", id: "b", dependencies: [] }, caller);
  await redactTask(disk, "result");
  for (const name of ["state.json", "tasks.json"]) disk.remove(`/data/${name}`);
  await using replaying = await start(disk);
  assertEquals(await wholeState(replaying.engine), await wholeState(engine));
});

test("processes that have the journal open read, write and search on, at whatever record they were", async () => {
  const disk = new MemoryDisk();
  await leak(disk);
  await using writer = await start(disk);
  await using reader = await start(disk);
  await using idle = await start(disk);
  // Its open segment is another one than the last.
  await recordsOf(reader.engine);
  for await (const _ of reader.engine.search({ after: 0, before: 3, keys: [], isNewestFirst: false }));
  await redactTask(disk);
  await writer.engine.execute(create(newTask("after")), caller);
  for (const { engine, log } of [reader, idle, writer]) {
    assertEquals(JSON.stringify(await wholeState(engine)).includes(SECRET), false);
    assertEquals(JSON.stringify(await recordsOf(engine)).includes(SECRET), false);
    assertEquals(Object.keys(await tasksOf({ engine })).at(-1), "after");
    assertEquals(log.warnings, []);
  }
  // A checkpoint of a process whose state is older than the redaction must not come back.
  const { seq } = writer.engine;
  await checkpoint(writer);
  assertEquals([verifyJournal(disk, "/data").records, places(disk)], [seq, []]);
});

test("a full segment that a redaction makes shorter than a full one is not taken for the last one", async () => {
  const disk = new MemoryDisk();
  const secret = SECRET.repeat(60);
  {
    await using store = await start(disk);
    const { engine } = store;
    await engine.execute(create(newTask("a"), newTask("b"), newTask("c")), caller);
    await engine.execute(claim("x", "a"), caller);
    await engine.execute(complete("x", "a", secret), caller);
    for (let note = 0; note < 4; note++) {
      await engine.execute({ type: "add_note", id: "b", text: `${note} ${"text ".repeat(60)}` }, caller);
    }
  }
  for (const name of ["state.json", "tasks.json"]) disk.remove(`/data/${name}`);
  await using open = await start(disk);
  await redactTask(disk);
  const sizes = [...disk.files()].filter(([path]) => path.includes("/journal/")).map(([, text]) => text.length);
  assert(sizes.length > 1 && (sizes[0] ?? Infinity) < SEGMENT_BYTES, `${sizes}`);
  for (const name of ["state.json", "tasks.json"]) if (disk.files().has(`/data/${name}`)) disk.remove(`/data/${name}`);
  await using fresh = await start(disk);
  for (const [id, { engine }] of [["d", fresh], ["e", open], ["f", fresh]] as const) {
    await engine.execute(create(newTask(id)), caller);
  }
  assertEquals(Object.keys(await tasksOf(open)), ["a", "b", "c", "d", "e", "f"]);
  assertEquals(await wholeState(open.engine), await wholeState(fresh.engine));
  const { fault, records } = verifyJournal(disk, "/data");
  assertEquals([fault, records], [undefined, fresh.engine.seq]);
});

test("a checkpoint from before the redaction that is saved after it is not written", async () => {
  const disk = new MemoryDisk();
  await leak(disk);
  await using slow = await start(disk);
  const { snapshot, position } = await slow.engine.checkpoint();
  assert(JSON.stringify(snapshot).includes(SECRET));
  await redactTask(disk);
  await slow.checkpoints.save(snapshot, position);
  assertEquals(places(disk), []);
});

test("a search that has begun goes on in the segments that were replaced", async () => {
  for (const isNewestFirst of [false, true]) {
    const disk = new MemoryDisk();
    await leak(disk);
    await using reader = await startStore({
      directory: "/data",
      disk,
      segmentBytes: SEGMENT_BYTES,
      chunkBytes: 300,
      now,
    });
    const seqs: number[] = [];
    let isRedacted = false;
    const last = reader.engine.seq;
    for await (const records of reader.journal.search({ after: 0, before: last + 1, keys: [], isNewestFirst })) {
      if (!isRedacted) await redactTask(disk);
      else assertEquals(JSON.stringify(records).includes(SECRET), false);
      isRedacted = true;
      seqs.push(...records.map(({ seq }) => seq));
    }
    assertEquals(seqs.toSorted((a, b) => a - b), Array.from({ length: last }, (_, index) => index + 1));
  }
});

/** How a death meets the operation at which it comes. */
const DEATHS: Readonly<Record<string, (number: number) => Plan>> = {
  "before": dieAt,
  "in the middle of": (number) => (operation) => {
    const isPartial = operation.number === number && operation.name === "write";
    return isPartial ? { taken: 100, error: new Error("killed") } : dieAt(number)(operation);
  },
};

for (const [when, plan] of Object.entries(DEATHS)) {
  test(`a redaction that dies ${when} any operation leaves a whole journal, and a repeat completes it`, async () => {
    const disk = new MemoryDisk();
    await leak(disk);
    disk.put("/data/tasks.json.set-aside-1", `{"a":{"id":"a","result":"old ${SECRET}"}}`);
    let expected: unknown;
    let deaths = 0;
    const unfinished = new Set<string>();
    for (let isOver = false; !isOver; deaths++) {
      assert(deaths < MAX_OPERATIONS, "it never ends");
      const memory = disk.afterKill();
      const dying = new FaultyDisk(memory);
      dying.plan = plan(deaths + 1);
      isOver = await redactTask(dying).then(() => true, () => false);
      for (const left of [memory.afterKill(), memory.afterPowerLoss()]) {
        const { fault, changed, redactions = [], isCheckpointOlder } = verifyJournal(left, "/data");
        assertEquals([fault?.kind === "damaged", changed], [false, undefined]);
        if (isOver) assertEquals(places(left), []);
        else if (redactions.some(({ left }) => left > 0)) unfinished.add("lines");
        else if (isCheckpointOlder) unfinished.add("checkpoint");
        await redactTask(left);
        assertEquals([places(left), verifyJournal(left, "/data").redactions?.some(({ left }) => left > 0)], [
          [],
          false,
        ]);
        await using store = await start(left);
        const tasks = await tasksOf(store);
        expected ??= tasks;
        assertEquals(tasks, expected);
      }
    }
    assert(deaths > 20, `${deaths} deaths`);
    assertEquals([...unfinished].sort(), ["checkpoint", "lines"]);
  });
}

test("answers of others after a redaction died at any operation survive a loss of power", async () => {
  const disk = new MemoryDisk();
  await leak(disk);
  for (let deaths = 0, isOver = false; !isOver; deaths++) {
    assert(deaths < MAX_OPERATIONS, "it never ends");
    const memory = disk.afterKill();
    await using other = await start(memory);
    await other.engine.execute(create(newTask("before")), caller);
    // It has another segment open than the last one when the redaction comes.
    for await (const _ of other.engine.search({ after: 0, before: 3, keys: [], isNewestFirst: false }));
    const dying = new FaultyDisk(memory);
    dying.plan = dieAt(deaths + 1);
    isOver = await redactTask(dying).then(() => true, () => false);
    await other.engine.execute(create(newTask("after")), caller);
    await using survivor = await start(memory.afterPowerLoss());
    assertEquals(Object.keys(await tasksOf(survivor)).slice(-2), ["before", "after"]);
  }
});

test("a segment that is as long as before, and whose new name is not durable yet, loses no later answer", async () => {
  const sizes: number[] = [];
  // The second secret is as much longer as the first line grew.
  for (let length = 20; sizes.length < 2; length += sizes[0] ?? 0) {
    const disk = new MemoryDisk();
    const options = { directory: "/data", disk, segmentBytes: 1, now };
    await using other = await startStore({ ...options, segmentBytes: 1_000 });
    for (const id of ["1", "2", "3", "4"]) await other.engine.execute(create(newTask(id)), caller);
    await other.engine.execute(create({ ...newTask("a"), description: "s".repeat(length) }), caller);
    const last = `/data/journal/${disk.list("/data/journal").sort().at(-1)}`;
    const before = disk.identity(last)?.sizeBytes ?? 0;
    for await (const _ of other.engine.search({ after: 0, before: 2, keys: [], isNewestFirst: false }));
    const dying = new FaultyDisk(disk);
    dying.plan = ({ name, path }) => {
      return name === "syncDirectory" && disk.identity(last) !== undefined && dying.operations.some((each) => {
          return each.name === "rename" && each.path === last;
        }) &&
          path === "/data/journal"
        ? { error: new Error("killed") }
        : undefined;
    };
    await assertRejects(() => redactOn({ ...options, disk: dying }, "a"));
    await other.engine.execute(create(newTask("after")), caller);
    await using survivor = await startStore({ ...options, disk: disk.afterPowerLoss() });
    assertEquals(Object.keys(await tasksOf(survivor)).at(-1), "after");
    const [line = ""] = (disk.files().get(last) ?? "").split("\n");
    sizes.push(line.length + 1 - before);
    if (sizes.length === 2) assertEquals(sizes[1], 0);
  }
});

test("a redacted task is redacted again with other texts, and verify knows both redactions", async () => {
  const disk = new MemoryDisk();
  await leak(disk);
  await redactTask(disk, "result");
  assert(places(disk).length > 0);
  await redactTask(disk);
  assertEquals(places(disk), []);
  const { redactions, changed } = verifyJournal(disk, "/data");
  assertEquals(redactions?.map(({ left }) => left), [0, 0]);
  assertEquals(changed, undefined);
  const error = await assertRejects(() => redactOn({ directory: "/data", disk, now }, "nobody"), Refusal);
  assertEquals(error.code, "not_found");
});

test("whoever changes, marks or restores a line is found, and a repeat does not bless it", async () => {
  const disk = new MemoryDisk();
  await leak(disk);
  const original = disk.files();
  await redactTask(disk, "result");
  const path = [...original.keys()].find((path) =>
    path.endsWith(".jsonl") && original.get(path)?.includes(RESULT_TEXT)
  );
  assert(path !== undefined);
  const { sha256 } = await import("../../../src/store/file/hash.ts");
  const forge = (change: (body: string) => string) => {
    const forged = disk.afterKill();
    const text = forged.files().get(path) ?? "";
    const line = text.split("\n").find((each) => each.includes('"redacted":')) ?? "";
    const [body = "", end = ""] = line.split(',"redacted":');
    const digest = /"body":"(\w+)"/.exec(end)?.[1] ?? "";
    const changed = change(body);
    forged.put(path, text.replace(line, () => `${changed},"redacted":${end.replace(digest, sha256(changed + "}"))}`));
    return forged;
  };
  assertEquals(verifyJournal(forge((body) => body), "/data").changed, undefined);
  const changed = forge((body) => body.replace('"instance":"x"', '"instance":"y"'));
  assertEquals(verifyJournal(changed, "/data").fault, undefined);
  assertEquals(verifyJournal(changed, "/data").changed?.path, path);
  const again = forge((body) => body.replace(REDACTED, SECRET));
  const error = await assertRejects(() => redactTask(again), Unavailable);
  assertEquals(error.code, "journal_damaged");
  // The original line is no forgery: the redaction is unfinished.
  const restored = disk.afterKill();
  restored.put(path, original.get(path) ?? "");
  const { redactions, fault } = verifyJournal(restored, "/data");
  assertEquals([redactions?.[0]?.left, fault], [1, undefined]);
  // A flipped byte that nobody meant is found by every reader.
  const flipped = disk.afterKill();
  flipped.put(path, (flipped.files().get(path) ?? "").replace(REDACTED, "[redactet]"));
  assertEquals(verifyJournal(flipped, "/data").fault?.kind, "damaged");
});

const RESULT_TEXT = JSON.stringify(RESULT).slice(1, -1);

test("a redaction that was interrupted stays unfinished when other texts of its records are redacted", async () => {
  const options = { directory: "/data", disk: new MemoryDisk(), now };
  {
    await using store = await start(options.disk);
    await store.engine.execute(create({ ...newTask("a"), description: SECRET, refs: { key: SECRET } }), caller);
  }
  const dying = new FaultyDisk(options.disk);
  dying.plan = ({ path }) => path.endsWith(".redacted") ? { error: new Error("killed") } : undefined;
  await assertRejects(() => redactOn({ ...options, disk: dying }, "a", ["description"]));
  const left = () => verifyJournal(options.disk, "/data").redactions?.map(({ left }) => left);
  assertEquals(left(), [1]);
  await redactOn(options, "a", ["refs"]);
  assertEquals(left(), [1, 0]);
  await redactOn(options, "a", ["description"]);
  assertEquals(left(), [0, 0, 0]);
});

Deno.test("a backup of a redacted directory is whole, and as redacted", async () => {
  await using directory = await temporaryDirectory();
  const [from, to] = [`${directory.path}/data`, `${directory.path}/copy`];
  await using store = await startStore({ directory: from, now });
  await store.engine.execute(create({ ...newTask("a"), description: SECRET }), caller);
  await checkpoint(store);
  await redactOn({ directory: from, disk: realDisk, now }, "a");
  await backUp(realDisk, { directory: from, destination: to });
  const { records, redactions, changed, isCheckpointOlder } = verifyJournal(realDisk, to);
  assertEquals([records, redactions?.map(({ left }) => left), changed, isCheckpointOlder], [
    2,
    [0],
    undefined,
    undefined,
  ]);
  for (const name of ["tasks.json", "state.json", "journal/0000000001.jsonl"]) {
    assertEquals((await Deno.readTextFile(`${to}/${name}`)).includes(SECRET), false);
  }
});

test("a checkpoint of a newer version is left alone, and nothing is redacted", async () => {
  const disk = new MemoryDisk();
  await leak(disk);
  const text = disk.files().get("/data/state.json") ?? "";
  const { sha256: _, version, ...rest } = JSON.parse(text);
  const body = { version: version + 1, ...rest };
  const { sha256 } = await import("../../../src/store/file/hash.ts");
  disk.put("/data/state.json", JSON.stringify({ ...body, sha256: sha256(JSON.stringify(body)) }));
  const before = contents(disk);
  const error = await assertRejects(() => redactTask(disk), Unavailable);
  assertEquals([error.code, contents(disk)], ["newer_version", before]);
});

for (const version of ["1.0.0", "1.3.0", "1.3.2"]) {
  Deno.test(`records of ${version} are redacted, on the word of the redaction where they have no digest`, async () => {
    await using directory = await temporaryDirectory();
    const from = new URL(`../../data/${version}/`, import.meta.url);
    await Deno.mkdir(`${directory.path}/journal`);
    for await (const { name } of Deno.readDir(new URL("journal", from))) {
      await Deno.copyFile(new URL(`journal/${name}`, from), `${directory.path}/journal/${name}`);
    }
    const options = { directory: directory.path, disk: realDisk, now };
    await using open = await startStore(options);
    const { tasks } = await open.engine.query({ type: "export_tasks" }, caller);
    const task = tasks.find(({ result }) => result !== undefined && result.length > 3);
    assert(task?.result !== undefined);
    await redactOn(options, task.id, ["result"]);
    const { redactions: [redaction] = [], fault, changed } = verifyJournal(realDisk, directory.path);
    assertEquals([fault, changed, redaction?.left], [undefined, undefined, 0]);
    assertEquals(redaction?.onItsWord, redaction?.records);
    await open.engine.catchUp();
    assertEquals((await tasksOf(open))[task.id]?.result, REDACTED);
    await using reopened = await startStore(options);
    assertEquals(await wholeState(reopened.engine), await wholeState(open.engine));
  });
}

/** All tasks by id. */
async function tasksOf({ engine }: Pick<RunningStore, "engine">) {
  const { tasks } = await engine.query({ type: "export_tasks" }, caller);
  return Object.fromEntries(tasks.map((task) => [task.id, task]));
}
