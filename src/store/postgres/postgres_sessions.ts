/**
 * The sessions of a project: rows that the server processes of the clients renew, by the clock of the database. A process
 * that dies leaves its row, and the session counts as dead once it has not been renewed for `LIFE_MS`. After the database was
 * away, `continuity` gives the others time to renew theirs.
 */

import type { Log, OpenSession, Sessions } from "../../app/ports.ts";
import { Continuity } from "./continuity.ts";
import { CLOCK } from "./database.ts";
import type { Project } from "./project.ts";
import { DEAD_BEFORE, Renewal } from "./renewal.ts";
import { SCHEMA } from "./schema.ts";

const TABLE = `${SCHEMA}.sessions`;

const RENEW = `insert into ${TABLE} (project, id, renewed_at) values ($1, $2, clock_timestamp())
on conflict (project, id) do update set renewed_at = excluded.renewed_at
returning date_part('epoch', renewed_at) * 1000 as time`;

/** Removes the rows of sessions whose processes died: they were not renewed for a day, so they have long been dead. */
const REMOVE_OLD = `delete from ${TABLE} where project = $1 and renewed_at < clock_timestamp() - interval '1 day'`;

const KNOWN = `select id, renewed_at >= ${DEAD_BEFORE} as "isRenewed", ${CLOCK} as time from ${TABLE}
where project = $1 and id = any($2::text[])`;

interface Known {
  readonly id: string;
  readonly isRenewed: boolean;
  /** Of the database. */
  readonly time: number;
}

export class PostgresSessions implements Sessions {
  readonly #project: Project;
  readonly #log: Log;
  /** The handle of each session of this process: the one that was opened last. */
  readonly #handles = new Map<string, OpenSession>();
  readonly #continuity: Continuity;

  constructor(project: Project, log: Log) {
    this.#project = project;
    this.#log = log;
    this.#continuity = new Continuity(() => project.database.clock.start());
  }

  async open(id: string): Promise<OpenSession> {
    const project = this.#project;
    await project.run(REMOVE_OLD);
    await this.#renew(id);
    const renewal = new Renewal({
      renew: () => this.#renew(id),
      signal: project.closing,
      log: this.#log,
    });
    const handle: OpenSession = {
      async describe(about) {
        await project.run(`update ${TABLE} set about = $3 where project = $1 and id = $2`, [id, JSON.stringify(about)]);
      },
      [Symbol.asyncDispose]: async () => {
        await renewal.stop();
        // A session that had died, and was opened again before this, goes on.
        if (this.#handles.get(id) !== handle) return;
        this.#handles.delete(id);
        if (this.#handles.size === 0) this.#continuity.end();
        await project.run(`delete from ${TABLE} where project = $1 and id = $2`, [id]);
      },
    };
    this.#handles.set(id, handle);
    return handle;
  }

  async #renew(id: string): Promise<void> {
    const { rows: [renewed] } = await this.#project.run<{ time: number }>(RENEW, [id]);
    if (renewed !== undefined) this.#continuity.note(renewed.time);
  }

  async dead(ids: readonly string[]): Promise<readonly string[]> {
    if (ids.length === 0) return [];
    const { rows } = await this.#project.run<Known>(KNOWN, [ids]);
    // Others are spared, but this process must open its own session again.
    const live = rows.filter(({ id, isRenewed, time }) => {
      return isRenewed || (!this.#handles.has(id) && !this.#continuity.isGivenAt(time));
    });
    const spared = new Set(live.map(({ id }) => id));
    return ids.filter((id) => !spared.has(id));
  }
}
