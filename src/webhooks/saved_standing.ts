/**
 * The standing of one webhook with its text in the store. Changes that may be lost, at the price of a second delivery, are
 * saved together after a moment; all others at once.
 */

import { type Deliveries, type Log, Unavailable } from "../app/ports.ts";
import type { Webhook } from "../core/model/webhook.ts";
import { formatStanding, nameOfStanding, newStanding, parseStanding, type Standing } from "./standing.ts";

/** How long a change may wait until it is saved, in milliseconds. */
const SAVE_MS = 1_000;

export interface SavedStandingOptions {
  readonly deliveries: Deliveries;
  readonly log: Log;
  readonly webhook: Webhook;
}

export class SavedStanding implements AsyncDisposable {
  readonly #options: SavedStandingOptions;
  #now: Standing;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #saving: Promise<void> = Promise.resolve();
  #isChanged = false;
  #isClosed = false;
  /** The error of the last save, so that it is logged only once. */
  #complaint = "";

  private constructor(options: SavedStandingOptions, now: Standing) {
    this.#options = options;
    this.#now = now;
  }

  /** Loads what was saved last; one that cannot be read is as if there were none. */
  static async load(options: SavedStandingOptions): Promise<SavedStanding> {
    const { deliveries, log, webhook } = options;
    const text = await deliveries.load(nameOfStanding(webhook.id));
    const standing = text === undefined ? undefined : parseStanding(text);
    if (text !== undefined && standing === undefined) {
      log.warn(
        `Cannot read what was delivered to webhook ${webhook.name}: all events since it was added are delivered again`,
      );
    }
    return new SavedStanding(options, standing ?? newStanding(webhook));
  }

  get now(): Standing {
    return this.#now;
  }

  /** Changes some fields, removes one, and saves that after a moment. */
  change(fields: Partial<Standing>, removed?: "retryAt"): void {
    const all = { ...this.#now, ...fields };
    const { retryAt: _, ...rest } = all;
    this.#now = removed === undefined ? all : rest;
    this.#isChanged = true;
    this.#saveSoon();
  }

  /** Replaces it, and resolves once that is saved, or cannot be. */
  async replace(standing: Standing): Promise<void> {
    this.#now = standing;
    this.#isChanged = true;
    await this.#save();
  }

  /** Saves what is not saved yet. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#save();
  }

  #saveSoon(): void {
    if (!this.#isClosed) this.#timer ??= setTimeout(() => void this.#save(), SAVE_MS);
  }

  /** Saves the newest standing after a save under way. Never rejects: what could not be saved is tried again. */
  #save(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return this.#saving = this.#saving.then(() => this.#saveNow());
  }

  async #saveNow(): Promise<void> {
    if (!this.#isChanged) return;
    this.#isChanged = false;
    const { deliveries, log, webhook } = this.#options;
    try {
      await deliveries.save(nameOfStanding(webhook.id), formatStanding(this.#now));
      this.#complaint = "";
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      this.#isChanged = true;
      this.#saveSoon();
      const complaint = `Cannot keep what was delivered to webhook ${webhook.name}, which may get it twice: ${error}`;
      if (complaint !== this.#complaint) log.warn(complaint);
      this.#complaint = complaint;
    }
  }
}
