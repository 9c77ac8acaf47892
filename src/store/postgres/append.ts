/** The statement that appends records at the end of a project, if that is where it is expected. */

import { MAX_RECORD_BYTES } from "../../core/model/limits.ts";
import type { Draft } from "../../core/messages/events.ts";
import type { Position } from "../../app/ports.ts";
import { encodeRecord, TWO_STEP_VERSION } from "../file/codec.ts";
import { CLOCK } from "./database.ts";
import { IS_OWN_SESSION } from "./driver.ts";
import { SCHEMA } from "./schema.ts";

/**
 * How far the time of a record may be from the database's, in milliseconds. Under the lock nobody else can have written
 * since, so only time that is of no use any more is refused: a large batch may be long on its way.
 */
const TOLERANCE_MS = 1_000;
const LOCKED_TOLERANCE_MS = 30_000;

/** The statement, which does nothing unless a further condition holds. Returns a row for each line that it has added. */
function appendIf(condition: string): string {
  return `with moved as (
  update ${SCHEMA}.projects set seq = seq + cardinality($5::text[]), hash = $4
  where number = $1 and seq = $2::bigint and hash = $3 and ${condition} and ${IS_OWN_SESSION}
  returning number
)
insert into ${SCHEMA}.records (project, seq, line)
select moved.number, $2::bigint + lines.place, lines.line
from moved, unnest($5::text[]) with ordinality as lines(line, place) returning ${CLOCK} as time`;
}

/**
 * Moves the head from `$2` with the hash `$3` to the hash `$4`, and adds the lines `$5` after it: either both, or, if the
 * head is elsewhere or the time `$6` is not that of the database, neither. So it does no harm whenever it arrives.
 */
export const APPEND = appendIf(`abs(${CLOCK} - $6::float8) <= ${TOLERANCE_MS}`);

/** The same while the head is locked. */
export const APPEND_LOCKED = appendIf(`abs(${CLOCK} - $6::float8) <= ${LOCKED_TOLERANCE_MS}`);

/** The same for records of another store, whose times are what they are. */
export const APPEND_COPIES = appendIf("true");

/** Returns a row if the head is at `$2` with the hash `$3`, for a transaction that appends nothing. */
export const LOOK =
  `select ${CLOCK} as time from ${SCHEMA}.projects where number = $1 and seq = $2::bigint and hash = $3`;

/** A row of what they return: there is none if the head was not where it was expected. */
export interface Appended {
  /** Of the database. */
  readonly time: number;
}

/** Records that follow a position. Each is encoded when it is added. */
export class RecordBatch {
  readonly lines: string[] = [];
  readonly start: Position;
  readonly #isFirstOfFormat: boolean;
  #hash: string;
  #sizeBytes = 0;

  /** @param version the format version of the record before; 0 if there is none */
  constructor(start: Position, version: number) {
    this.start = start;
    this.#hash = start.token;
    this.#isFirstOfFormat = version < TWO_STEP_VERSION;
  }

  /** Adds a record; returns the size of all records so far, in bytes. */
  add(draft: Draft): number {
    const { line, hash } = encodeRecord(draft, {
      seq: this.start.seq + this.lines.length + 1,
      previous: this.#hash,
      isFirstOfFormat: this.#isFirstOfFormat && this.lines.length === 0,
    });
    const sizeBytes = new TextEncoder().encode(line).length;
    // Cannot happen: core refuses larger records.
    if (sizeBytes > MAX_RECORD_BYTES) throw new Error(`A record of ${sizeBytes} bytes must not be written`);
    this.lines.push(line.slice(0, -1));
    this.#hash = hash;
    return this.#sizeBytes += sizeBytes;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Where the last record ends. */
  get end(): Position {
    return { seq: this.start.seq + this.lines.length, token: this.#hash };
  }
}
