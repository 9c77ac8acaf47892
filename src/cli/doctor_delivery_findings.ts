/** What `doctor` finds about webhooks: disabled ones, deliveries that fail, are given up, or are made by nobody. Pure. */

import { type DeliveryFact, type Finding, type PlanFacts, problem } from "./doctor_facts.ts";

/** Longer than this after the last record, everything should be delivered, in milliseconds. */
const DELIVERED_MS = 60_000;

/** What the deliveries to webhooks show. */
export function deliveryFindings({ webhooks, recordedAt }: PlanFacts, now: number): readonly Finding[] {
  return webhooks.flatMap((webhook) => {
    const found = [...undelivered(webhook, recordedAt < now - DELIVERED_MS)];
    if (webhook.deadLetters > 0) {
      found.push(problem(
        "dead_letters",
        `${webhook.deadLetters} events were given up for webhook ${webhook.name}`,
        `mend the receiver; webhook replay ${webhook.name} sends them again`,
      ));
    }
    return found;
  });
}

function undelivered(webhook: DeliveryFact, isOverdue: boolean): readonly Finding[] {
  const { name, disabled, attempts, error, retryAt, isBehind } = webhook;
  if (disabled !== undefined) {
    return [problem(
      "webhook_disabled",
      `Nothing is sent to webhook ${name} any more: ${disabled}`,
      `mend the receiver, then webhook replay ${name}; or webhook remove ${name}`,
    )];
  }
  if (attempts > 0) {
    const next = retryAt === undefined ? "" : `; it is tried again at ${new Date(retryAt).toISOString()}`;
    return [problem(
      "delivery_fails",
      `Webhook ${name} did not take an event ${attempts} times${error === undefined ? "" : ` (${error})`}${next}`,
      `look at the receiver; webhook test ${name} sends a test event at once`,
    )];
  }
  if (!isBehind || !isOverdue) return [];
  return [problem(
    "delivery_behind",
    `Events for webhook ${name} were not sent for a minute`,
    "start a service, or a server with --deliver, that may connect to the receiver (--allow-net=HOST)",
  )];
}
