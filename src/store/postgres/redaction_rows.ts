/**
 * Redacts the lines of a project. Other processes may append meanwhile, as nothing is locked: what they append before the
 * record of the redaction is found by a repeat, and nothing of the texts comes after it.
 */

import { type Journal, type Position, type RedactableJournal, Unavailable } from "../../app/ports.ts";
import type { Redaction } from "../../core/messages/redact.ts";
import { SNAPSHOT_VERSION } from "../../core/state/snapshot.ts";
import { MAX_REDACTED_RECORDS } from "../../core/model/limits.ts";
import type { RedactedRecord } from "../../core/model/redaction.ts";
import { splitLine } from "../file/codec.ts";
import { redactLine, refuseUncovered } from "../file/redact_line.ts";
import { formatRedacted, type Redacted } from "../file/redacted_line.ts";
import { type CheckedRedaction, RedactionCheck } from "../file/redaction_check.ts";
import { type Lines, ORIGIN, readLines } from "./pages.ts";
import type { Project } from "./project.ts";
import { SCHEMA } from "./schema.ts";

/** Another process may rewrite a line between look and update: the second look finds the texts gone, or refuses. */
const MAX_TRIES = 2;

/** A line that is to be rewritten: its record, the hash of the record before, and the digest of what it will hold. */
interface Found {
  readonly seq: number;
  readonly previous: string;
  readonly bodyDigest: string;
}

interface Row {
  readonly line: string;
}

export class RedactionRows implements RedactableJournal {
  readonly #project: Project;
  readonly #journal: Pick<Journal, "search">;
  #found: readonly Found[] = [];

  constructor(project: Project, journal: Pick<Journal, "search">) {
    this.#project = project;
    this.#journal = journal;
  }

  async find(redaction: Redaction): Promise<readonly RedactedRecord[]> {
    await this.#refuseWithoutRight();
    await this.#refuseNewer();
    const found: Found[] = [];
    const records: RedactedRecord[] = [];
    let previous = ORIGIN.token;
    for await (const { lines } of pagesOf(this.#project)) {
      for (const { seq, line, hash } of lines) {
        const redacted = await this.#redact(seq, { text: line, previous }, redaction);
        if (redacted !== undefined) {
          found.push({ seq, previous, bodyDigest: redacted.bodyDigest });
          records.push([seq, redacted.bodyDigest]);
        }
        previous = hash;
      }
    }
    this.#found = found;
    return records;
  }

  async rewrite(
    redaction: Redaction,
    { seqs, clean }: { readonly seqs: readonly number[]; readonly clean: () => Promise<void> },
  ): Promise<readonly string[]> {
    for (const [index, found] of this.#found.entries()) {
      const by = seqs[Math.floor(index / MAX_REDACTED_RECORDS)];
      if (by !== undefined) await this.#rewriteLine(found, redaction, by);
    }
    await clean();
    return [];
  }

  /** Whatever other processes redact meanwhile: a line may only become what the record of the redaction says of it. */
  async #rewriteLine({ seq, previous, bodyDigest }: Found, redaction: Redaction, by: number): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const text = await this.#lineOf(seq);
      const redacted = await this.#redact(seq, { text, previous }, redaction);
      // Another process has removed the same texts, or an update whose answer was lost has.
      if (redacted === undefined) return;
      if (redacted.bodyDigest !== bodyDigest) throw redactedMeanwhile(seq);
      const rewritten = formatRedacted({ ...redacted, by }, splitLine(text).hash).slice(0, -1);
      const { count } = await this.#project.run(
        `update ${SCHEMA}.records set line = $3 where project = $1 and seq = $2 and line = $4`,
        [seq, rewritten, text],
      );
      if (count > 0) return;
    }
    throw redactedMeanwhile(seq);
  }

  async #lineOf(seq: number): Promise<string> {
    const { rows: [row] } = await this.#project.run<Row>(
      `select line from ${SCHEMA}.records where project = $1 and seq = $2`,
      [seq],
    );
    return row?.line ?? "";
  }

  async #redact(
    seq: number,
    line: { readonly text: string; readonly previous: string },
    redaction: Redaction,
  ): Promise<Omit<Redacted, "by"> | undefined> {
    const found = redactLine(line, redaction);
    if (found === undefined) return undefined;
    const { before: _, earlier, ...redacted } = found;
    if (earlier !== undefined) await refuseUncovered(this.#journal, seq, earlier);
    return redacted;
  }

  /** Refuses a checkpoint of a newer version, which this one cannot replace. */
  async #refuseNewer(): Promise<void> {
    const { rows: [newer] } = await this.#project.run(
      `select from ${SCHEMA}.checkpoints where project = $1 and version > $2`,
      [SNAPSHOT_VERSION],
    );
    if (newer === undefined) return;
    throw new Unavailable(
      "newer_version",
      "Cannot redact as a newer version of this program wrote the checkpoint of this project: only that version can remove " +
        "the text from it. Nothing was changed; use that version",
    );
  }

  /** Before anything is written. */
  async #refuseWithoutRight(): Promise<void> {
    const { rows: [right] } = await this.#project.run<{ may: boolean }>(
      `select has_table_privilege('${SCHEMA}.records', 'update') as may where $1::int is not null`,
    );
    if (right?.may === true) return;
    throw new Unavailable(
      "storage_failed",
      `Cannot redact as this user of PostgreSQL may not rewrite records: use the owner of the schema, or grant update on ` +
        `${SCHEMA}.records to this user. Nothing was changed`,
    );
  }
}

function redactedMeanwhile(seq: number): Unavailable {
  return new Unavailable(
    "storage_failed",
    `Another process has redacted other texts of record ${seq} at the same time: run this command again, which redacts what ` +
      "is left",
  );
}

/** What a check of all redactions has found. */
export interface CheckedRedactions {
  readonly redactions: readonly CheckedRedaction[];
  readonly changed?: { readonly place: string; readonly why: string };
}

/** What was redacted in a project, and the first line that is marked so and that no redaction proves. */
export async function checkRedactions(project: Project): Promise<CheckedRedactions> {
  const check = new RedactionCheck();
  for await (const { records, redacted } of pagesOf(project)) {
    check.note({ records, redacted: redacted.map((row) => ({ ...row, segment: 0, offset: 0 })) });
  }
  if (check.mustLook) {
    for await (const { records } of pagesOf(project)) check.look(records);
  }
  const { redactions, uncovered } = check;
  if (uncovered === undefined) return { redactions };
  const { record, by } = uncovered;
  const place = `record ${record} of project ${project.name} in PostgreSQL`;
  return { redactions, changed: { place, why: `it is marked as redacted by record ${by}, which does not say so` } };
}

async function* pagesOf(project: Project): AsyncIterable<Lines> {
  let position: Position = ORIGIN;
  for (;;) {
    const page = await readLines((statement, values) => project.run(statement, values), position, {
      project: project.name,
    });
    position = page.position;
    yield page;
    if (page.isLast) return;
  }
}
