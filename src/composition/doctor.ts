/** The composition of `doctor`: gathers the facts about a data directory. Writes nothing. */

import { Engine } from "../app/engine.ts";
import { type Deliveries, type Log, Unavailable } from "../app/ports.ts";
import type { WebhookDesk } from "../app/webhook_desk.ts";
import { OPERATOR, type Terminal } from "../cli/commands.ts";
import { printDoctor } from "../cli/doctor.ts";
import type { DoctorFacts, PlanFacts } from "../cli/doctor_facts.ts";
import { isNameOfPlaces, parsePlaces, type Place } from "../handlers/places.ts";
import { isHandlerToken } from "../handlers/role_tokens.ts";
import { FORMAT_VERSION } from "../store/file/codec.ts";
import { DELIVERIES, DeliveryFiles } from "../store/file/delivery_files.ts";
import { realDisk } from "../store/file/disk.ts";
import { inspect, type Inspection } from "../store/file/inspection.ts";
import { describePlace, verifyJournal } from "../store/file/maintenance.ts";
import { openForReading } from "../store/file/reading.ts";
import { nameOfStanding } from "../webhooks/standing.ts";
import { deskOf } from "./deliver.ts";

/** Most running tasks, and most instances, that are looked at. */
const MAX_EXAMINED = 10_000;

/** The lead of a delivery that has no lock file. */
const NOBODY = { isHeld: false };

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
    const desk = deskOf({ engine, deliveries, version, allowPrivate: false });
    return {
      ...await planOf(engine),
      webhooks: await webhooksOf(engine, desk, leads),
      handlerFiles: await handlerFilesOf(engine, deliveries, leads),
    };
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return { code: error.code, message: error.message };
  }
}

async function webhooksOf(
  engine: Engine,
  desk: WebhookDesk,
  leads: Inspection["leads"],
): Promise<PlanFacts["webhooks"]> {
  const webhooks = await engine.query({ type: "list_webhooks" }, OPERATOR);
  return await Promise.all(webhooks.map(async (webhook) => {
    const standing = await desk.standingOf(webhook);
    const { place, attempts = 0, retryAt, deadLetters = [], log = [] } = standing ?? {};
    const at = place !== undefined && "at" in place ? place.at : webhook.createdAt;
    const error = log.at(-1)?.error;
    return {
      name: webhook.name,
      lead: leads.get(nameOfStanding(webhook.id)) ?? NOBODY,
      ...(webhook.disabled !== undefined && { disabled: webhook.disabled.why }),
      attempts,
      ...(error !== undefined && { error }),
      ...(retryAt !== undefined && { retryAt }),
      deadLetters: deadLetters.length,
      isBehind: place !== undefined && "seq" in place ? place.seq < engine.seq : at < engine.recordedAt,
    };
  }));
}

async function handlerFilesOf(
  engine: Engine,
  deliveries: Deliveries,
  leads: Inspection["leads"],
): Promise<PlanFacts["handlerFiles"]> {
  const names = (await deliveries.names()).filter(isNameOfPlaces).sort();
  return await Promise.all(names.map(async (name) => {
    const lead = leads.get(name) ?? NOBODY;
    const handlers = placesIn(name, await deliveries.load(name) ?? "");
    return {
      places: `${DELIVERIES}/${name}.json`,
      lead,
      handlers: handlers &&
        Array.from(handlers, ([name, { at, tries, passedOver }]) => ({
          name,
          lead,
          attempts: tries,
          isBehind: at.seq < engine.seq,
          ...(passedOver !== undefined && { passedOver }),
        })),
    };
  }));
}

/** Undefined if the text cannot be read. */
function placesIn(name: string, text: string): ReadonlyMap<string, Place> | undefined {
  try {
    return parsePlaces(name, text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function planOf(engine: Engine): Promise<Omit<PlanFacts, "webhooks" | "handlerFiles">> {
  const filter = { status: ["in_progress"] as const };
  const [{ clockWarning }, { paused }, tokens, { tasks }, { shown }] = await Promise.all([
    engine.query({ type: "next_event" }, OPERATOR),
    engine.query({ type: "get_project" }, OPERATOR),
    engine.query({ type: "list_tokens" }, OPERATOR),
    engine.query({ type: "list_tasks", filter, limit: MAX_EXAMINED }, OPERATOR),
    engine.query({ type: "list_instances", limit: MAX_EXAMINED, all: true, waiting: new Set() }, OPERATOR),
  ]);
  return {
    records: engine.seq,
    recordedAt: engine.recordedAt,
    ...(clockWarning !== undefined && { clockWarning }),
    ...(paused !== undefined && { paused }),
    tokens: tokens.filter(({ name }) => !isHandlerToken(name)),
    running: tasks,
    lostInstances: shown.filter(({ status }) => status === "lost").map(({ id }) => id),
  };
}
