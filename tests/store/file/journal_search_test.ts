/** Shows that a search reads only the segments that it must, and that no index can make it answer wrongly. */

import { assert, assertEquals } from "@std/assert";
import type { Journal, Search } from "../../../src/app/ports.ts";
import type { Event, JournalRecord } from "../../../src/core/messages/events.ts";
import { type HistoryFilter, isSelected, KEYS_VERSION, keysOfFilter } from "../../../src/core/messages/history.ts";
import { notificationsOf } from "../../../src/core/messages/notifications.ts";
import type { Disk, DiskFile } from "../../../src/store/file/disk.ts";
import { sha256 } from "../../../src/store/file/hash.ts";
import { SegmentIndex } from "../../../src/store/file/segment_index.ts";
import { repairJournal } from "../../../src/store/file/maintenance.ts";
import { openForReading } from "../../../src/store/file/reading.ts";
import { newTask, times } from "../../core/given.ts";
import { RecordingLog } from "../../support/log.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { overriding } from "../../support/overriding.ts";
import { append, openStore, recordsAfter, type Store, type Undated } from "../../support/store.ts";
import { FaultyDisk, noSpace } from "./faulty_disk.ts";

/** Far more than the ends of a segment, which are read to find their hashes. */
const SEGMENT_BYTES = 64 * 1024;

/** As many records as fill `SEGMENTS` segments. */
const TASKS = 240;
const SEGMENTS = 9;

const EVERYTHING: Search = { after: 0, before: Infinity, keys: [], isNewestFirst: false };

const FILTERS: readonly HistoryFilter[] = [
  {},
  { task: "t0" },
  { task: "t120" },
  { task: `t${TASKS - 1}` },
  { task: "none" },
  { instance: "i3" },
  { instance: "i3", types: ["task.completed"] },
  { group: "g5", types: ["task.created", "task.claimed"] },
  { group: "none" },
  { types: ["task.cancelled"] },
  { task: "t7", instance: "i7" },
];

/** The records of the life of one task. */
function life(number: number): readonly Undated[] {
  const id = `t${number}`;
  const held = { id, instance: `i${number % 20}`, attempt: 1 };
  const group = `g${Math.floor(number / 30)}`;
  const draft = (events: readonly Event[]): Undated => {
    return { actor: "test", command: "c", groups: [{ group, tasks: [id] }], events };
  };
  return [
    draft([{ type: "tasks.created", tasks: [{ ...newTask(id), description: "long ".repeat(300), group }] }]),
    draft([{ type: "task.claimed", ...held }]),
    draft([{ type: "task.completed", ...held, result: "done" }]),
  ];
}

/** Counts the segments of which more than the ends is read. */
class CountingDisk {
  readonly #bytes = new Map<string, number>();
  readonly disk: Disk;

