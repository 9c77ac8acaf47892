/** Webhooks: operations for admins of the other surfaces. They are no MCP tools, as no agent needs them. */

import * as z from "zod";
import { parseMoment } from "../../app/history.ts";
import { parseDuration } from "../../app/time.ts";
import { newKey, type WebhookDesk, type WebhookStanding } from "../../app/webhook_desk.ts";
import { requireType } from "../../core/messages/history.ts";
import { hasRight, type KnownCaller } from "../../core/model/access.ts";
import { Refusal } from "../../core/model/refusal.ts";
import { isoTime } from "../../core/model/text.ts";
import { printable } from "../../core/model/values.ts";
import type { Webhook } from "../../core/model/webhook.ts";
import type { Json } from "../page.ts";
import { adds, changes, defineTool, reads, removes, type Tool } from "../tool.ts";
import { defined, names } from "./task_arguments.ts";

/** How long the old secret signs beside a new one by default: a day, in milliseconds. */
export const DEFAULT_GRACE_MS = 24 * 60 * 60 * 1_000;

const name = z.string().describe("The name of the webhook");

const SHOWN_ONCE = "secret is shown only now, and not by a repeat of the request";

/** The operations, with what they need beside the plan. */
export function webhookOperations(desk: WebhookDesk): readonly Tool[] {
  return [
    defineTool({
      name: "list_webhooks",
      description:
        "Return the webhooks, in the order in which they were added, with how the delivery stands. For admins.",
      input: {},
      annotations: reads,
      async run(_, { query }) {
        const webhooks = await query({ type: "list_webhooks" });
        const presented = webhooks.map(async (webhook) => {
          return { ...presentWebhook(webhook), ...presentStanding(await desk.standingOf(webhook)) };
        });
        return { json: { webhooks: await Promise.all(presented) } };
      },
    }),
    defineTool({
      name: "add_webhook",
      description:
        `Add a webhook: what happens from now on is sent to its URL, signed. ${SHOWN_ONCE}: the receiver verifies with ` +
        "it. For admins.",
      input: {
        name: z.string().describe("Its name in lists and in the audit"),
        url: z.string().describe("Where events are sent: https://, or http:// in a network that you trust"),
        type: names.optional().describe("Only of these types, like task.completed; default: all but those for admins"),
        group: z.string().optional().describe("Only about this group, or a task that was in it"),
        task_id: z.string().optional().describe("Only about this task"),
        audiences: names.optional().describe("Only about groups that these audiences see; default: all groups"),
      },
      annotations: adds,
      async run({ name, url, type, group, task_id: task, audiences }, { execute, query }) {
        const { id: secretId, secret } = await makeSecret(desk, await query({ type: "get_caller" }));
        const types = type?.map(requireType);
        const settings = { name, id: newKey(), url, secret: secretId, ...defined({ types, group, task, audiences }) };
        const webhook = await execute({ type: "add_webhook", webhook: settings });
        return { json: { ...presentWebhook(webhook), secret } };
      },
    }),
    defineTool({
      name: "remove_webhook",
      description: "Remove a webhook: nothing more is sent to it, and its secret is forgotten. For admins.",
      input: { name },
      annotations: removes,
      async run({ name }, { execute }) {
        return { json: await execute({ type: "remove_webhook", name }) };
      },
    }),
    defineTool({
      name: "rotate_webhook",
      description:
        `Give a webhook another secret. Until grace has passed, the one before signs, too. ${SHOWN_ONCE}. For admins.`,
      input: { name, grace: z.string().optional().describe("A duration like PT1H; PT0S: none. Default: P1D") },
      annotations: changes,
      async run({ name, grace }, { execute, query }) {
        const graceMs = grace === undefined ? DEFAULT_GRACE_MS : durationOf(grace);
        const { id, secret } = await makeSecret(desk, await query({ type: "get_caller" }));
        const webhook = await execute({ type: "rotate_webhook", name, secret: id, graceMs });
        return { json: { ...presentWebhook(webhook), secret } };
      },
    }),
    defineTool({
      name: "replay_webhook",
      description:
        "Send again what a webhook did not get: its dead letters, once each, then what waits for the next try. With " +
        "since, send everything again that came after it. A disabled webhook is enabled. For admins.",
      input: {
        name,
        since: z.string().optional().describe("A seq like 12, the id of an event, an ISO 8601 time, or PT1H (ago)"),
      },
      annotations: changes,
      async run({ name, since }, { execute, now }) {
        const from = since === undefined ? undefined : parseMoment(since, "since", now());
        return { json: presentWebhook(await execute({ type: "replay_webhook", name, ...defined({ from }) })) };
      },
    }),
    defineTool({
      name: "test_webhook",
      description:
        "Send a signed event of the type orchestrator.webhook.test to a webhook at once, and return the status of the " +
        "answer, or why there was none. For admins.",
      input: { name },
      annotations: reads,
      async run({ name }, { query }) {
        const result = await desk.test(find(name, await query({ type: "list_webhooks" })));
        return { json: { delivered: "status" in result && result.status >= 200 && result.status < 300, ...result } };
      },
    }),
    defineTool({
      name: "get_deliveries",
      description:
        "Return how the delivery to a webhook stands: the newest attempts, and the dead letters, which were given up. " +
        "For admins.",
      input: { name },
      annotations: reads,
      async run({ name }, { query }) {
        const webhook = find(name, await query({ type: "list_webhooks" }));
        const standing = await desk.standingOf(webhook);
        return {
          json: {
            name,
            ...presentStanding(standing),
            log: (standing?.log ?? []).map(({ at, ...attempt }) => ({ at: isoTime(at), ...attempt })),
            deadLetters: (standing?.deadLetters ?? []).map(({ at, ...letter }) => ({ at: isoTime(at), ...letter })),
          },
        };
      },
    }),
  ];
}

