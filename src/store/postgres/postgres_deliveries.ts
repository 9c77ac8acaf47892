/**
 * What deliverers keep in the database. Whoever leads under a name has a row with a number, the fence, which each new
 * leader raises. A process that has lost its lead, as it could not renew it, is refused when it saves under that name, and
 * learns of it then or when it renews it.
 */

import { type Deliveries, type Lead, type Log, Unavailable } from "../../app/ports.ts";
import type { Project } from "./project.ts";
import { LIFE_MS, Renewal } from "./renewal.ts";
import { SCHEMA } from "./schema.ts";

const LEADS = `${SCHEMA}.leads`;
const TEXTS = `${SCHEMA}.deliveries`;

const EXPIRY = `clock_timestamp() + interval '${LIFE_MS} milliseconds'`;

/**
 * A later expiry was written before the clock was set back; if its holder is dead, nobody could take the lead until the
 * clock reaches it. A living holder loses its lead by that, and stops.
 */
const TOO_LATE = `clock_timestamp() + interval '${2 * LIFE_MS} milliseconds'`;

/** Takes a lead that is free, or has run out. Its fence tells it from every other. */
const TAKE = `insert into ${LEADS} (project, name, holder, fence, expires_at) values ($1, $2, $3, 1, ${EXPIRY})
on conflict (project, name) do update
set holder = excluded.holder, fence = ${LEADS}.fence + 1, expires_at = excluded.expires_at
where ${LEADS}.expires_at not between clock_timestamp() and ${TOO_LATE} returning fence::float8 as fence`;

const HELD = "project = $1 and name = $2 and holder = $3 and fence = $4";

const SAVE = `insert into ${TEXTS} (project, name, text) values ($1, $2, $3)
on conflict (project, name) do update set text = excluded.text`;

/** The lead's row is locked until the text is there, so nobody takes the lead in between. */
const SAVE_AS_LEADER = `with held as (select 1 from ${LEADS} where ${HELD} for share)
insert into ${TEXTS} (project, name, text) select $1, $2, $5 from held
on conflict (project, name) do update set text = excluded.text`;

/** The lead of this process under a name. */
interface Held {
  readonly holder: string;
  readonly fence: number;
  readonly lost: AbortController;
}

export class PostgresDeliveries implements Deliveries {
  readonly #project: Project;
  readonly #log: Log;
  /** The leads of this process, by name. */
  readonly #leads = new Map<string, Held>();

  constructor(project: Project, log: Log) {
    this.#project = project;
    this.#log = log;
  }

  async lead(name: string): Promise<Lead | undefined> {
    const holder = crypto.randomUUID();
    const { rows: [taken] } = await this.#project.run<{ fence: number }>(TAKE, [name, holder]);
    const fence = taken?.fence ?? await this.#fenceOf(name, holder);
    if (fence === undefined) return undefined;
    const lead: Held = { holder, fence, lost: new AbortController() };
    this.#leads.set(name, lead);
    const key = [name, holder, fence];
    const renewal = new Renewal({
      renew: async () => {
        const { count } = await this.#project.run(`update ${LEADS} set expires_at = ${EXPIRY} where ${HELD}`, key);
        if (count === 0) lead.lost.abort();
      },
      signal: this.#project.closing,
      log: this.#log,
    });
    return {
      lost: lead.lost.signal,
      [Symbol.asyncDispose]: async () => {
        await renewal.stop();
        if (this.#leads.get(name) === lead) this.#leads.delete(name);
        // The row stays, so that the next fence is a higher one.
        await this.#project.run(`update ${LEADS} set expires_at = '-infinity' where ${HELD}`, key);
      },
    };
  }

  /** If the statement was repeated as its answer was lost, the lead may be here already. */
  async #fenceOf(name: string, holder: string): Promise<number | undefined> {
    const { rows: [held] } = await this.#project.run<{ fence: number }>(
      `select fence::float8 as fence from ${LEADS} where project = $1 and name = $2 and holder = $3`,
      [name, holder],
    );
    return held?.fence;
  }

  async load(name: string): Promise<string | undefined> {
    const { rows: [row] } = await this.#project.run<{ text: string }>(
      `select text from ${TEXTS} where project = $1 and name = $2`,
      [name],
    );
    return row?.text;
  }

  async save(name: string, text: string): Promise<void> {
    const lead = this.#leads.get(name);
    if (lead === undefined) return void await this.#project.run(SAVE, [name, text]);
    const { count } = await this.#project.run(SAVE_AS_LEADER, [name, lead.holder, lead.fence, text]);
    if (count === 1) return;
    lead.lost.abort();
    throw new Unavailable(
      "storage_failed",
      `Another process has taken over ${name}, as this one was away for too long`,
    );
  }

  async remove(name: string): Promise<void> {
    await this.#project.run(`delete from ${TEXTS} where project = $1 and name = $2`, [name]);
  }

  async names(): Promise<readonly string[]> {
    const { rows } = await this.#project.run<{ name: string }>(`select name from ${TEXTS} where project = $1`);
    return rows.map(({ name }) => name);
  }
}
