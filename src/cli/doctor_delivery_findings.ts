/** What `doctor` finds about webhooks and handlers: deliveries that fail, were given up, or are made by nobody. Pure. */

import { nameSome } from "../core/model/text.ts";
import {
  type DeliveryFact,
  type DoctorFacts,
  type Finding,
  type HandlerFact,
  type HandlerFileFact,
  type LockFact,
  note,
  type PlanFacts,
  problem,
  type WebhookFact,
} from "./doctor_facts.ts";

import { describeTimes } from "./doctor_words.ts";

/** Longer than this after the last record, everything should be delivered, in milliseconds. */
const DELIVERED_MS = 60_000;

/** How long after it happened an event that a handler passed over is a problem, in milliseconds: a day. */
const NEWLY_PASSED_OVER_MS = 24 * 60 * 60 * 1_000;

/** What the deliveries to webhooks and handlers show. */
export function deliveryFindings(
  { now, sessions }: Pick<DoctorFacts, "now" | "sessions">,
  plan: PlanFacts,
): readonly Finding[] {
  const isOverdue = plan.recordedAt < now - DELIVERED_MS;
  const hasServers = sessions.some(({ isLive }) => isLive);
  return [
    ...plan.webhooks.flatMap((webhook) => webhookFindings(webhook, isOverdue, hasServers)),
    ...plan.handlerFiles.flatMap((file) => [
      ...fileFindings(file, hasServers),
      ...(file.handlers ?? []).flatMap((handler) => handlerFindings(handler, isOverdue, now)),
    ]),
  ];
}

/** Who delivers, in words. */
export function describeLead({ isHeld, pid, isStopped }: LockFact): string {
  if (!isHeld) return "nobody";
  return `${pid === undefined ? "a server" : `process ${pid}`}${isStopped === true ? ", stopped" : ""}`;
}

function webhookFindings(webhook: WebhookFact, isOverdue: boolean, hasServers: boolean): readonly Finding[] {
  const found = [...undelivered(webhook, isOverdue, hasServers)];
  if (webhook.deadLetters > 0) {
    found.push(problem(
      "dead_letters",
      `${webhook.deadLetters} event${
        webhook.deadLetters === 1 ? " was" : "s were"
      } given up for webhook ${webhook.name}`,
      `mend the receiver; webhook replay ${webhook.name} sends them again`,
    ));
  }
  return found;
}

function undelivered(webhook: WebhookFact, isOverdue: boolean, hasServers: boolean): readonly Finding[] {
  const { name, disabled, attempts, error, retryAt, isBehind, lead } = webhook;
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
      `Webhook ${name} did not take an event ${describeTimes(attempts)}${
        error === undefined ? "" : ` (${error})`
      }${next}`,
      `look at the receiver; webhook test ${name} sends a test event at once`,
    )];
  }
  if (!isBehind || !isOverdue) return [];
  // While no server runs, what waits may be nothing but the records of its end.
  const finding = hasServers ? problem : note;
  return [finding(
    "delivery_behind",
    `Events for webhook ${name} were not sent for a minute by ${describeLead(lead)}`,
    lead.isHeld
      ? "run doctor again in a moment; if it stays so, look at the log of that server, and restart it"
      : "start a service, or a server with --deliver, that may connect to the receiver (--allow-net=HOST)",
  )];
}

function fileFindings({ places, lead, handlers }: HandlerFileFact, hasServers: boolean): readonly Finding[] {
  if (handlers === undefined) {
    return [problem(
      "handlers_unreadable",
      `${places} cannot be read, so no server runs these handlers`,
      "restore it from a backup, or remove it: then the handlers begin with what comes next",
    )];
  }
  // Without a server nothing happens that a handler could be late for.
  if (lead.isHeld || !hasServers || handlers.length === 0) return [];
  return [problem(
    "handlers_idle",
    `No server runs the handlers ${namesOf(handlers)}`,
    `start one with --handlers and their file; if they are not wanted any more, remove ${places}`,
  )];
}

function handlerFindings(
  { name, lead, attempts, isBehind, passedOver }: HandlerFact,
  isOverdue: boolean,
  now: number,
): readonly Finding[] {
  const found: Finding[] = [];
  if (attempts > 0) {
    found.push(problem(
      "handler_fails",
      `Handler ${name} has failed ${describeTimes(attempts)} with one event, and later events wait`,
      "see history --type handler.failed, or the log of the server; mend the command",
    ));
  } else if (isBehind && isOverdue && lead.isHeld) {
    found.push(note(
      "handler_behind",
      `Handler ${name} has not come to the newest events for a minute: its command takes long (${describeLead(lead)})`,
      "run doctor again in a moment; timeout_ms in the handlers file bounds a run",
    ));
  }
  if (passedOver !== undefined && now - passedOver.at < NEWLY_PASSED_OVER_MS) {
    const at = new Date(passedOver.at).toISOString();
    found.push(problem(
      "handler_passed_over",
      `Handler ${name} has passed over event ${passedOver.id} at ${at}, after its last try`,
      "see history --type handler.failed; mend the command, and do by hand what it missed; this ends a day after that time",
    ));
  }
  return found;
}

function namesOf(handlers: readonly DeliveryFact[]): string {
  return nameSome(handlers.map(({ name }) => name));
}
