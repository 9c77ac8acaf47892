/** What every journal promises, whatever it is kept in: the suite that each store has to pass. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Journal, Position, TransactionCost } from "../../src/app/ports.ts";
import type { JournalRecord } from "../../src/core/messages/events.ts";
import { keysOfFilter } from "../../src/core/messages/history.ts";
import { oldTask, times } from "../core/given.ts";
import { append, drafted, recordsAfter, type Undated } from "../support/store.ts";
import { until } from "../support/until.ts";

/** A fresh journal. */
export interface Subject extends AsyncDisposable {
  /**
   * Another handle on it, as another process would have.
   *
   * @param skewMs how far the clock of that process is wrong, in milliseconds. Default: 0
   */
  open(skewMs?: number): Journal;
}

export interface ContractOptions {
  readonly permissions: Deno.PermissionOptions;
  readonly make: () => Promise<Subject>;
}

/** More than any store reads at once. */
const LONG = "long ".repeat(100_000);

/** One of each kind that JSON, hashing or a text file could spoil. */
const ODD_DRAFTS: readonly Undated[] = [
  drafted("plain"),
  drafted("__proto__", 'line\nfeed\r\n\u2028 \u2029 tab\t quote" backslash\\ \u0000 \ufeff'),
  drafted("7", "lone surrogates \ud800 and \udc00, a pair \ud83d\ude00, a private one \ue000"),
  drafted("long", LONG),
  { actor: "", command: "", events: [] },
  { actor: "x", request: 'é"#0123456789abcdef', command: "leave", events: [] },
  { actor: "x", via: { transport: "stdio", client: "x", process: "7", session: "s" }, command: "c", events: [] },
  {
    actor: "ü",
    command: "import_tasks",
    events: [{ type: "tasks.imported", tasks: [oldTask("old", { result: "" })] }],
  },
  {
    actor: "x",
    command: "complete_task",
    events: [
      { type: "task.claimed", id: "plain", instance: "x", attempt: 1 },
      { type: "task.completed", id: "plain", instance: "x", attempt: 1, result: '{"hash":"0","v":2}\n' },
    ],
  },
];

const deaf = { follow() {} };

