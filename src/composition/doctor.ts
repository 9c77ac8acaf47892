/** The composition of `doctor`: gathers the facts about a data directory. Writes nothing. */

import { Engine } from "../app/engine.ts";
import { type Log, Unavailable } from "../app/ports.ts";
import type { Terminal } from "../cli/commands.ts";
import { printDoctor } from "../cli/doctor.ts";
import type { DoctorFacts } from "../cli/doctor_facts.ts";
import { FORMAT_VERSION } from "../store/file/codec.ts";
import { DELIVERIES, DeliveryFiles } from "../store/file/delivery_files.ts";
import { realDisk } from "../store/file/disk.ts";
import { inspect, type Inspection } from "../store/file/inspection.ts";
import { describePlace, verifyJournal } from "../store/file/maintenance.ts";
import { openForReading } from "../store/file/reading.ts";
import { planFactsOf } from "./doctor_plan.ts";

export interface DoctorOptions {
  readonly directory: string;
  readonly log: Log;
  readonly version: string;
  /** Whether the whole journal is checked, and not only what is read at a start. */
  readonly verify: boolean;
  readonly json: boolean;
}

/** Prints how a data directory fares; returns 1 if there is something to do. */
export async function runDoctor(options: DoctorOptions, terminal: Terminal): Promise<number> {
  const { directory, version, verify, json } = options;
  const { fault } = verify ? verifyJournal(realDisk, directory) : {};
  const { leads, ...inspection } = await inspect(realDisk, directory);
  const facts: DoctorFacts = {
    ...inspection,
    directory,
    now: Date.now(),
    version,
    format: FORMAT_VERSION,
    plan: await readPlan(options, leads),
    wasVerified: verify,
    ...(fault !== undefined && { fault: { ...fault, place: describePlace(fault) } }),
  };
  return printDoctor(facts, json, terminal);
}

async function readPlan(
  { directory, log, version }: DoctorOptions,
  leads: Inspection["leads"],
): Promise<DoctorFacts["plan"]> {
  try {
    await using store = await openForReading({ directory, disk: realDisk, now: Date.now, log });
    const engine = await Engine.start({ ...store, log });
    const deliveries = new DeliveryFiles({ directory, disk: realDisk });
    return await planFactsOf({
      engine,
      deliveries,
      leads,
      version,
      placeOf: (name) => `${DELIVERIES}/${name}.json`,
    });
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return { code: error.code, message: error.message };
  }
}