  constructor(disk: Disk) {
    this.disk = overriding(disk, { open: (path, mode) => this.#counted(path, disk.open(path, mode)) });
  }

  /** The numbers of the segments of which more than `most` bytes were read since the last call. */
  segmentsRead(most = SEGMENT_BYTES / 2): number[] {
    const read = Array.from(this.#bytes).filter(([path, bytes]) => /\.jsonl$/.test(path) && bytes > most);
    this.#bytes.clear();
    return read.map(([path]) => Number(/(\d+)\.jsonl$/.exec(path)?.[1])).sort((a, b) => a - b);
  }

  #counted(path: string, file: DiskFile): DiskFile {
    return overriding(file, {
      readAt: (buffer, offset) => {
        const count = file.readAt(buffer, offset);
        this.#bytes.set(path, (this.#bytes.get(path) ?? 0) + count);
        return count;
      },
    });
  }
}

function open(disk: Disk, segmentBytes = SEGMENT_BYTES): Store {
  return openStore({ directory: "/data", disk, segmentBytes });
}

/** A journal of `SEGMENTS` segments. */
async function filled(): Promise<MemoryDisk> {
  const disk = await filledWith(SEGMENT_BYTES);
  assertEquals(disk.list("/data/journal").length, SEGMENTS);
  return disk;
}

/** A journal of the lives of `TASKS` tasks. */
async function filledWith(segmentBytes: number): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  await using store = open(disk, segmentBytes);
  let { origin: position } = store.journal;
  for (let number = 0; number < TASKS; number++) {
    ({ position } = await append(store.journal, life(number), position));
  }
  return disk;
}

/** What a search finds, as the application would show it. */
async function found(
  store: { readonly journal: Journal },
  filter: HistoryFilter,
  more: Partial<Search> = {},
): Promise<string[]> {
  const search = { ...EVERYTHING, keys: keysOfFilter(filter), ...more };
  const lists = await Array.fromAsync(store.journal.search(search));
  return (search.isNewestFirst ? lists.reverse() : lists).flatMap((records) => idsOf(records, filter));
}

function idsOf(records: readonly JournalRecord[], filter: HistoryFilter): string[] {
  return records.flatMap((record) => {
    return notificationsOf(record, { source: "" }).filter((each) => isSelected(each, filter)).map(({ id }) => id);
  });
}

/** Asserts that each search finds what a look at every record finds. */
async function assertRight(store: Store): Promise<void> {
  const all = await recordsAfter(store.journal);
  for (const filter of FILTERS) {
    for (const isNewestFirst of [false, true]) {
      for (const [after, before] of [[0, Infinity], [100, 500], [0, 1], [719, 720], [3, 3]] as const) {
        const expected = idsOf(all.filter(({ seq }) => seq > after && seq < before), filter);
        assertEquals(await found(store, filter, { after, before, isNewestFirst }), expected, JSON.stringify(filter));
      }
    }
  }
}

const INDEX = (number: number) => `/data/index/${String(number).padStart(10, "0")}.json`;

Deno.test("a segment gets its index when it becomes full, and a search in it reads what it must", async (t) => {
  const disk = await filled();
  assertEquals(disk.list("/data/index").sort(), times(SEGMENTS - 1, (index) => INDEX(index + 1).slice(12)));
  const counting = new CountingDisk(disk);
  await using store = open(counting.disk);
  const all = await recordsAfter(store.journal);
  counting.segmentsRead();

  for (
    const [what, filter, most] of [
      ["one task", { task: "t120" }, 2],
      ["a task that does not exist", { task: "none" }, 0],
      ["one group", { group: "g1" }, 3],
      ["a type that never was", { types: ["task.cancelled"] }, 0],
    ] as const
  ) {
    await t.step(`of ${what}`, async () => {
      assertEquals(await found(store, filter), idsOf(all, filter));
      const read = counting.segmentsRead().filter((number) => number < SEGMENTS);
      assert(read.length <= most, `segments ${read}`);
    });
  }
  await t.step("of a span of time", async () => {
    const middle = all.slice(300, 310);
    const span = { from: middle[0]?.at ?? 0, to: (middle.at(-1)?.at ?? 0) + 1 };
    const records = (await Array.fromAsync(store.journal.search({ ...EVERYTHING, ...span }))).flat();
    assert(middle.every(({ seq }) => records.some((record) => record.seq === seq)));
    const read = counting.segmentsRead().filter((number) => number < SEGMENTS);
    assert(read.length <= 2, `segments ${read}`);
  });
  await t.step("of the newest events, from the end", async () => {
    for await (
      const _ of store.journal.search({ ...EVERYTHING, keys: keysOfFilter({ instance: "i3" }), isNewestFirst: true })
    ) break;
    assert(counting.segmentsRead().every((number) => number >= SEGMENTS - 1));
  });
  await t.step("of the very newest events, a part of a full segment", async () => {
    const large = new CountingDisk(await filledWith(Infinity));
    await using store = open(large.disk);
    const search = store.journal.search({ ...EVERYTHING, isNewestFirst: true })[Symbol.asyncIterator]();
    const newest: readonly JournalRecord[] = (await search.next()).value;
    assertEquals(newest.at(-1)?.seq, 3 * TASKS);
    // Of about ten times as many bytes.
    assertEquals(large.segmentsRead(SEGMENT_BYTES), []);
  });
  await t.step("and always the right answer", () => assertRight(store));
});

Deno.test("a process that only reads uses indexes, and writes none", async () => {
  for (const hasIndexes of [true, false]) {
    const disk = await filled();
    if (!hasIndexes) { for (const name of disk.list("/data/index")) disk.remove(`/data/index/${name}`); }
    const before = disk.files();
    const counting = new CountingDisk(disk);
    await using store = await openForReading({
      directory: "/data",
      disk: counting.disk,
      now: () => 1,
      log: new RecordingLog(),
    });
    assertEquals(await found(store, { task: "t120" }), ["361.0", "362.0", "363.0"]);
    const { length } = counting.segmentsRead().filter((number) => number < SEGMENTS);
    assert(hasIndexes ? length <= 2 : length === SEGMENTS - 1, `${length} segments`);
    assertEquals(disk.files(), before);
  }
});

Deno.test("missing and damaged indexes are made anew, and no answer is wrong meanwhile", async (t) => {
  const original = await filled();
  const text = original.files().get(INDEX(3)) ?? "";
  const changed = (version: number, hash: string) => {
    const body = JSON.stringify({ version, hash, first: 0, last: 0, bits: new Uint8Array(1).toBase64() });
    return `${body.slice(0, -1)},"sha256":"${sha256(body)}"}`;
  };
  const damages: Readonly<Record<string, string | undefined>> = {
    "that is missing": undefined,
    "that is empty": "",
    "that is cut": text.slice(0, 500),
    "with a flipped bit": text.replace(/A(?=.{100})/, "B"),
    "of another segment": original.files().get(INDEX(4)) ?? "",
    "of another journal": changed(KEYS_VERSION, "0".repeat(64)),
    "of an older version": changed(KEYS_VERSION - 1, "0".repeat(64)),
    "that is something else": '{"hello": "world"}',
  };
  for (const [what, content] of Object.entries(damages)) {
    await t.step(`one ${what}`, async () => {
      const disk = await filled();
      if (content === undefined) disk.remove(INDEX(3));
      else disk.put(INDEX(3), content);
      await using store = open(disk);
      await assertRight(store);
      assertEquals(disk.files().get(INDEX(3)), text);
      assertEquals(store.log.warnings, []);
    });
  }
  await t.step("but one of a newer version is left alone", async () => {
    const disk = await filled();
    const newer = changed(KEYS_VERSION + 1, SegmentIndex.of([], "x").hash);
    disk.put(INDEX(3), newer);
    await using store = open(disk);
    await assertRight(store);
    assertEquals(disk.files().get(INDEX(3)), newer);
  });
});

Deno.test("an index that cannot be written is told once, and harms no search and no call", async () => {
  const disk = new FaultyDisk(await filled());
  for (const name of disk.list("/data/index")) disk.rename(`/data/index/${name}`, `/data/gone ${name}`);
  await using store = open(disk);
  disk.plan = ({ path }) => path.includes("/index/") ? { error: noSpace } : undefined;
  await assertRight(store);
  assertEquals(store.log.warnings.length, 1);
  assert(store.log.warnings[0]?.includes(`Cannot write ${INDEX(1)}`), store.log.warnings[0]);
});

Deno.test("after a repair, the index of a segment that was cut is not used", async () => {
  const disk = await filled();
  const path = `/data/journal/0000000003.jsonl`;
  const bytes = new TextEncoder().encode(disk.files().get(path));
  bytes[SEGMENT_BYTES / 2] = (bytes[SEGMENT_BYTES / 2] ?? 0) ^ 1;
  disk.put(path, bytes);
  await repairJournal(disk, "/data", 1);
  await using store = open(disk);
  const end = (await Array.fromAsync(store.journal.read(store.journal.origin))).at(-1)?.position;
  let position = end ?? store.journal.origin;
  for (let number = 1_000; number < 1_060; number++) {
    ({ position } = await append(store.journal, life(number), position));
  }
  assert(disk.list("/data/journal").length > 3);
  const all = await recordsAfter(store.journal);
  for (const task of ["t80", "t85", "t1000", "t1010", "t1030"]) {
    assertEquals(await found(store, { task }), idsOf(all, { task }), task);
  }
  assertEquals((await found(store, { task: "t1000" })).length, 3);
});

Deno.test("the index of a segment errs rarely, and never by leaving something out", () => {
  const records = times(5_000, (index): JournalRecord => {
    const events: readonly Event[] = [{ type: "task.retried", id: `task-${index}` }];
    return { seq: index + 1, at: index, actor: "x", command: "c", events };
  });
  const index = SegmentIndex.of(records, "hash");
  const reread = SegmentIndex.decode(index.encode());
  assert(reread instanceof SegmentIndex);
  assert(index.encode().length < 16 * 1024, `${index.encode().length} bytes`);
  const has = (id: string) => reread.mayHold({ keys: keysOfFilter({ task: id }) });
  assert(records.every((_, index) => has(`task-${index}`)));
  const wrong = times(20_000, (index) => has(`other-${index}`)).filter((isThere) => isThere);
  assert(wrong.length < 40, `${wrong.length} of 20,000`);
  assertEquals(
    [[-5, 0], [0, 1], [4_999, 5_000], [5_000, 6_000]].map(([from = 0, to = 0]) => {
      return reread.mayHold({ keys: [], from, to });
    }),
    [false, true, true, false],
  );
});