/** Makes a secret; for a caller whose command will be refused, only an id, so that nobody else fills the store. */
async function makeSecret(
  desk: WebhookDesk,
  { role }: KnownCaller,
): Promise<{ readonly id: string; readonly secret?: string }> {
  return hasRight(role, "administer") ? await desk.makeSecret() : { id: newKey() };
}

/** A webhook as an admin sees it; the ids of its secrets mean nothing to anybody else. */
function presentWebhook(webhook: Webhook): Json {
  const { id: _i, secret: _s, createdAt, previousSecret, disabled, replays: _r, replayFrom: _f, ...settings } = webhook;
  return {
    ...settings,
    createdAt: isoTime(createdAt),
    ...(previousSecret !== undefined && { previousSecretUntil: isoTime(previousSecret.until) }),
    ...(disabled !== undefined && { disabled: { at: isoTime(disabled.at), why: disabled.why } }),
  };
}

function presentStanding(standing: WebhookStanding | undefined): Json {
  if (standing === undefined) return { deliveredUpTo: null, deadLetterCount: 0 };
  const { place, attempts, retryAt, deadLetters, deadLettersDropped, log } = standing;
  const last = log.at(-1);
  return {
    deliveredUpTo: "at" in place
      ? isoTime(place.at)
      : [place.seq, place.index].filter((part) => part != null).join("."),
    ...(attempts > 0 && { failedAttempts: attempts }),
    ...(retryAt !== undefined && { retryAt: isoTime(retryAt) }),
    ...(attempts > 0 && last?.error !== undefined && { lastError: last.error }),
    deadLetterCount: deadLetters.length,
    ...(deadLettersDropped > 0 && { deadLettersDropped }),
  };
}

function find(name: string, webhooks: readonly Webhook[]): Webhook {
  const webhook = webhooks.find((each) => each.name === name);
  if (webhook !== undefined) return webhook;
  throw new Refusal("not_found", `There is no webhook ${printable(name)}: list_webhooks shows them`, { name });
}

function durationOf(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new Refusal("invalid_value", `grace ${printable(text)} is not a duration like PT1H or P7D`);
}
