/** The composition of `doctor`: gathers the facts about a data directory. Writes nothing. */

import { Engine } from "../app/engine.ts";
import { type Log, Unavailable } from "../app/ports.ts";
import type { WebhookDesk } from "../app/webhook_desk.ts";
import { OPERATOR, type Terminal } from "../cli/commands.ts";
import { printDoctor } from "../cli/doctor.ts";
import type { DoctorFacts, PlanFacts } from "../cli/doctor_facts.ts";
import { FORMAT_VERSION } from "../store/file/codec.ts";
import { DeliveryFiles } from "../store/file/delivery_files.ts";
import { realDisk } from "../store/file/disk.ts";
import { inspect } from "../store/file/inspection.ts";
import { describePlace, verifyJournal } from "../store/file/maintenance.ts";
import { openForReading } from "../store/file/reading.ts";
import { deskOf } from "./deliver.ts";

/** Most running tasks, and most instances, that are looked at. */
const MAX_EXAMINED = 10_000;

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
  const facts: DoctorFacts = {
    ...await inspect(realDisk, directory),
    directory,
    now: Date.now(),
    version,
    format: FORMAT_VERSION,
    plan: await readPlan(options),
    wasVerified: verify,
    ...(fault !== undefined && { fault: { ...fault, place: describePlace(fault) } }),
  };
  return printDoctor(facts, json, terminal);
}

async function readPlan({ directory, log, version }: DoctorOptions): Promise<DoctorFacts["plan"]> {
  try {
    await using store = await openForReading({ directory, disk: realDisk, now: Date.now, log });
    const engine = await Engine.start({ ...store, log });
    const deliveries = new DeliveryFiles({ directory, disk: realDisk });
    const webhooks = await webhooksOf(engine, deskOf({ engine, deliveries, version, allowPrivate: false }));
    return { ...await planOf(engine), webhooks };
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return { code: error.code, message: error.message };
  }
}

async function webhooksOf(engine: Engine, desk: WebhookDesk): Promise<PlanFacts["webhooks"]> {
  const webhooks = await engine.query({ type: "list_webhooks" }, OPERATOR);
  return await Promise.all(webhooks.map(async (webhook) => {
    const standing = await desk.standingOf(webhook);
    const { place, attempts = 0, retryAt, deadLetters = [], log = [] } = standing ?? {};
    const at = place !== undefined && "at" in place ? place.at : webhook.createdAt;
    const error = log.at(-1)?.error;
    return {
      name: webhook.name,
      ...(webhook.disabled !== undefined && { disabled: webhook.disabled.why }),
      attempts,
      ...(error !== undefined && { error }),
      ...(retryAt !== undefined && { retryAt }),
      deadLetters: deadLetters.length,
      isBehind: place !== undefined && "seq" in place ? place.seq < engine.seq : at < engine.recordedAt,
    };
  }));
}

async function planOf(engine: Engine): Promise<Omit<PlanFacts, "webhooks">> {
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
    tokens,
    running: tasks,
    lostInstances: shown.filter(({ status }) => status === "lost").map(({ id }) => id),
  };
}
