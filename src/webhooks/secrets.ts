/**
 * Keeps the secrets of webhooks outside the journal, which others may read: each in a text of its own, which never changes.
 * So processes that add or rotate at the same time cannot overwrite each other's.
 */

import * as z from "zod";
import type { Deliveries } from "../app/ports.ts";
import { newKey } from "../app/webhook_desk.ts";
import type { Webhook } from "../core/model/webhook.ts";
import { newSecret } from "./signature.ts";

const PREFIX = "secret-";

/** How long a secret is kept without a webhook that names it, in milliseconds: its command may still be under way. */
const ORPHAN_MS = 60 * 60 * 1_000;

const secretSchema = z.object({ secret: z.string(), madeAt: z.number() });

/** Makes and keeps a secret. */
export async function makeSecret(
  deliveries: Deliveries,
  now: number,
): Promise<{ readonly id: string; readonly secret: string }> {
  const [id, secret] = [newKey(), newSecret()];
  await deliveries.save(PREFIX + id, JSON.stringify({ secret, madeAt: now } satisfies z.infer<typeof secretSchema>));
  return { id, secret };
}

/** The secrets that sign for a webhook now, the newest first; undefined if the newest is lost. */
export async function secretsOf(
  deliveries: Deliveries,
  { secret, previousSecret }: Webhook,
  now: number,
): Promise<readonly string[] | undefined> {
  const newest = await load(deliveries, secret);
  if (newest === undefined) return undefined;
  const isValid = previousSecret !== undefined && previousSecret.until > now;
  const previous = isValid ? await load(deliveries, previousSecret.id) : undefined;
  return [newest, previous].flatMap((each) => each === undefined ? [] : [each.secret]);
}

/** Removes the secrets of a webhook that was removed. */
export async function removeSecrets(deliveries: Deliveries, { secret, previousSecret }: Webhook): Promise<void> {
  await deliveries.remove(PREFIX + secret);
  if (previousSecret !== undefined) await deliveries.remove(PREFIX + previousSecret.id);
}

/** Removes secrets that no webhook names any more, if they are not new. */
export async function removeOldSecrets(
  deliveries: Deliveries,
  webhooks: readonly Webhook[],
  now: number,
): Promise<void> {
  const used = new Set(webhooks.flatMap(({ secret, previousSecret }) => {
    return previousSecret !== undefined && previousSecret.until > now ? [secret, previousSecret.id] : [secret];
  }));
  for (const name of await deliveries.names()) {
    if (!name.startsWith(PREFIX) || used.has(name.slice(PREFIX.length))) continue;
    const kept = await load(deliveries, name.slice(PREFIX.length));
    if (kept === undefined || now - kept.madeAt > ORPHAN_MS) await deliveries.remove(name);
  }
}

async function load(deliveries: Deliveries, id: string): Promise<z.infer<typeof secretSchema> | undefined> {
  const text = await deliveries.load(PREFIX + id);
  if (text === undefined) return undefined;
  const parsed = secretSchema.safeParse(parseJson(text));
  return parsed.success ? parsed.data : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