export function testJournal(name: string, { permissions, make }: ContractOptions): void {
  function test(what: string, check: (open: () => Journal) => Promise<void>): void {
    Deno.test({
      name: `${name}: ${what}`,
      permissions,
      async fn() {
        await using subject = await make();
        const opened: Journal[] = [];
        try {
          await check(() => {
            const journal = subject.open();
            opened.push(journal);
            return journal;
          });
        } finally {
          for (const journal of opened) await journal.close();
        }
      },
    });
  }

  test("an empty journal has no records and ends at its origin", async (open) => {
    const journal = open();
    assertEquals(journal.origin.seq, 0);
    assertEquals(await recordsAfter(journal), []);
    const { tail, position } = await append(journal, []);
    assertEquals(tail, { records: [], position: journal.origin });
    assertEquals(position, journal.origin);
  });

  test("records come back as they were given, with seq from 1 without gaps and the time", async (open) => {
    const journal = open();
    const records: JournalRecord[] = [];
    for (const draft of ODD_DRAFTS) {
      let at = 0;
      const position = await journal.transact(journal.origin, {
        ...deaf,
        decide(now, append) {
          at = now;
          append({ ...draft, at });
        },
      });
      records.push({ ...draft, seq: records.length + 1, at });
      assertEquals(position.seq, records.length);
    }
    assertEquals(await recordsAfter(journal), records);
    assertEquals(await recordsAfter(open()), records);
    assertEquals((await append(open(), [])).tail.records, records);
    assert(records.every(({ at }, index) => index === 0 || at > (records[index - 1]?.at ?? Infinity)));
  });

  test("its clock is the one that gives a transaction its time", async (open) => {
    const journal = open();
    const before = journal.now();
    await append(journal, [drafted("a")]);
    const after = open().now();
    const [record] = await recordsAfter(journal);
    assert(record !== undefined && before <= record.at && record.at <= after, `${before} ${record?.at} ${after}`);
  });

  test("the records of one transaction follow each other at one time", async (open) => {
    const journal = open();
    const position = await journal.transact(journal.origin, {
      ...deaf,
      decide: (at, append) => ODD_DRAFTS.forEach((draft) => append({ ...draft, at })),
    });
    assertEquals(position.seq, ODD_DRAFTS.length);
    const records = await recordsAfter(journal);
    assertEquals(records, ODD_DRAFTS.map((draft, index) => ({ ...draft, seq: index + 1, at: records[0]?.at ?? 0 })));
  });

  test("a transaction hands over exactly the records after its position", async (open) => {
    const journal = open();
    const positions = await appendAll(journal, times(8, (index) => drafted(`t${index}`)));
    const records = await recordsAfter(journal);
    for (const [index, position] of positions.entries()) {
      const { tail } = await append(open(), [], position);
      assertEquals(tail.records, records.slice(index + 1));
      assertEquals(tail.position.seq, 8);
      assertEquals(await recordsAfter(open(), position), records.slice(index + 1));
    }
  });

  test("a transaction tells what it cost, once, when it is over, whether it failed or not", async (open) => {
    const journal = open();
    const costs: TransactionCost[] = [];
    const measure = (cost: TransactionCost) => void costs.push(cost);
    await journal.transact(journal.origin, {
      ...deaf,
      decide(at, append) {
        assertEquals(costs, []);
        append({ ...drafted("a"), at });
      },
      measure,
    });
    const decide = () => {
      throw new Error("no");
    };
    await assertRejects(() => journal.transact(journal.origin, { ...deaf, decide, measure }));
    assertEquals(costs.length, 2);
    for (const cost of costs) assert(Object.values(cost).every((value) => value >= 0), JSON.stringify(cost));
    assertEquals(costs[1]?.sizeBytes, 0);
  });

  test("what decide throws comes out, with nothing appended and others free to write", async (open) => {
    const journal = open();
    await append(journal, [drafted("a")]);
    const thrown = new Error("no");
    const error = await assertRejects(() =>
      journal.transact(journal.origin, {
        ...deaf,
        decide() {
          throw thrown;
        },
      })
    );
    assert(error === thrown);
    assertEquals((await append(open(), [drafted("b")])).position.seq, 2);
    assertEquals((await append(journal, [drafted("c")])).position.seq, 3);
    assertEquals((await recordsAfter(journal)).map(({ seq }) => seq), [1, 2, 3]);
  });

  test("nothing to append appends nothing", async (open) => {
    const journal = open();
    const { position } = await append(journal, [drafted("a")]);
    assertEquals((await append(journal, [], position)).position, position);
    assertEquals((await append(open(), [], position)).position, position);
    assertEquals((await recordsAfter(journal)).length, 1);
  });

  test("reading goes on from the end of each chunk", async (open) => {
    const journal = open();
    await append(journal, times(30, (index) => drafted(`t${index}`, "x".repeat(30_000))));
    const records = await recordsAfter(journal);
    assertEquals(records.length, 30);
    for await (const chunk of open().read(journal.origin)) {
      assertEquals(chunk.position.seq, chunk.records.at(-1)?.seq);
      assertEquals(await recordsAfter(open(), chunk.position), records.slice(chunk.position.seq));
    }
  });

  test("a read that is under way when others write sees no record twice and none missing", async (open) => {
    const journal = open();
    await append(journal, times(5, (index) => drafted(`t${index}`)));
    const writer = open();
    const seen: JournalRecord[] = [];
    for await (const { records } of journal.read(journal.origin)) {
      if (seen.length === 0) await append(writer, [drafted("late")]);
      seen.push(...records);
    }
    assert(seen.length >= 5);
    assertEquals(seen, (await recordsAfter(writer)).slice(0, seen.length));
  });

  test("seek finds a position at or before any record", async (open) => {
    const journal = open();
    await appendAll(journal, times(25, (index) => drafted(`t${index}`)));
    const records = await recordsAfter(journal);
    for (let seq = 0; seq <= 25; seq++) {
      const position = await open().seek(seq);
      assert(position.seq <= seq, `${position.seq} for ${seq}`);
      assertEquals(await recordsAfter(open(), position), records.slice(position.seq));
    }
    assert((await journal.seek(1_000)).seq <= 25);
  });

  test("handles see each other's records", async (open) => {
    const handles = [open(), open(), open()];
    const positions: Position[] = [];
    for (const [index, handle] of handles.entries()) {
      const { tail, position } = await append(handle, [drafted(`t${index}`)], positions[0] ?? handle.origin);
      assertEquals(tail.records.length, Math.max(0, index - 1) + (positions.length === 0 ? index : 0));
      positions.push(position);
      for (const other of handles) assertEquals((await recordsAfter(other)).length, index + 1);
    }
  });

  test("transactions at once follow each other without a gap, each seeing those before it", async (open) => {
    const handles = times(5, open);
    const seen = await Promise.all(handles.map(async (handle, index) => {
      const counts: number[] = [];
      for (let round = 0; round < 10; round++) {
        const { tail } = await append(handle, [drafted(`t${index}-${round}`)]);
        counts.push(tail.records.length);
      }
      return counts;
    }));
    assertEquals(seen.flat().sort((a, b) => a - b), times(50, (index) => index));
    const records = await recordsAfter(open());
    assertEquals(records.map(({ seq }) => seq), times(50, (index) => index + 1));
    assertEquals(new Set(records.map(({ events }) => JSON.stringify(events))).size, 50);
  });

  test("watching wakes when another handle appends, and ends with the signal", async (open) => {
    const [watcher, writer] = [open(), open()];
    const abort = new AbortController();
    let wakes = 0;
    const watching = (async () => {
      for await (const _ of watcher.watch(abort.signal)) wakes++;
    })();
    // A watch may take a moment to begin.
    await until("the watch to wake", async () => {
      await append(writer, [{ actor: "test", command: "test", events: [] }]);
      return wakes > 0;
    });
    abort.abort();
    await watching;
  });

  test("a search yields the records between two seqs, in lists of either order", async (open) => {
    const journal = open();
    const drafts = Array.from({ length: 30 }, (_, n) => drafted(`t${n}`));
    await appendAll(journal, drafts);
    for (const isNewestFirst of [false, true]) {
      for (const [after, before] of [[0, 31], [0, Infinity], [4, 20], [29, 31], [0, 1], [7, 8], [30, 40]] as const) {
        const lists = await Array.fromAsync(open().search({ after, before, keys: [], isNewestFirst }));
        const seqs = (isNewestFirst ? lists.reverse() : lists).flat().map(({ seq }) => seq);
        assertEquals(seqs, times(30, (n) => n + 1).filter((seq) => seq > after && seq < before));
      }
    }
  });

  test("a search finds every record that has the keys and the time", async (open) => {
    const journal = open();
    await appendAll(journal, Array.from({ length: 30 }, (_, n) => drafted(`t${n % 10}`)));
    const all = await recordsAfter(journal);
    for (const isNewestFirst of [false, true]) {
      const keys = keysOfFilter({ task: "t3", types: ["task.created"] });
      const found = (await Array.fromAsync(open().search({ after: 0, before: Infinity, keys, isNewestFirst }))).flat();
      for (const seq of [4, 14, 24]) assert(found.some((record) => record.seq === seq), String(seq));
      const [from, to] = [all[10]?.at ?? 0, all[20]?.at ?? 0];
      const span = { after: 0, before: Infinity, keys: [], from, to, isNewestFirst };
      const within = new Set((await Array.fromAsync(open().search(span))).flat().map(({ seq }) => seq));
      for (const { seq, at } of all) assert(at < from || at >= to || within.has(seq), String(seq));
    }
  });

  test("a journal has an identity from its first record on, the same in every process", async (open) => {
    const journal = open();
    assertEquals(await journal.identity(), undefined);
    await append(journal, [drafted("a")]);
    const identity = await journal.identity();
    assert(identity !== undefined && identity.id.length >= 32);
    assertEquals(identity.epoch, 0);
    await append(open(), [drafted("b")], (await append(journal, [])).position);
    assertEquals([await journal.identity(), await open().identity()], [identity, identity]);
  });

  test("watching with a signal that is over ends at once", async (open) => {
    assertEquals(await Array.fromAsync(open().watch(AbortSignal.abort())), []);
  });
}

/** Appends each draft in a transaction of its own; resolves to the ends of all of them. */
async function appendAll(journal: Journal, drafts: readonly Undated[]): Promise<Position[]> {
  const positions: Position[] = [];
  for (const draft of drafts) positions.push((await append(journal, [draft], positions.at(-1))).position);
  return positions;
}
