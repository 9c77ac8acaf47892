/**
 * The checkpoint of a project: its snapshot, compressed, in chunks, and one row that says which chunks are the newest
 * checkpoint. The chunks come first, the row last, so a checkpoint is there as a whole or not at all. It is a cache: where
 * it does not fit the journal, it is not used.
 */

import { type Checkpoints, JournalReplaced, type Log, type Position } from "../../app/ports.ts";
import { READABLE_SNAPSHOTS, type Snapshot, SNAPSHOT_VERSION } from "../../core/state/snapshot.ts";
import { findPosition } from "./pages.ts";
import type { Project } from "./project.ts";
import { SCHEMA } from "./schema.ts";
import { formatSnapshot, parseSnapshot } from "./snapshot_text.ts";

/** Bytes of a chunk, before it becomes text. */
const CHUNK_BYTES = 768 * 1024;

const TABLE = `${SCHEMA}.checkpoints`;
const CHUNKS = `${SCHEMA}.checkpoint_chunks`;

/** Makes chunks the checkpoint, unless a newer one is there, or one of a newer version of this program. */
const SWITCH = `insert into ${TABLE} as present (project, seq, hash, version, id) values ($1, $2, $3, $4, $5)
on conflict (project) do update
set seq = excluded.seq, hash = excluded.hash, version = excluded.version, id = excluded.id
where present.version <= excluded.version and (present.seq < excluded.seq or present.version < excluded.version
  or present.seq > (select seq from ${SCHEMA}.projects where number = $1))`;

/** Removes chunks that are of no checkpoint; another process may still be writing newer ones. */
const REMOVE_OLD = `delete from ${CHUNKS} where project = $1
and id <> (select id from ${TABLE} where project = $1) and (id = any($2::text[]) or made_at < now() - interval '10 minutes')`;

/** Most tries to load one while others replace it. */
const MAX_TRIES = 3;

interface Checkpoint {
  readonly snapshot: Snapshot;
  readonly position: Position;
}

interface Row {
  readonly seq: number;
  readonly hash: string;
  readonly version: number;
  readonly id: string;
}

export class PostgresCheckpoints implements Checkpoints {
  readonly #project: Project;
  readonly #log: Log;

  constructor(project: Project, log: Log) {
    this.#project = project;
    this.#log = log;
  }

  async load(): Promise<Checkpoint | undefined> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const row = await this.#row();
      const { checkpoint, fault } = await this.#load(row);
      if (checkpoint !== undefined) return checkpoint;
      // Another process may have replaced it meanwhile.
      if ((await this.#row())?.id !== row?.id) continue;
      if (fault !== undefined) {
        this.#log.warn(`A checkpoint of project ${this.#project.name} is not whole and is not used: ${fault}`);
      }
      return undefined;
    }
    return undefined;
  }

  /** Nothing if there is none that fits; a fault if it cannot be read. */
  async #load(row: Row | undefined): Promise<{ readonly checkpoint?: Checkpoint; readonly fault?: Error }> {
    if (row === undefined || !READABLE_SNAPSHOTS.includes(row.version)) return {};
    const position = await findPosition((statement, values) => this.#project.run(statement, values), row.seq);
    if (position?.token !== row.hash) return {};
    try {
      return { checkpoint: { snapshot: await parseSnapshot(this.#text(row.id)), position } };
    } catch (fault) {
      if (!(fault instanceof TypeError || fault instanceof SyntaxError)) throw fault;
      return { fault };
    }
  }

  async save(snapshot: Snapshot, position: Position): Promise<void> {
    const before = await this.#row();
    if (before !== undefined && before.version === SNAPSHOT_VERSION && before.seq === position.seq) return;
    const found = await findPosition((statement, values) => this.#project.run(statement, values), position.seq);
    if (found?.token !== position.token) {
      throw new JournalReplaced(
        `Project ${this.#project.name} in PostgreSQL does not have record ${position.seq} any more: the checkpoint there ` +
          "was left as it is",
      );
    }
    const id = crypto.randomUUID();
    let number = 0;
    for await (const chunk of chunksOf(compressed(formatSnapshot(snapshot)))) {
      await this.#project.run(
        `insert into ${CHUNKS} (project, id, number, data) values ($1, $2, $3, $4) on conflict do nothing`,
        [id, number++, chunk.toBase64()],
      );
    }
    await this.#project.run(SWITCH, [position.seq, position.token, SNAPSHOT_VERSION, id]);
    await this.#project.run(REMOVE_OLD, [[before?.id ?? id, id]]);
  }

  close(): void {}

  async #row(): Promise<Row | undefined> {
    const { rows: [row] } = await this.#project.run<Row>(
      `select seq::float8 as seq, hash, version, id from ${TABLE} where project = $1`,
    );
    return row;
  }

  async *#text(id: string): AsyncIterable<string> {
    const bytes = ReadableStream.from(this.#chunks(id)).pipeThrough(new DecompressionStream("gzip"));
    yield* bytes.pipeThrough(new TextDecoderStream());
  }

  async *#chunks(id: string): AsyncIterable<Uint8Array<ArrayBuffer>> {
    for (let number = 0;; number++) {
      const { rows: [row] } = await this.#project.run<{ data: string }>(
        `select data from ${CHUNKS} where project = $1 and id = $2 and number = $3`,
        [id, number],
      );
      if (row === undefined) return;
      yield Uint8Array.fromBase64(row.data);
    }
  }
}

function compressed(text: AsyncIterable<string>): ReadableStream<Uint8Array> {
  return ReadableStream.from(text).pipeThrough(new TextEncoderStream()).pipeThrough(new CompressionStream("gzip"));
}

/** Joins parts into chunks of about `CHUNK_BYTES`. */
async function* chunksOf(parts: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let gathered: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const part of parts) {
    gathered.push(part);
    sizeBytes += part.length;
    if (sizeBytes < CHUNK_BYTES) continue;
    yield joined(gathered, sizeBytes);
    [gathered, sizeBytes] = [[], 0];
  }
  if (sizeBytes > 0) yield joined(gathered, sizeBytes);
}

function joined(parts: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const all = new Uint8Array(sizeBytes);
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}
