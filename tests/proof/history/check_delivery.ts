/**
 * Whether every notification that a webhook wants has arrived at least once, in the order of first arrivals, none skipped,
 * each signed with the secret of the webhook. For webhooks without audiences, group and task, of which nothing was given up.
 */

import { Webhook as Verifier } from "standardwebhooks";
import type { JournalRecord } from "../../../src/core/messages/events.ts";
import { isForAdmins, isSelected, nameOf, requireType } from "../../../src/core/messages/history.ts";
import { type Notification, notificationsOf } from "../../../src/core/messages/notifications.ts";
import type { NewWebhook } from "../../../src/core/model/webhook.ts";
import type { History, Violation } from "./history.ts";

/** A message that a receiver has taken. */
export interface Delivered {
  /** Tells the webhook. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** @param secretOf the secret of an id, as the data directory has it */
export function checkDelivery(
  { records }: History,
  delivered: readonly Delivered[],
  secretOf: (id: string) => string,
): readonly Violation[] {
  return records.flatMap((record, index) =>
    record.events.flatMap((event) => {
      if (event.type !== "webhook.saved") return [];
      const { webhook } = event;
      const wanted = records.slice(index + 1).flatMap((later) => wantedOf(later, webhook));
      const got = delivered.filter(({ url }) => url === webhook.url);
      return [...missing(wanted, got, webhook), ...disordered(got, webhook), ...forged(got, secretOf(webhook.secret))];
    })
  );
}

function wantedOf(record: JournalRecord, { types }: NewWebhook): readonly Notification[] {
  const filter = types === undefined ? {} : { types: types.map(requireType) };
  return notificationsOf(record, { source: "" }).filter((notification) => {
    return isSelected(notification, filter) && (types !== undefined || !isForAdmins(nameOf(notification.type)));
  });
}

function missing(wanted: readonly Notification[], got: readonly Delivered[], { name }: NewWebhook): Violation[] {
  const found = new Set(got.map((each) => `${eventOf(each).id} ${eventOf(each).type} ${eventOf(each).subject}`));
  return wanted
    .filter(({ id, type, subject }) => !found.has(`${id} ${type} ${subject}`))
    .map(({ id, type }) => violation(`webhook ${name} did not get ${id}, ${type}`, id));
}

function disordered(got: readonly Delivered[], { name }: NewWebhook): Violation[] {
  const firsts = [...new Set(got.map((each) => String(eventOf(each).id)))];
  return firsts.flatMap((id, index) => {
    const before = firsts[index - 1];
    return before === undefined || isBefore(before, id)
      ? []
      : [violation(`webhook ${name} got ${id} for the first time after ${before}`, id)];
  });
}

/** Also messages whose id is not the same for the same event, or the same for another. */
function forged(got: readonly Delivered[], secret: string): Violation[] {
  const verifier = new Verifier(secret);
  const events = new Map<string, string>();
  return got.flatMap((each) => {
    const { headers, body } = each;
    const messageId = headers["webhook-id"] ?? "";
    const { id } = eventOf(each);
    const sent = new Date(Number(headers["webhook-timestamp"]) * 1_000);
    const isSame = (events.get(messageId) ?? id) === id;
    events.set(messageId, id);
    if (!isSame) return [violation(`message ${messageId} is of ${id}, and of another event before`, id)];
    // `verify` compares the timestamp with the clock of this machine, which a simulation does not have.
    const isSigned = headers["webhook-signature"] === verifier.sign(messageId, sent, body);
    return isSigned ? [] : [violation(`message ${messageId} of ${id} is not signed with the secret`, id)];
  });
}

function isBefore(a: string, b: string): boolean {
  const [[seqA = 0, indexA = 0], [seqB = 0, indexB = 0]] = [a.split(".").map(Number), b.split(".").map(Number)];
  return seqA < seqB || (seqA === seqB && indexA < indexB);
}

/** The event in a message, as `messageOf` makes it. */
function eventOf({ body }: Delivered): Pick<Notification, "id" | "type" | "subject"> {
  return JSON.parse(body);
}

function violation(complaint: string, id: string): Violation {
  return { complaint, seqs: [Number(id.split(".")[0])], calls: [] };
}
