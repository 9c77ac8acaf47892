/**
 * Delivers to the webhooks of the plan. For each one, processes compete: the one that leads has a courier. A webhook whose
 * host this process may not connect to is left to others.
 */

import type { Engine } from "../app/engine.ts";
import type { Feed } from "../app/feed.ts";
import { ORCHESTRATOR } from "../app/job.ts";
import { Leader } from "../app/leader.ts";
import type { Observer } from "../app/observer.ts";
import { type Deliveries, type Log, Unavailable } from "../app/ports.ts";
import type { Webhook } from "../core/model/webhook.ts";
import { Courier } from "./courier.ts";
import { Pace } from "./pace.ts";
import { removeOldSecrets, removeSecrets } from "./secrets.ts";
import { Sender, type SenderOptions } from "./sender.ts";
import { idInName, nameOfStanding } from "./standing.ts";

/** How often the webhooks are read while they do not change, in milliseconds: secrets come to their end. */
const LOOK_MS = 60 * 60 * 1_000;

/** Pause until the webhooks are read again after that has failed, in milliseconds. */
const RETRY_MS = 1_000;

export interface WebhooksOptions extends SenderOptions {
  readonly engine: Engine;
  readonly feed: Feed;
  readonly deliveries: Deliveries;
  readonly log: Log;
  readonly version: string;
  /** Whether this process may connect to a host, like `example.com:443`. */
  readonly isPermitted: (host: string) => boolean;
  /** Told of each attempt to deliver. Default: nobody. */
  readonly onDelivery?: Observer["onDelivery"];
  /** From 0 to 1. Default: `Math.random`. */
  readonly random?: () => number;
  /** Sends to a URL. Default: a `Sender`; others only in tests. */
  readonly openSender?: (url: string) => Pick<Sender, "post" | "close">;
}

/** A webhook for which this process competes. */
interface Contest {
  webhook: Webhook;
  readonly courier: Courier;
  readonly sender: Pick<Sender, "post" | "close">;
  readonly leader: Leader;
}

export class Webhooks {
  readonly #options: WebhooksOptions;
  readonly #pace: Pace;
  readonly #contests = new Map<string, Contest>();
  /** All webhooks of the last look. */
  #known: readonly Webhook[] = [];
  /** The ids of webhooks that are left to others. */
  readonly #unpermitted = new Set<string>();
  readonly #unsubscribe: () => void;
  #looking: Promise<void> | undefined;
  /** Whether something has changed since the look under way began. */
  #isLate = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;
  #complaint = "";

