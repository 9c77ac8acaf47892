/** The composition of `doctor` for a plan in PostgreSQL. Writes nothing. */

import { Engine } from "../app/engine.ts";
import { type Log, Unavailable } from "../app/ports.ts";
import type { Terminal } from "../cli/commands.ts";
import { type DatabaseFacts, printDatabaseDoctor } from "../cli/doctor_database.ts";
import type { DatabaseLocation, InspectedDatabase, OpenedStore } from "../cli/location.ts";
import { FORMAT_VERSION } from "../store/file/codec.ts";
import { verify } from "./check_database.ts";
import { planFactsOf } from "./doctor_plan.ts";

export interface DatabaseDoctorOptions {
  readonly location: DatabaseLocation;
  readonly log: Log;
  readonly version: string;
  /** Whether the whole journal is checked, and not only what is read at a start. */
  readonly verify: boolean;
  readonly json: boolean;
}

/** Prints how a plan in a database fares; returns 1 if there is something to do. */
export async function runDatabaseDoctor(options: DatabaseDoctorOptions, terminal: Terminal): Promise<number> {
  const { location, log, version, json } = options;
  const { leads, ...inspection } = await location.inspect({ log });
  const store = location.open({ log, isReadOnly: true });
  try {
    const { fault } = options.verify ? await verify(store.journal) : {};
    return printDatabaseDoctor(
      {
        ...inspection,
        sessions: inspection.sessions.map((session) => ({
          ...session,
          ...(session.about !== undefined && { pid: session.about.pid }),
        })),
        url: location.url,
        project: location.project,
        version,
        format: FORMAT_VERSION,
        plan: await readPlan(store, { log, version, leads }),
        wasVerified: options.verify,
        ...(fault !== undefined && { fault }),
      },
      json,
      terminal,
    );
  } finally {
    await store.close();
  }
}

async function readPlan(
  store: OpenedStore,
  { log, version, leads }: Pick<DatabaseDoctorOptions, "log" | "version"> & {
    readonly leads: InspectedDatabase["leads"];
  },
): Promise<DatabaseFacts["plan"]> {
  try {
    const engine = await Engine.start({ ...store, log });
    const placeOf = (name: string) => `the row ${name} of orchestrator.deliveries`;
    return await planFactsOf({ engine, deliveries: store.deliveries, leads, version, placeOf });
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return { code: error.code, message: error.message };
  }
}
