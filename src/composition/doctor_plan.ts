/** Gathers what `doctor` judges of a plan, in whatever store it is. Writes nothing. */

import type { Engine } from "../app/engine.ts";
import type { Deliveries } from "../app/ports.ts";
import type { WebhookDesk } from "../app/webhook_desk.ts";
import { OPERATOR } from "../cli/commands.ts";
import type { LockFact, PlanFacts } from "../cli/doctor_facts.ts";
import { isNameOfPlaces, parsePlaces, type Place } from "../handlers/places.ts";
import { isHandlerToken } from "../handlers/role_tokens.ts";
import { nameOfStanding } from "../webhooks/standing.ts";
import { deskOf } from "./deliver.ts";

/** Most running tasks, and most instances, that are looked at. */
const MAX_EXAMINED = 10_000;

/** The lead of a delivery under whose name nobody has led yet. */
const NOBODY = { isHeld: false };

/** Who leads each delivery, by its name. */
type Leads = ReadonlyMap<string, LockFact>;

export interface PlanParts {
  readonly engine: Engine;
  readonly deliveries: Deliveries;
  readonly leads: Leads;
  readonly version: string;
  /** Where the text of a delivery is, in words. */
  readonly placeOf: (name: string) => string;
}

export async function planFactsOf(parts: PlanParts): Promise<PlanFacts> {
  const { engine, deliveries, leads, version } = parts;
  const desk = deskOf({ engine, deliveries, version, allowPrivate: false });
  return {
    ...await planOf(engine),
    webhooks: await webhooksOf(engine, desk, leads),
    handlerFiles: await handlerFilesOf(parts),
  };
}

async function webhooksOf(
  engine: Engine,
  desk: WebhookDesk,
  leads: Leads,
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
  { engine, deliveries, leads, placeOf }: PlanParts,
): Promise<PlanFacts["handlerFiles"]> {
  const names = (await deliveries.names()).filter(isNameOfPlaces).sort();
  return await Promise.all(names.map(async (name) => {
    const lead = leads.get(name) ?? NOBODY;
    const handlers = placesIn(name, await deliveries.load(name) ?? "");
    return {
      places: placeOf(name),
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
