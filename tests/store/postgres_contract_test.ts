/** Shows that the store in PostgreSQL keeps what every store promises. */

import type { Deliveries, Journal, Sessions } from "../../src/app/ports.ts";
import { PostgresDeliveries } from "../../src/store/postgres/postgres_deliveries.ts";
import { PostgresJournal } from "../../src/store/postgres/postgres_journal.ts";
import { PostgresSessions } from "../../src/store/postgres/postgres_sessions.ts";
import { Project } from "../../src/store/postgres/project.ts";
import { Database } from "../../src/store/postgres/database.ts";
import type { Value } from "../../src/store/postgres/driver.ts";
import { SCHEMA } from "../../src/store/postgres/schema.ts";
import { RecordingLog } from "../support/log.ts";
import { overriding } from "../support/overriding.ts";
import { testOnPostgres } from "../support/postgres.ts";
import { until } from "../support/until.ts";
import { testJournal } from "./contract.ts";
import { testDeliveries } from "./deliveries_contract.ts";
import { testEngine } from "./engine_contract.ts";
import { testSessions } from "./sessions_contract.ts";

const permissions = { net: "inherit", env: "inherit", read: "inherit" } as const;

testOnPostgres("the contract of stores", (cluster) => {
  let projects = 0;

  function newProject(): (options?: { readonly elapsed?: () => number }) => Project {
    const name = `p${projects++}`;
    return (options) =>
      new Project({ database: new Database({ address: cluster().address, now: Date.now, ...options }), name });
  }

  const journals = {
    permissions,
    make() {
      const open = newProject();
      return Promise.resolve({
        open: (skewMs = 0) => closing(open({ elapsed: () => performance.now() + skewMs })),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      });
    },
  };
  testJournal("PostgresJournal", journals);
  testEngine("PostgresJournal", journals);

  testSessions("PostgresSessions", {
    permissions,
    make: () =>
      processes(newProject(), (project, aging) => {
        const sessions = new PostgresSessions(project, new RecordingLog());
        const opened: string[] = [];
        return {
          sessions: overriding<Sessions>(sessions, {
            open(id) {
              opened.push(id);
              return sessions.open(id);
            },
            dead: (ids) => aging.ended().then(() => sessions.dead(ids)),
          }),
          kill: () =>
            aging.begin(`update ${SCHEMA}.sessions set renewed_at = '-infinity' where project = $1 and id = any($2)`, [
              opened,
            ]),
        };
      }),
  });

  testDeliveries("PostgresDeliveries", {
    permissions,
    make: () =>
      processes(newProject(), (project, aging) => {
        const deliveries = new PostgresDeliveries(project, new RecordingLog());
        const led: string[] = [];
        return {
          deliveries: overriding<Deliveries>(deliveries, {
            async lead(name) {
              await aging.ended();
              const lead = await deliveries.lead(name);
              if (lead !== undefined) led.push(name);
              return lead;
            },
          }),
          kill: () =>
            aging.begin(`update ${SCHEMA}.leads set expires_at = '-infinity' where project = $1 and name = any($2)`, [
              led,
            ]),
        };
      }),
  });
});

/** A journal that closes its project, and whose transactions are at least a millisecond apart. */
function closing(project: Project): Journal {
  const journal = new PostgresJournal(project, new RecordingLog());
  let last = -Infinity;
  return overriding<Journal>(journal, {
    async transact(after, transaction) {
      await until("the next millisecond", () => journal.now() > last);
      return await journal.transact(after, {
        ...transaction,
        decide(at, ...others) {
          last = at;
          transaction.decide(at, ...others);
        },
      });
    },
    async close() {
      await journal.close();
      await project.close();
    },
  });
}

/** So much time passes, by the clock of the database, that rows which a killed process has kept alive are dead. */
class Aging {
  readonly #project: Project;
  #pending: Promise<unknown> = Promise.resolve();

  constructor(project: Project) {
    this.#project = project;
  }

  begin(statement: string, values: readonly Value[]): void {
    this.#pending = this.#pending.then(() => this.#project.run(statement, values));
  }

  async ended(): Promise<void> {
    await this.#pending;
  }
}

/** Starts processes on a project. One that is killed renews nothing any more. */
function processes<T extends { kill(): void }>(open: () => Project, make: (project: Project, aging: Aging) => T) {
  const observer = open();
  const opened = [observer];
  const aging = new Aging(observer);
  return Promise.resolve({
    start() {
      const project = open();
      opened.push(project);
      const process = make(project, aging);
      const kill = () => {
        project.close();
        process.kill();
      };
      return { ...process, kill };
    },
    async [Symbol.asyncDispose]() {
      for (const project of opened) await project.close();
    },
  });
}
