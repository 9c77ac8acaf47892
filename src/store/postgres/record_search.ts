/**
 * Searches the records of a project. Records are in blocks of `BLOCK_RECORDS`; a full block is read only if its row in
 * `key_blocks` has the wanted keys. A row is made by the process that fills the block, or by the first search that misses it. Keys
 * are kept as numbers of 32 bits: two may be equal by chance, and then a block is read in vain.
 */

import type { Log, Position, Search } from "../../app/ports.ts";
import type { JournalRecord } from "../../core/messages/events.ts";
import { KEYS_VERSION, keysOfRecord } from "../../core/messages/history.ts";
import { sha256 } from "../file/hash.ts";
import { findPosition, readPage, type Run } from "./pages.ts";
import { SCHEMA } from "./schema.ts";
import { Slice } from "./slice.ts";

/** Records of a block. */
const BLOCK_RECORDS = 1_000;

/** Most blocks that one look at their keys covers. */
const MAX_BLOCKS = 1_000;

export interface RecordSearchOptions {
  readonly run: Run;
  /** The name of the project. */
  readonly project: string;
  /** Whether nothing may be written, rows of blocks included. */
  readonly isReadOnly: boolean;
  readonly log: Log;
}

export class RecordSearch {
  readonly #options: RecordSearchOptions;
  /** Settles when no row of a block is being made. */
  #making: Promise<void> = Promise.resolve();

  constructor(options: RecordSearchOptions) {
    this.#options = options;
  }

  /** What `Journal.search` yields. */
  async *records({ after, before, keys, isNewestFirst }: Search): AsyncIterable<readonly JournalRecord[]> {
    const last = Math.min(before - 1, await this.#lastSeq());
    const [low, high] = [blockOf(after + 1), blockOf(last)];
    for (let done = 0; done <= high - low; done += MAX_BLOCKS) {
      const count = Math.min(MAX_BLOCKS, high - low + 1 - done);
      const first = isNewestFirst ? high - done - count + 1 : low + done;
      const blocks = await this.#blocksWith(keys, first, count);
      for (const block of isNewestFirst ? blocks.reverse() : blocks) {
        const bounds = { after: Math.max(after, startOf(block)), before: Math.min(last + 1, startOf(block + 1) + 1) };
        const records = await this.#read(bounds);
        if (records.length > 0) yield records;
      }
    }
  }

  /** Makes the row of a block that this process has just filled, by the records after a seq up to another, beside calls. */
  noteAppended(after: number, last: number): void {
    const full = blockOf(last + 1) - 1;
    if (full < blockOf(after + 1)) return;
    this.#making = this.#making.then(async () => void await this.#keysOf(full)).catch((error) => {
      this.#options.log.warn(`Cannot index records up to ${startOf(full + 1)}, the first search does: ${error}`);
    });
  }

  async close(): Promise<void> {
    await this.#making;
  }

  async #lastSeq(): Promise<number> {
    const { rows: [head] } = await this.#options.run<{ seq: number }>(
      `select seq::float8 as seq from ${SCHEMA}.projects where number = $1`,
    );
    return head?.seq ?? 0;
  }

  /** Those of `count` blocks that may have records with the keys, in order; the block that is not full always may. */
  async #blocksWith(keys: Search["keys"], first: number, count: number): Promise<number[]> {
    const all = Array.from({ length: count }, (_, index) => first + index);
    if (keys.length === 0) return all;
    const { run } = this.#options;
    const bounds = [first, first + count, KEYS_VERSION];
    const inRange = "project = $1 and block >= $2 and block < $3 and version = $4";
    const { rows: known } = await run<{ block: number }>(
      `select block::float8 as block from ${SCHEMA}.key_blocks where ${inRange}`,
      bounds,
    );
    const number = await this.#number();
    const wanted = keys.map((list) => list.map((key) => String(hashOf(number, key))));
    const conditions = wanted.map((_, index) => `keys && $${index + 5}::int[]`).join(" and ");
    const { rows: matching } = await run<{ block: number }>(
      `select block::float8 as block from ${SCHEMA}.key_blocks where ${inRange} and ${conditions}`,
      [...bounds, ...wanted],
    );
    const [knows, matches] = [known, matching].map((rows) => new Set(rows.map(({ block }) => block)));
    const found: number[] = [];
    for (const block of all) {
      if (knows?.has(block) === true ? matches?.has(block) === true : await this.#mayHave(block, keys)) {
        found.push(block);
      }
    }
    return found;
  }

  async #mayHave(block: number, keys: Search["keys"]): Promise<boolean> {
    const present = await this.#keysOf(block);
    return present === undefined || keys.every((list) => list.some((key) => present.has(key)));
  }

  /** The keys of a block, whose row is made; undefined if it is not full. */
  async #keysOf(block: number): Promise<ReadonlySet<string> | undefined> {
    const records = await this.#read({ after: startOf(block), before: startOf(block + 1) + 1 });
    if (records.length < BLOCK_RECORDS) return undefined;
    const slice = new Slice();
    const keys = new Set<string>();
    for (const record of records) {
      for (const key of keysOfRecord(record)) keys.add(key);
      await slice.pause();
    }
    if (!this.#options.isReadOnly) {
      const number = await this.#number();
      const hashes = new Set<string>();
      for (const key of keys) {
        hashes.add(String(hashOf(number, key)));
        await slice.pause();
      }
      await this.#options.run(
        `insert into ${SCHEMA}.key_blocks (project, block, version, keys) values ($1, $2, $3, $4::int[])
        on conflict do nothing`,
        [block, KEYS_VERSION, Array.from(hashes)],
      );
    }
    return keys;
  }

  async #number(): Promise<number> {
    const { rows: [row] } = await this.#options.run<{ number: number }>("select $1::int as number");
    return row?.number ?? 0;
  }

  async #read({ after, before }: { after: number; before: number }): Promise<readonly JournalRecord[]> {
    const { run, project } = this.#options;
    const records: JournalRecord[] = [];
    let position: Position | undefined = await findPosition(run, after);
    while (position !== undefined && position.seq + 1 < before) {
      const page = await readPage(run, position, { project, before });
      for (const record of page.records) records.push(record);
      if (page.isLast) break;
      position = page.position;
    }
    return records;
  }
}

/** The block of a record, and the seq before the first record of a block. */
function blockOf(seq: number): number {
  return Math.floor((seq - 1) / BLOCK_RECORDS);
}
function startOf(block: number): number {
  return block * BLOCK_RECORDS;
}

/** A key of a project as a number of 32 bits: rows of other projects seldom have it. */
function hashOf(project: number, key: string): number {
  return parseInt(sha256(`${project} ${key}`).slice(0, 8), 16) | 0;
}
