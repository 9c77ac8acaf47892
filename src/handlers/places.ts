/**
 * How far each handler has come in the journal, and how often its next notification has failed. Kept in one durable text,
 * so that another process goes on from there.
 */

import * as z from "zod";
import type { Deliveries } from "../app/ports.ts";

export interface Place {
  /** All notifications up to here are handled or passed over. */
  readonly at: { readonly seq: number; readonly index?: number };
  /** The journal of that place; absent if that had no record. */
  readonly source?: string;
  /** How often the next notification has failed. */
  readonly tries: number;
  /** The last notification that was passed over, and when, in milliseconds since the Unix epoch. */
  readonly passedOver?: { readonly id: string; readonly at: number };
}

/** The name under which processes compete to run the handlers of a file, and keep how far these have come. */
export function nameOfPlaces(id: string): string {
  return `handlers-${id}`;
}

/** Whether the text under this name is one of places. */
export function isNameOfPlaces(name: string): boolean {
  return name.startsWith("handlers-");
}

const places = z.object({
  version: z.literal(1),
  handlers: z.record(
    z.string(),
    z.object({
      at: z.object({ seq: z.int(), index: z.exactOptional(z.int()) }),
      source: z.exactOptional(z.string()),
      tries: z.int(),
      passedOver: z.exactOptional(z.object({ id: z.string(), at: z.int() })),
    }),
  ),
});

/**
 * The place of each handler, by its name.
 *
 * @throws SyntaxError if the text is not one that `Places` saved
 */
export function parsePlaces(name: string, text: string): ReadonlyMap<string, Place> {
  try {
    return new Map(Object.entries(places.parse(JSON.parse(text)).handlers));
  } catch (cause) {
    throw new SyntaxError(
      `Cannot read ${name}.json in deliveries: restore it from a backup, or remove it, so that handlers begin with what ` +
        "comes next",
      { cause },
    );
  }
}

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
    return new Places(deliveries, name, new Map(text === undefined ? [] : parsePlaces(name, text)));
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

  /** Changes a place, but for `passedOver` if that is not given; it is written within `LAZY_MS`. */
  move(handler: string, place: Place): void {
    const { passedOver } = this.#places.get(handler) ?? {};
    this.#places.set(handler, { ...(passedOver !== undefined && { passedOver }), ...place });
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
