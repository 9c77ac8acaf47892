/** The rules for webhooks. Only the journal is changed here: what was sent, and the secrets, are kept elsewhere. */

import { findType, isForAdmins } from "../messages/history.ts";
import { MAX_DURATION_MS, MAX_TIME_MS, MAX_URL_CHARACTERS, MAX_WEBHOOKS } from "../model/limits.ts";
import { checkAll, checkEach } from "../model/faults.ts";
import { Refusal } from "../model/refusal.ts";
import { checkId, checkInPath, checkNewId, checkText, printable } from "../model/values.ts";
import { type NewWebhook, replayed, type ReplayFrom, rotated, type Webhook } from "../model/webhook.ts";
import type { ReadonlyState } from "../state/state.ts";
import { checkNames, checkNumber } from "./checks/settings.ts";
import type { Deciders } from "./decision.ts";

/** A host name or an address: all others lead nowhere, and Deno refuses to say whether it may connect to them. */
const HOST = /^(?=.{1,253}$)(\[[\da-f:.]+\]|([\w-]{1,63}\.)*[\w-]{1,63}\.?)$/;

/** Most bytes of UTF-8 of the reason for which a webhook is disabled. */
const MAX_WHY_BYTES = 1024;

export const webhookDeciders: Deciders<
  "add_webhook" | "rotate_webhook" | "replay_webhook" | "remove_webhook" | "disable_webhook"
> = {
  add_webhook(state, { webhook: { types = [], audiences = [], ...rest } }, { now }) {
    const webhook = {
      ...rest,
      ...(types.length > 0 && { types }),
      ...(audiences.length > 0 && { audiences }),
    };
    checkWebhook(state, webhook);
    return {
      events: [{ type: "webhook.saved", webhook }],
      answer: () => ({ ...webhook, createdAt: now }),
    };
  },

  rotate_webhook(state, { name, secret, graceMs }, { now }) {
    const before = findWebhook(state, name, "rotate the secret of");
    checkAll(
      () => checkKey(secret, `The id of the new secret of webhook ${name}`),
      () => checkNumber(graceMs, `The grace of the old secret of webhook ${name}`, { least: 0, most: MAX_DURATION_MS }),
    );
    const previousUntil = graceMs === 0 ? undefined : Math.min(now + graceMs, MAX_TIME_MS);
    const change = { secret, ...(previousUntil !== undefined && { previousUntil }) };
    return { events: [{ type: "webhook.rotated", name, ...change }], answer: () => rotated(before, change) };
  },

  replay_webhook(state, { name, from }) {
    const before = findWebhook(state, name, "replay");
    checkPlace(from, name);
    return {
      events: [{ type: "webhook.replayed", name, ...(from !== undefined && { from }) }],
      answer: () => replayed(before, from),
    };
  },

  remove_webhook(state, { name }) {
    findWebhook(state, name, "remove");
    return { events: [{ type: "webhook.deleted", name }], answer: () => ({ removed: name }) };
  },

  disable_webhook(state, { name, id, why }) {
    checkText(why, `The reason to disable webhook ${name}`, MAX_WHY_BYTES);
    const webhook = state.webhooks.get(name);
    const isEnabled = webhook?.id === id && webhook.disabled === undefined;
    return {
      events: isEnabled ? [{ type: "webhook.disabled", name, why }] : [],
      answer: () => ({ disabled: isEnabled }),
    };
  },
};

function findWebhook(state: ReadonlyState, name: string, action: string): Webhook {
  const webhook = state.webhooks.get(name);
  if (webhook !== undefined) return webhook;
  throw new Refusal(
    "not_found",
    `Cannot ${action} webhook ${printable(name)} as there is none of that name: webhook list shows them`,
    { name },
  );
}

function checkWebhook(state: ReadonlyState, webhook: NewWebhook): void {
  const { name, id, url, group, task, audiences = [], secret } = webhook;
  checkAll(
    () => {
      if (!state.webhooks.has(name)) return;
      throw new Refusal(
        "already_exists",
        `Webhook ${name} already exists: use another name, or remove it first (webhook remove ${name})`,
        { name },
      );
    },
    () => checkInPath(name, "Webhook name"),
    () => checkNewId(name, "Webhook name", state.webhooks),
    () => checkKey(id, `The id of webhook ${name}`),
    () => checkKey(secret, `The id of the secret of webhook ${name}`),
    () => checkUrl(url, name),
    () => checkTypes(webhook),
    () => checkNames(audiences, "Audience", `of webhook ${name}`),
    () => group !== undefined && checkId(group, "Group id"),
    () => task !== undefined && checkId(task, "Task id"),
    () => {
      if (state.webhooks.size < MAX_WEBHOOKS) return;
      throw new Refusal(
        "limit_exceeded",
        `Cannot add webhook ${name} as there are ${MAX_WEBHOOKS}, the most there can be: remove one (webhook list shows ` +
          "them)",
        { limit: MAX_WEBHOOKS },
      );
    },
  );
}

function checkTypes({ name, types = [], audiences = [] }: NewWebhook): void {
  checkEach(types, (type) => {
    const known = findType(type);
    if (known === undefined || known !== type) {
      throw new Refusal("invalid_value", `Webhook ${name} names ${printable(type)}, which is no event type`);
    }
    if (isForAdmins(known) && audiences.length > 0) {
      throw new Refusal(
        "invalid_value",
        `Webhook ${name} cannot have audiences and the type ${type}, which only admins see: leave one of them out`,
      );
    }
  });
}

/** Refuses an address to which nothing can be sent, or that has a password, which all who read the journal would see. */
function checkUrl(text: string, name: string): void {
  const url = text.length <= MAX_URL_CHARACTERS && text.isWellFormed() ? URL.parse(text) : null;
  const refused = (why: string) => {
    return new Refusal("invalid_value", `The URL of webhook ${name} ${why}, like https://example.com/hooks`);
  };
  if (url === null) throw refused(`must be an address of at most ${MAX_URL_CHARACTERS} characters`);
  if (url.protocol !== "https:" && url.protocol !== "http:") throw refused("must begin with https:// or http://");
  if (!HOST.test(url.hostname)) throw refused("must have a host name of letters, digits, hyphens and dots");
  if (url.username !== "" || url.password !== "") throw refused("must not have a user or password");
  if (url.hash !== "") throw refused("must not have a fragment (#)");
}

function checkKey(key: string, what: string): void {
  if (/^[\w-]{1,100}$/.test(key)) return;
  throw new Refusal("invalid_value", `${what} must be 1 to 100 letters, digits, - or _`);
}

function checkPlace(from: ReplayFrom | undefined, name: string): void {
  if (from === undefined) return;
  const what = `The place from which to replay webhook ${name}`;
  if ("at" in from) return checkNumber(from.at, what, { least: 0, most: MAX_TIME_MS });
  checkNumber(from.seq, what, { least: 0, most: Number.MAX_SAFE_INTEGER });
  checkNumber(from.index, what, { least: 0, most: Number.MAX_SAFE_INTEGER });
}