  /** Begins at once. */
  constructor(options: WebhooksOptions) {
    this.#options = options;
    this.#pace = new Pace(() => options.engine.calledAt);
    this.#unsubscribe = options.feed.subscribe((records) => {
      if (records.some(({ events }) => events.some(({ type }) => type.startsWith("webhook.")))) this.#look();
    });
    this.#look();
  }

  /** Ends all deliveries; resolves once other processes can take over. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#unsubscribe();
    clearTimeout(this.#timer);
    await this.#looking;
    await Promise.all(Array.from(this.#contests.keys(), (id) => this.#end(id)));
  }

  /** Looks at the webhooks now, or once more after the look under way. */
  #look(): void {
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    if (this.#looking !== undefined) {
      this.#isLate = true;
      return;
    }
    this.#looking = this.#tryToLook().finally(() => {
      this.#looking = undefined;
      const isLate = this.#isLate;
      this.#isLate = false;
      if (isLate) this.#look();
    });
  }

  async #tryToLook(): Promise<void> {
    try {
      const webhooks = await this.#options.engine.query({ type: "list_webhooks" }, ORCHESTRATOR);
      await this.#follow(webhooks);
      await this.#removeOld(webhooks);
      this.#complaint = "";
      this.#lookIn(LOOK_MS);
    } catch (error) {
      this.#complain(error);
      this.#lookIn(RETRY_MS);
    }
  }

  #lookIn(ms: number): void {
    clearTimeout(this.#timer);
    if (!this.#isClosed) this.#timer = setTimeout(() => this.#look(), ms);
  }

  /** Competes for the webhooks that are there, and no others. */
  async #follow(webhooks: readonly Webhook[]): Promise<void> {
    const wanted = new Map(webhooks.filter((each) => each.disabled === undefined).map((each) => [each.id, each]));
    const over = Array.from(this.#contests.keys()).filter((id) => !wanted.has(id));
    await Promise.all(over.map((id) => this.#end(id)));
    for (const id of this.#unpermitted) if (!wanted.has(id)) this.#unpermitted.delete(id);
    for (const webhook of wanted.values()) {
      const contest = this.#contests.get(webhook.id);
      if (contest === undefined) this.#begin(webhook);
      else if (JSON.stringify(contest.webhook) !== JSON.stringify(webhook)) {
        contest.webhook = webhook;
        contest.courier.wake();
      }
    }
  }

  #begin(webhook: Webhook): void {
    const { engine, feed, deliveries, log, version, onDelivery, random = Math.random } = this.#options;
    if (this.#isClosed || !this.#isPermitted(webhook)) return;
    const { id, name } = webhook;
    const sender = this.#options.openSender?.(webhook.url) ?? new Sender(webhook.url, this.#options);
    const courier = new Courier({
      engine,
      feed,
      deliveries,
      log,
      sender,
      pace: this.#pace,
      version,
      random,
      onDelivery,
      webhook: () => this.#contests.get(id)?.webhook ?? webhook,
      disable: async (why) => {
        log.warn(`Webhook ${name} is disabled: ${why}. webhook replay ${name} enables it`);
        await engine.execute({ type: "disable_webhook", name, id, why }, ORCHESTRATOR);
      },
    });
    const work = (signal: AbortSignal) => courier.run(signal);
    const leader = new Leader({ deliveries, name: nameOfStanding(id), log, work });
    this.#contests.set(id, { webhook, courier, sender, leader });
  }

  async #end(id: string): Promise<void> {
    const contest = this.#contests.get(id);
    if (contest === undefined) return;
    await contest.leader.close();
    contest.sender.close();
    this.#contests.delete(id);
  }

  /** Whether this process may connect to the receiver. Logs once if it may not. */
  #isPermitted({ id, name, url }: Webhook): boolean {
    const host = hostOf(url);
    if (this.#options.isPermitted(host)) return true;
    if (!this.#unpermitted.has(id)) {
      this.#options.log.warn(
        `Webhook ${name} is left to other processes, as this one may not connect to ${host}: --allow-net=${host} ` +
          "permits it",
      );
    }
    this.#unpermitted.add(id);
    return false;
  }

  /** Removes what is kept of webhooks that were removed, unless another process still delivers to them. */
  async #removeOld(webhooks: readonly Webhook[]): Promise<void> {
    const { deliveries, engine } = this.#options;
    const ids = new Set(webhooks.map(({ id }) => id));
    for (const name of await deliveries.names()) {
      const id = idInName(name);
      if (id === undefined || ids.has(id)) continue;
      await using lead = await deliveries.lead(name);
      if (lead !== undefined) await deliveries.remove(name);
    }
    const removed = this.#known.filter(({ id }) => !ids.has(id));
    this.#known = webhooks;
    for (const webhook of removed) await removeSecrets(deliveries, webhook);
    await removeOldSecrets(deliveries, webhooks, engine.now());
  }

  #complain(error: unknown): void {
    const complaint = `Cannot look for webhooks: ${error}`;
    const isExpected = error instanceof Unavailable && (error.code === "busy" || error.code === "closed");
    if (!isExpected && complaint !== this.#complaint) this.#options.log.warn(complaint);
    this.#complaint = complaint;
  }
}

/** The host and port of a URL, as permissions name them. */
export function hostOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port || (protocol === "https:" ? "443" : "80")}`;
}
