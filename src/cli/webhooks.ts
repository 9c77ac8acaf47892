/** Commands for webhooks: what they do, and what they print. */

import type { Engine } from "../app/engine.ts";
import { newKey, type WebhookDesk, type WebhookStanding } from "../app/webhook_desk.ts";
import { Refusal } from "../core/model/refusal.ts";
import { printable } from "../core/model/values.ts";
import type { Webhook } from "../core/model/webhook.ts";
import { OPERATOR, type Terminal, visible } from "./commands.ts";
import type { WebhookInvocation } from "./webhook_arguments.ts";

export interface WebhookParts {
  readonly engine: Engine;
  readonly desk: WebhookDesk;
}

/** Commands that change the plan. */
export type ChangingWebhooks = Extract<
  WebhookInvocation,
  { type: "webhook add" | "webhook replay" | "webhook rotate" | "webhook remove" }
>;

/** Commands that only read. */
export type ReadingWebhooks = Exclude<WebhookInvocation, ChangingWebhooks>;

/** Runs a command that changes a webhook. */
export async function changeWebhook(
  invocation: ChangingWebhooks,
  { engine, desk }: WebhookParts,
  terminal: Terminal,
): Promise<number> {
  switch (invocation.type) {
    case "webhook add": {
      const { id, secret } = await desk.makeSecret();
      const webhook = { ...invocation.settings, id: newKey(), secret: id };
      const added = await engine.execute({ type: "add_webhook", webhook }, OPERATOR);
      printSecret(`Added ${visible(describe(added))}.`, secret, terminal);
      terminal.print("");
      terminal.print(`It is sent by serve, or a server with --deliver, that has ${await desk.optionsFor(added.url)}.`);
      return 0;
    }
    case "webhook rotate": {
      const { name, graceMs } = invocation;
      const { id, secret } = await desk.makeSecret();
      const { previousSecret } = await engine.execute(
        { type: "rotate_webhook", name, secret: id, graceMs },
        OPERATOR,
      );
      const until = previousSecret && ` The one before signs, too, until ${isoTime(previousSecret.until)}.`;
      return printSecret(`${visible(name)} has another secret.${until ?? ""}`, secret, terminal);
    }
    case "webhook replay": {
      const { name, since: from } = invocation;
      await engine.execute({ type: "replay_webhook", name, ...(from !== undefined && { from }) }, OPERATOR);
      terminal.print(`The process that delivers sends again what ${visible(name)} did not get: webhook log shows it.`);
      return 0;
    }
    case "webhook remove": {
      const { removed } = await engine.execute({ type: "remove_webhook", name: invocation.name }, OPERATOR);
      terminal.print(`Removed ${visible(removed)}: nothing more is sent to it.`);
      return 0;
    }
    default:
      return invocation satisfies never;
  }
}

/** Runs a command that only looks at webhooks. */
export async function lookAtWebhooks(
  invocation: ReadingWebhooks,
  { engine, desk }: WebhookParts,
  terminal: Terminal,
): Promise<number> {
  const webhooks = await engine.query({ type: "list_webhooks" }, OPERATOR);
  if (invocation.type === "webhook list") return await printWebhooks(webhooks, desk, terminal);
  const webhook = find(invocation.name, webhooks);
  switch (invocation.type) {
    case "webhook log":
      return printLog(await desk.standingOf(webhook), terminal);
    case "webhook test": {
      const result = await desk.test(webhook);
      if ("error" in result) terminal.print(`No answer after ${result.ms} ms: ${visible(result.error)}`);
      else terminal.print(`The receiver answered ${result.status} after ${result.ms} ms.`);
      return "status" in result && result.status >= 200 && result.status < 300 ? 0 : 1;
    }
    default:
      return invocation satisfies never;
  }
}

async function printWebhooks(
  webhooks: readonly Webhook[],
  desk: WebhookDesk,
  terminal: Terminal,
): Promise<number> {
  for (const webhook of webhooks) {
    terminal.print(visible(`${describe(webhook)}; ${describeStanding(webhook, await desk.standingOf(webhook))}`));
  }
  if (webhooks.length === 0) terminal.print("There are no webhooks: webhook add makes one");
  return 0;
}

function printLog(standing: WebhookStanding | undefined, terminal: Terminal): number {
  for (const { at, ...attempt } of standing?.log ?? []) {
    terminal.print(JSON.stringify({ at: isoTime(at), ...attempt }));
  }
  for (const { at, ...letter } of standing?.deadLetters ?? []) {
    terminal.print(JSON.stringify({ deadLetter: { at: isoTime(at), ...letter } }));
  }
  return 0;
}

function printSecret(what: string, secret: string, terminal: Terminal): number {
  for (const line of [`${what} The receiver verifies with this secret, which is shown only now:`, "", secret]) {
    terminal.print(line);
  }
  return 0;
}

function find(name: string, webhooks: readonly Webhook[]): Webhook {
  const webhook = webhooks.find((each) => each.name === name);
  if (webhook !== undefined) return webhook;
  throw new Refusal("not_found", `There is no webhook ${printable(name)}: webhook list shows them`, { name });
}

function describe({ name, url, types, group, task, audiences, createdAt }: Webhook): string {
  return `${name}: ${url}` +
    (types === undefined ? "" : `, only ${types.join(", ")}`) +
    (group === undefined ? "" : `, only of group ${group}`) +
    (task === undefined ? "" : `, only of task ${task}`) +
    (audiences === undefined ? "" : `, sees ${audiences.join(", ")}`) +
    `, added ${isoTime(createdAt)}`;
}

function describeStanding({ disabled }: Webhook, standing: WebhookStanding | undefined): string {
  const letters = standing?.deadLetters.length ?? 0;
  const dead = letters === 0 ? "" : `; ${letters} given up`;
  if (disabled !== undefined) return `disabled ${isoTime(disabled.at)}: ${disabled.why}${dead}`;
  if (standing === undefined) return "nothing sent yet";
  const { attempts, retryAt, log, place } = standing;
  const up = "seq" in place ? `sent up to record ${place.seq}` : "nothing sent yet";
  const retry = retryAt === undefined ? "" : `, next try ${isoTime(retryAt)}`;
  return up + (attempts === 0 ? "" : `; failed ${attempts} times (${log.at(-1)?.error})${retry}`) + dead;
}

function isoTime(at: number): string {
  return new Date(at).toISOString();
}
