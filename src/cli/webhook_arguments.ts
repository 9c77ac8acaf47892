/** The arguments of the commands for webhooks. */

import { type Command, InvalidArgumentError, Option } from "commander";
import type { Moment } from "../app/history.ts";
import { parseDuration } from "../app/time.ts";
import type { NotificationType } from "../core/messages/notifications.ts";
import type { NewWebhook } from "../core/model/webhook.ts";
import { commaList, eventTypes, moment } from "./option_values.ts";

/** A command for webhooks and its options. */
export type WebhookInvocation =
  | { readonly type: "webhook add"; readonly settings: Omit<NewWebhook, "id" | "secret"> }
  | { readonly type: "webhook list" }
  | { readonly type: "webhook log"; readonly name: string }
  | { readonly type: "webhook test"; readonly name: string; readonly allowPrivate: boolean }
  | { readonly type: "webhook replay"; readonly name: string; readonly since?: Moment }
  | { readonly type: "webhook rotate"; readonly name: string; readonly graceMs: number }
  | { readonly type: "webhook remove"; readonly name: string };

/** Default of `webhook rotate --grace`: a day, in milliseconds. */
const DEFAULT_GRACE_MS = 24 * 60 * 60 * 1_000;

/** Adds the commands to the program; `choose` gets the one that was given. */
export function addWebhookCommands(program: Command, choose: (invocation: WebhookInvocation) => void): void {
  const webhook = program.command("webhook").description("send events to other programs, signed");
  addAdd(webhook, choose);
  webhook.command("list")
    .description("print the webhooks, and how the delivery to each stands")
    .action(() => choose({ type: "webhook list" }));
  webhook.command("log")
    .description("print the newest attempts to deliver, and the events that were given up: JSON Lines, oldest first")
    .argument("<name>", "the name of the webhook")
    .action((name: string) => choose({ type: "webhook log", name }));
  webhook.command("test")
    .description("send a test event at once, and print what the receiver answered")
    .argument("<name>", "the name of the webhook")
    .action((name: string) => {
      const allowPrivate = program.opts<{ allowPrivateWebhooks?: true }>().allowPrivateWebhooks === true;
      choose({ type: "webhook test", name, allowPrivate });
    });
  webhook.command("replay")
    .description("send what was given up again, and what waits for its next try; enable a disabled webhook")
    .argument("<name>", "the name of the webhook")
    .option("--since <moment>", "send everything again that came after this seq, event or ISO 8601 time", moment)
    .action((name: string, options: { since?: Moment }) => choose({ type: "webhook replay", name, ...options }));
  webhook.command("rotate")
    .description("make another secret, and print it this once")
    .argument("<name>", "the name of the webhook")
    .addOption(
      new Option("--grace <duration>", "how long the one before signs, too: PT1H; PT0S: not at all (default: P1D)")
        .argParser(duration),
    )
    .action((name: string, { grace: graceMs = DEFAULT_GRACE_MS }: { grace?: number }) => {
      choose({ type: "webhook rotate", name, graceMs });
    });
  webhook.command("remove")
    .description("send nothing more, and forget the secret")
    .argument("<name>", "the name of the webhook")
    .action((name: string) => choose({ type: "webhook remove", name }));
}

function addAdd(webhook: Command, choose: (invocation: WebhookInvocation) => void): void {
  webhook.command("add")
    .description("send what happens from now on to a URL, and print the secret that signs it this once")
    .argument("<name>", "its name in lists and in the audit")
    .argument("<url>", "https://, or http:// in a network that you trust")
    .addOption(
      new Option("--type <names>", "only events of these types, like task.completed,task.failed").argParser(eventTypes),
    )
    .option("--group <id>", "only what is about this group, or a task that was in it")
    .option("--task <id>", "only what is about this task")
    .option(
      "--audiences <names>",
      "only groups that these audiences see, with commas between (default: all)",
      commaList,
    )
    .action((name: string, url: string, { type: types, ...options }: AddFlags) => {
      const settings = { name, url, ...options, ...(types !== undefined && { types }) };
      choose({ type: "webhook add", settings });
    });
}

interface AddFlags {
  readonly type?: readonly NotificationType[];
  readonly group?: string;
  readonly task?: string;
  readonly audiences?: readonly string[];
}

function duration(value: string): number {
  const ms = parseDuration(value);
  if (ms === undefined) throw new InvalidArgumentError("It must be a duration like PT1H or P7D.");
  return ms;
}
