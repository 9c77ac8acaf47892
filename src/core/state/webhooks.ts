/** The webhooks of the state. */

import type { Event } from "../messages/events.ts";
import { replayed, rotated, type Webhook } from "../model/webhook.ts";
import type { State } from "./state.ts";

type WebhookEvent = Extract<Event, { readonly type: `webhook.${string}` }>;

/** Applies an event about a webhook; `at` is the time of its record, in milliseconds since the Unix epoch. */
export function onWebhookEvent(state: State, event: WebhookEvent, at: number): void {
  switch (event.type) {
    case "webhook.saved":
      state.webhooks.set(event.webhook.name, { ...event.webhook, createdAt: at });
      return;
    case "webhook.rotated":
      return change(state, event.name, (webhook) => rotated(webhook, event));
    case "webhook.replayed":
      return change(state, event.name, (webhook) => replayed(webhook, event.from));
    case "webhook.disabled":
      return change(state, event.name, (webhook) => ({ ...webhook, disabled: { at, why: event.why } }));
    case "webhook.deleted":
      state.webhooks.delete(event.name);
      return;
    default:
      event satisfies never;
  }
}

function change(state: State, name: string, next: (webhook: Webhook) => Webhook): void {
  const webhook = state.webhooks.get(name);
  if (webhook !== undefined) state.webhooks.set(name, next(webhook));
}
