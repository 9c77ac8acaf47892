/** What a process of the proofs does with webhooks: it adds them, competes for their delivery, and delivers what is left. */

import type { Engine } from "../../../src/app/engine.ts";
import { Feed } from "../../../src/app/feed.ts";
import { type Deliveries, Unavailable } from "../../../src/app/ports.ts";
import { newKey } from "../../../src/app/webhook_desk.ts";
import { localOperator } from "../../../src/core/model/access.ts";
import type { NewWebhook, Webhook } from "../../../src/core/model/webhook.ts";
import { makeSecret } from "../../../src/webhooks/secrets.ts";
import { nameOfStanding, parseStanding } from "../../../src/webhooks/standing.ts";
import { Webhooks, type WebhooksOptions } from "../../../src/webhooks/webhooks.ts";
import { overriding } from "../../support/overriding.ts";
import type { Request } from "./call_log.ts";

/** Between two looks whether all is delivered, in milliseconds, and most of them. */
const LOOK_MS = 200;
const MAX_LOOKS = 300;

/** After how many looks an operator would ask for a replay again. */
const LOOKS_UNTIL_REPLAY = 30;

export interface DeliveringOptions {
  readonly engine: Engine;
  readonly deliveries: Deliveries;
  /** Makes a call in the name of this process. */
  readonly call: (request: Request) => Promise<void>;
}

/** A webhook before it has an id and a secret. */
export type WantedWebhook = Pick<NewWebhook, "name" | "url" | "types">;

/** Adds the webhooks that are not there yet. Where the disk fails meanwhile, the next life does. */
export async function addWebhooks(
  wanted: readonly WantedWebhook[],
  { engine, deliveries, call }: DeliveringOptions,
): Promise<void> {
  if (wanted.length === 0) return;
  try {
    const known = new Set((await webhooksOf(engine)).map(({ name }) => name));
    for (const each of wanted.filter(({ name }) => !known.has(name))) {
      const { id: secret } = await makeSecret(deliveries, engine.now());
      await call({ type: "add_webhook", webhook: { ...each, id: newKey(), secret } });
    }
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
  }
}

/** Competes for all webhooks until it is closed. The clock is not asked through the engine, which notes what it said. */
export function startDelivering(
  { engine, now, ...options }: Omit<WebhooksOptions, "feed" | "isPermitted" | "allowPrivate"> & {
    readonly now: () => number;
  },
): AsyncDisposable {
  const feed = new Feed(engine, options.log);
  const timed = overriding(engine, { now });
  const webhooks = new Webhooks({ ...options, engine: timed, feed, isPermitted: () => true, allowPrivate: true });
  return {
    async [Symbol.asyncDispose]() {
      await webhooks.close();
      feed.close();
    },
  };
}

/** Asks for what was not delivered, and resolves once all is. */
export async function deliverAll({ engine, deliveries, call }: DeliveringOptions): Promise<void> {
  for (let looks = 0; looks < MAX_LOOKS; looks++) {
    const behind = [];
    for (const webhook of await webhooksOf(engine)) {
      if (!await isDelivered(webhook, { engine, deliveries })) behind.push(webhook);
    }
    if (behind.length === 0) return;
    if (looks % LOOKS_UNTIL_REPLAY === 0) {
      for (const { name } of behind) await call({ type: "replay_webhook", name });
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new Error(`Not all was delivered after ${MAX_LOOKS * LOOK_MS} ms`);
}

async function isDelivered(
  { id, replays = 0 }: Webhook,
  { engine, deliveries }: Pick<DeliveringOptions, "engine" | "deliveries">,
): Promise<boolean> {
  const text = await deliveries.load(nameOfStanding(id));
  const standing = text === undefined ? undefined : parseStanding(text);
  if (standing === undefined || standing.replays < replays || standing.deadLetters.length > 0) return false;
  const { place } = standing;
  return "seq" in place && place.index === undefined && place.seq >= engine.seq;
}

async function webhooksOf(engine: Engine): Promise<readonly Webhook[]> {
  return await engine.query({ type: "list_webhooks" }, localOperator("proof"));
}
