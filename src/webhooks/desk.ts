/** Offers the surfaces what they need for webhooks: see `app/webhook_desk.ts`. */

import type { Deliveries } from "../app/ports.ts";
import { newKey, type WebhookDesk, type WebhookTest } from "../app/webhook_desk.ts";
import { Refusal } from "../core/model/refusal.ts";
import { isoTime } from "../core/model/text.ts";
import type { Webhook } from "../core/model/webhook.ts";
import { isForPrivate, literalAddress } from "./addresses.ts";
import { messageOf } from "./message.ts";
import { makeSecret, secretsOf } from "./secrets.ts";
import { Sender, type SenderOptions } from "./sender.ts";
import { nameOfStanding, parseStanding } from "./standing.ts";
import { hostOf } from "./webhooks.ts";

/** The type of a test event, which no notification has. */
export const TEST_TYPE = "orchestrator.webhook.test";

export interface DeskOptions extends SenderOptions {
  readonly deliveries: Deliveries;
  readonly version: string;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Names the journal; undefined while it has no record. */
  readonly source: () => Promise<string | undefined>;
  /** Whether this process may connect to a host, like `example.com:443`. */
  readonly isPermitted: (host: string) => boolean;
}

export function openDesk(options: DeskOptions): WebhookDesk {
  const { deliveries, now } = options;
  return {
    makeSecret: () => makeSecret(deliveries, now()),
    async standingOf({ id }) {
      const text = await deliveries.load(nameOfStanding(id));
      return text === undefined ? undefined : parseStanding(text);
    },
    optionsFor: (url) => Promise.resolve(optionsFor(url)),
    test: (webhook) => test(webhook, options),
  };
}

function optionsFor(url: string): string {
  const { hostname } = new URL(url);
  const address = hostname === "localhost" ? "127.0.0.1" : literalAddress(hostname);
  const needsPrivate = address !== undefined && isForPrivate(address);
  return `--allow-net=${hostOf(url)}${needsPrivate ? " and --allow-private-webhooks" : ""}`;
}

async function test(webhook: Webhook, options: DeskOptions): Promise<WebhookTest> {
  const { deliveries, version, now, source, isPermitted } = options;
  const host = hostOf(webhook.url);
  if (!isPermitted(host)) {
    throw new Refusal(
      "invalid_value",
      `Cannot test webhook ${webhook.name} as this process may not connect to ${host}: start it with --allow-net=${host}`,
    );
  }
  const at = now();
  const secrets = await secretsOf(deliveries, webhook, at);
  if (secrets === undefined) {
    throw new Refusal(
      "not_found",
      `Cannot test webhook ${webhook.name} as its secret is lost: webhook rotate ${webhook.name} makes another one`,
    );
  }
  const content = {
    specversion: "1.0",
    id: `test-${newKey()}`,
    source: await source() ?? "",
    type: TEST_TYPE,
    subject: webhook.name,
    time: isoTime(at),
    datacontenttype: "application/json",
    data: {},
  };
  const sender = new Sender(webhook.url, options);
  const startedAt = performance.now();
  try {
    const answer = await sender.post(await messageOf(content, { at, secrets, version }), new AbortController().signal);
    const ms = Math.round(performance.now() - startedAt);
    return "status" in answer ? { ms, status: answer.status } : { ms, error: answer.error };
  } finally {
    sender.close();
  }
}
