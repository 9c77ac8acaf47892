/** Reads records of a project in pages, and checks each against the hash chain. */

import { type Chunk, JournalReplaced, type Position, type RawRecord, Unavailable } from "../../app/ports.ts";
import type { JournalRecord } from "../../core/messages/events.ts";
import { MAX_RECORD_BYTES } from "../../core/model/limits.ts";
import { decodeRecord, GENESIS_HASH, leadingVersion, RESTART } from "../file/codec.ts";
import type { Redacted } from "../file/redacted_line.ts";
import type { Result, Value } from "./driver.ts";
import { SCHEMA } from "./schema.ts";

/** The position before the first record. The token of a position is the hash of its record. */
export const ORIGIN: Position = { seq: 0, token: GENESIS_HASH };

/** Most records of a page, and about how many bytes it has at most: one record more if that is larger. */
export const PAGE_RECORDS = 1_000;
// Not less than a record may have: that of the position counts, too, and one more must come with it.
const PAGE_BYTES = MAX_RECORD_BYTES;

/** The end of a line that `tokenOf` needs, in characters. */
export const TAIL_CHARACTERS = 80;

/** Runs a statement of a project, whose number is `$1`. */
export type Run = <Row>(statement: string, values?: readonly Value[]) => Promise<Result<Row>>;

/** The lines after a position, up to a bound. */
export interface Lines {
  readonly lines: readonly RawRecord[];
  readonly records: readonly JournalRecord[];
  /** Those of them that were redacted. */
  readonly redacted: readonly RedactedRow[];
  readonly position: Position;
  /** The format version of the last record, or of the one at the position before; 0 if there is none. */
  readonly version: number;
  /** Whether nothing followed when it was read. */
  readonly isLast: boolean;
}

/** A redacted record, by its seq. */
export interface RedactedRow extends Redacted {
  readonly record: number;
}

/** The records after a position, up to a bound. */
export type Page = Chunk & Pick<Lines, "version" | "isLast">;

interface Row {
  readonly seq: number;
  /** Null for the record of the position itself. */
  readonly line: string | null;
  readonly head: string;
  readonly tail: string;
  /** Of the line. */
  readonly bytes: number;
}

/** The record at `$2`, of which only the ends are needed, and those after it. */
const PAGE = `select seq::float8 as seq, case when seq > $2::bigint then line end as line,
  left(line, 24) as head, right(line, ${TAIL_CHARACTERS}) as tail, octet_length(line) as bytes
from (
  select seq, line, sum(octet_length(line)) over (order by seq) - octet_length(line) as bytes_before
  from ${SCHEMA}.records where project = $1 and seq >= $2::bigint and seq < $3::bigint order by seq limit ${
  PAGE_RECORDS + 1
}
) page where bytes_before < ${PAGE_BYTES} order by seq`;

/** Larger than any seq. */
const NO_BOUND = "9223372036854775807";

/**
 * Reads the page after a position.
 *
 * @throws JournalReplaced if the journal does not have the position
 * @throws Unavailable `journal_damaged` or `newer_version` if a record is not what it must be
 */
export async function readPage(run: Run, after: Position, options: PageOptions): Promise<Page> {
  return await readLines(run, after, options);
}

export interface PageOptions {
  /** The name of the project. */
  readonly project: string;
  /** Only records before this seq. Default: all. */
  readonly before?: number | string;
}

/** The same with the lines as they are. */
export async function readLines(
  run: Run,
  after: Position,
  { project, before = NO_BOUND }: PageOptions,
): Promise<Lines> {
  const { rows } = await run<Row>(PAGE, [after.seq, before]);
  const [first, ...others] = rows;
  if (after.seq > 0 && (first?.seq !== after.seq || tokenOf(first.tail) !== after.token)) {
    throw new JournalReplaced(
      `Project ${project} in PostgreSQL does not have record ${after.seq} any more: it was removed, restored or replaced`,
    );
  }
  let position = after;
  const records: JournalRecord[] = [];
  const lines: RawRecord[] = [];
  const redacted: RedactedRow[] = [];
  for (const { seq, line } of after.seq > 0 ? others : rows) {
    const decoded = decodeRecord(line ?? "", { seq: position.seq + 1, previous: position.token });
    if (!("record" in decoded) || seq !== position.seq + 1) {
      throw damaged(project, position.seq + 1, "record" in decoded ? undefined : decoded);
    }
    records.push(decoded.record);
    lines.push({ seq, line: line ?? "", hash: decoded.hash });
    if (decoded.redacted !== undefined) redacted.push({ ...decoded.redacted, record: seq });
    position = { seq, token: decoded.hash };
  }
  const last = rows.at(-1);
  return {
    lines,
    records,
    redacted,
    position,
    version: last === undefined ? 0 : leadingVersion(last.head) ?? 0,
    isLast: rows.length <= PAGE_RECORDS && rows.reduce((sum, { bytes }) => sum + bytes, 0) < PAGE_BYTES,
  };
}

/** The hash at the end of a line; undefined if it has none. */
export function tokenOf(tail: string): string | undefined {
  return /,"hash":"([0-9a-f]{64})"\}$/.exec(tail)?.[1];
}

/** The position of a record; undefined if there is none. */
export async function findPosition(run: Run, seq: number): Promise<Position | undefined> {
  if (seq <= 0) return ORIGIN;
  const { rows: [row] } = await run<{ tail: string }>(
    `select right(line, ${TAIL_CHARACTERS}) as tail from ${SCHEMA}.records where project = $1 and seq = $2`,
    [seq],
  );
  const token = row && tokenOf(row.tail);
  return token === undefined ? undefined : { seq, token };
}

function damaged(
  project: string,
  seq: number,
  fault: { readonly type: string; readonly why: string } | undefined,
): Unavailable {
  const place = `record ${seq} of project ${project} in PostgreSQL`;
  if (fault?.type === "unknown") {
    return new Unavailable("newer_version", `Cannot read ${place}: ${fault.why}. ${RESTART}`);
  }
  return new Unavailable(
    "journal_damaged",
    `The journal is damaged: ${place}: ${fault?.why ?? "it is missing"}. Restore the database from a backup`,
  );
}
