/**
 * The sessions of a project: rows that the server processes of the clients renew, by the clock of the database. A process
 * that dies leaves its row, and the session counts as dead once it has not been renewed for `LIFE_MS`. So does every session
 * if the database is away for so long: their tasks wait for them for the grace of sessions.
 */

import type { Log, OpenSession, Sessions } from "../../app/ports.ts";
import type { Project } from "./project.ts";
import { DEAD_BEFORE, Renewal } from "./renewal.ts";
import { SCHEMA } from "./schema.ts";

const TABLE = `${SCHEMA}.sessions`;

const RENEW = `insert into ${TABLE} (project, id, renewed_at) values ($1, $2, clock_timestamp())
on conflict (project, id) do update set renewed_at = excluded.renewed_at`;

/** Removes the rows of sessions whose processes died: they were not renewed for a day, so they have long been dead. */
const REMOVE_OLD = `delete from ${TABLE} where project = $1 and renewed_at < clock_timestamp() - interval '1 day'`;

const LIVE = `select id from ${TABLE} where project = $1 and id = any($2::text[])
and renewed_at >= ${DEAD_BEFORE}`;

export class PostgresSessions implements Sessions {
  readonly #project: Project;
  readonly #log: Log;
  /** The handle of each session of this process: the one that was opened last. */
  readonly #handles = new Map<string, OpenSession>();

  constructor(project: Project, log: Log) {
    this.#project = project;
    this.#log = log;
  }

  async open(id: string): Promise<OpenSession> {
    const project = this.#project;
    await project.run(REMOVE_OLD);
    await project.run(RENEW, [id]);
    const renewal = new Renewal({
      renew: () => project.run(RENEW, [id]),
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
        await project.run(`delete from ${TABLE} where project = $1 and id = $2`, [id]);
      },
    };
    this.#handles.set(id, handle);
    return handle;
  }

  async dead(ids: readonly string[]): Promise<readonly string[]> {
    if (ids.length === 0) return [];
    const { rows } = await this.#project.run<{ id: string }>(LIVE, [ids]);
    const live = new Set(rows.map(({ id }) => id));
    return ids.filter((id) => !live.has(id));
  }
}
