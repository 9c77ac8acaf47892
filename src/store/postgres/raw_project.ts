/** A project as a copy reads or writes it: line by line. */

import {
  type Deliveries,
  type Position,
  type RawEnd,
  type RawJournal,
  type RawRecord,
  Unavailable,
} from "../../app/ports.ts";
import { APPEND_COPIES, type Appended } from "./append.ts";
import { ORIGIN, readLines } from "./pages.ts";
import type { Project } from "./project.ts";
import { SCHEMA } from "./schema.ts";

export class RawProject implements RawJournal {
  readonly deliveries: Deliveries;
  readonly #project: Project;

  constructor(project: Project, deliveries: Deliveries) {
    this.#project = project;
    this.deliveries = deliveries;
  }

  async end(): Promise<RawEnd> {
    const { rows: [head] } = await this.#project.run<RawEnd>(
      `select seq::float8 as seq, hash from ${SCHEMA}.projects where number = $1`,
    );
    return head ?? { seq: ORIGIN.seq, hash: ORIGIN.token };
  }

  async *read(): AsyncIterable<readonly RawRecord[]> {
    let position: Position = ORIGIN;
    for (;;) {
      const page = await readLines((statement, values) => this.#project.run(statement, values), position, {
        project: this.#project.name,
      });
      position = page.position;
      if (page.lines.length > 0) yield page.lines;
      if (page.isLast) return;
    }
  }

  async append(after: RawEnd, records: readonly RawRecord[]): Promise<void> {
    const last = records.at(-1) ?? after;
    const lines = records.map(({ line }) => line);
    const { rows: [appended] } = await this.#project.run<Appended>(APPEND_COPIES, [
      after.seq,
      after.hash,
      last.hash,
      lines,
    ]);
    if (appended !== undefined) return;
    // Repeated after a lost answer, it finds the head where it has moved it.
    const end = await this.end();
    if (end.seq === last.seq && end.hash === last.hash) return;
    throw new Unavailable(
      "storage_failed",
      `Another process writes to project ${this.#project.name}: copy again later`,
    );
  }

  async epoch(): Promise<number> {
    const { rows: [row] } = await this.#project.run<{ epoch: number }>(
      `select epoch from ${SCHEMA}.projects where number = $1`,
    );
    return row?.epoch ?? 0;
  }

  async raiseEpochTo(epoch: number): Promise<void> {
    await this.#project.run(`update ${SCHEMA}.projects set epoch = greatest(epoch, $2) where number = $1`, [epoch]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#project.close();
  }
}
