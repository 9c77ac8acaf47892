/**
 * A map by id that also finds the twin of an id: another id that differs only by Unicode normalization (NFC), so that
 * both look the same. Only ids that are not in NFC, which are rare, need a second index: O(1) for all others.
 */

/** A map by id, for reading. */
export interface ReadonlyIdMap<V> extends ReadonlyMap<string, V> {
  twinOf(id: string): string | undefined;
}

/** A set of ids that can be looked up. */
export type Names = Pick<ReadonlyIdMap<unknown>, "has" | "twinOf">;

export class IdMap<V> extends Map<string, V> implements ReadonlyIdMap<V> {
  /** The ids that are not in NFC, by their NFC form. */
  readonly #unnormalized = new Map<string, Set<string>>();

  constructor(entries: Iterable<readonly [string, V]> = []) {
    // Not by the constructor of Map, which would call `set` before there is a second index.
    super();
    for (const [id, value] of entries) this.set(id, value);
  }

  override set(id: string, value: V): this {
    const normal = normalOf(id);
    if (normal !== id) {
      const ids = this.#unnormalized.get(normal);
      if (ids === undefined) this.#unnormalized.set(normal, new Set([id]));
      else ids.add(id);
    }
    return super.set(id, value);
  }

  override delete(id: string): boolean {
    const normal = normalOf(id);
    const ids = normal === id ? undefined : this.#unnormalized.get(normal);
    ids?.delete(id);
    if (ids?.size === 0) this.#unnormalized.delete(normal);
    return super.delete(id);
  }

  override clear(): void {
    this.#unnormalized.clear();
    super.clear();
  }

  /** Another id in the map that looks the same, if there is one. */
  twinOf(id: string): string | undefined {
    const normal = normalOf(id);
    if (normal !== id && this.has(normal)) return normal;
    for (const other of this.#unnormalized.get(normal) ?? []) if (other !== id) return other;
    return undefined;
  }
}

/** An id in NFC. Characters below U+0300 neither combine with the one before nor decompose, so most ids are in NFC. */
function normalOf(id: string): string {
  return COMBINES_NEVER.test(id) ? id : id.normalize("NFC");
}

const COMBINES_NEVER = /^[\0-\u02ff]*$/;
