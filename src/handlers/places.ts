/**
 * How far each handler has come in the journal, and how often its next notification has failed. Kept in one durable text,
 * so that another process goes on from there.
 */

import { z } from "zod";
import type { Deliveries } from "../app/ports.ts";

export interface Place {
  /** All notifications up to here are handled or passed over. */
  readonly at: { readonly seq: number; readonly index?: number };
  /** The journal of that place; absent if that had no record. */
  readonly source?: string;
  /** How often the next notification has failed. */
  readonly tries: number;
}

const places = z.object({
  version: z.literal(1),
  handlers: z.record(
    z.string(),
    z.object({
      at: z.object({ seq: z.int(), index: z.exactOptional(z.int()) }),
      source: z.exactOptional(z.string()),
      tries: z.int(),
    }),
  ),
});

/** Time between two writes of places that came further without running anything, in milliseconds. */
const LAZY_MS = 5_000;

export class Places implements AsyncDisposable {
  readonly #deliveries: Pick<Deliveries, "load" | "save">;
  readonly #name: string;
  readonly #places: Map<string, Place>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The write under way, and the one that is to follow it. */
  #writing: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  private constructor(deliveries: Pick<Deliveries, "load" | "save">, name: string, places: Map<string, Place>) {
    this.#deliveries = deliveries;
    this.#name = name;
    this.#places = places;
  }

  /**
   * Reads the places that were saved under a name.
   *
   * @throws SyntaxError if the text cannot be read
   */
  static async load(deliveries: Pick<Deliveries, "load" | "save">, name: string): Promise<Places> {
    const text = await deliveries.load(name);
    if (text === undefined) return new Places(deliveries, name, new Map());
    try {
      return new Places(deliveries, name, new Map(Object.entries(places.parse(JSON.parse(text)).handlers)));
    } catch (cause) {
      throw new SyntaxError(
        `Cannot read ${name}.json in deliveries: restore it from a backup, or remove it, so that handlers begin with what ` +
          "comes next",
        { cause },
      );
    }
  }

  /** Writes what is not written yet. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#timer !== undefined) await this.save();
  }

  get(handler: string): Place | undefined {
    return this.#places.get(handler);
  }

  /** Forgets all handlers but these. */
  keepOnly(handlers: readonly string[]): void {
    for (const name of this.#places.keys()) if (!handlers.includes(name)) this.#places.delete(name);
  }

  /** Changes a place; it is written within `LAZY_MS`. */
  move(handler: string, place: Place): void {
    this.#places.set(handler, place);
    // Disposing writes it, too: a failure is reported there or by the next save.
    this.#timer ??= setTimeout(() => this.save().catch(() => {}), LAZY_MS);
  }

  /** Writes all places; resolves once they are durable. Calls at the same time share a write. */
  save(): Promise<void> {
    return this.#next ??= this.#writing.catch(() => {}).then(() => {
      this.#next = undefined;
      clearTimeout(this.#timer);
      this.#timer = undefined;
      const text = JSON.stringify({ version: 1, handlers: Object.fromEntries(this.#places) });
      return this.#writing = this.#deliveries.save(this.#name, text);
    });
  }
}
