/**
 * The index of a full segment: a Bloom filter over the keys of its records, and the span of their times. It says for
 * certain that a segment lacks a key, and with a small error that it has one. It is a cache: it is used only if its digest is
 * right and it names the segment's last hash, and it may be deleted at any time.
 */

import { KEYS_VERSION, keysOfRecord } from "../../core/messages/history.ts";
import type { JournalRecord } from "../../core/messages/events.ts";
import { type Disk, writeAll } from "./disk.ts";
import { HASH_LENGTH, sha256 } from "./hash.ts";

/** What a reader looks for in a segment. */
export interface Wanted {
  /** Lists of keys: a record has at least one of each list. */
  readonly keys: readonly (readonly string[])[];
  /** Only records of this time or later, in milliseconds since the Unix epoch. */
  readonly from?: number;
  /** Only records before this time, in milliseconds since the Unix epoch. */
  readonly to?: number;
}

/** Bits for each key: with `HASHES` of them set, about one key of 2,000 seems to be there and is not. */
const BITS_PER_KEY = 16;

/** Bits that each key sets. */
const HASHES = 8;

/** Length of `,"sha256":"…"}` at the end of the file. */
const DIGEST_LENGTH = ',"sha256":""}'.length + HASH_LENGTH;

export class SegmentIndex {
  /** The hash of the segment's last record. */
  readonly hash: string;
  readonly #first: number;
  readonly #last: number;
  readonly #bits: Uint8Array;

  private constructor(
    { hash, first, last, bits }: {
      readonly hash: string;
      readonly first: number;
      readonly last: number;
      readonly bits: Uint8Array;
    },
  ) {
    this.hash = hash;
    this.#first = first;
    this.#last = last;
    this.#bits = bits;
  }

  /** Makes the index of all records of a segment, the last of which has `hash`. */
  static of(records: readonly JournalRecord[], hash: string): SegmentIndex {
    const keys = new Set<string>();
    let first = Infinity;
    let last = -Infinity;
    for (const record of records) {
      for (const key of keysOfRecord(record)) keys.add(key);
      first = Math.min(first, record.at);
      last = Math.max(last, record.at);
    }
    const bits = new Uint8Array(Math.max(1, Math.ceil(keys.size * BITS_PER_KEY / 8)));
    for (const key of keys) {
      for (const bit of bitsOf(key, bits)) bits[bit >> 3] = (bits[bit >> 3] ?? 0) | (1 << (bit & 7));
    }
    return new SegmentIndex({ hash, first, last, bits });
  }

  /** Whether the segment may have a wanted record. */
  mayHold({ keys, from = -Infinity, to = Infinity }: Wanted): boolean {
    if (this.#last < from || this.#first >= to) return false;
    return keys.every((list) => list.some((key) => this.#has(key)));
  }

  /** The content of its file. */
  encode(): string {
    const body = JSON.stringify({
      version: KEYS_VERSION,
      hash: this.hash,
      first: this.#first,
      last: this.#last,
      bits: this.#bits.toBase64(),
    });
    return `${body.slice(0, -1)},"sha256":"${sha256(body)}"}`;
  }

  /** Reads the content of a file; `damaged` if it is not one, `older` or `newer` if its keys are
   * those of another version of this program. */
  static decode(text: string): SegmentIndex | "damaged" | "older" | "newer" {
    const body = text.slice(0, -DIGEST_LENGTH) + "}";
    if (text !== `${body.slice(0, -1)},"sha256":"${sha256(body)}"}`) return "damaged";
    // The digest is right: this program or another version of it wrote it.
    const { version, hash, first, last, bits } = JSON.parse(body) as Readonly<Record<string, string | number>>;
    if (version !== KEYS_VERSION) return Number(version) > KEYS_VERSION ? "newer" : "older";
    return new SegmentIndex({
      hash: String(hash),
      first: Number(first),
      last: Number(last),
      bits: Uint8Array.fromBase64(String(bits)),
    });
  }

  #has(key: string): boolean {
    for (const bit of bitsOf(key, this.#bits)) {
      if (((this.#bits[bit >> 3] ?? 0) & (1 << (bit & 7))) === 0) return false;
    }
    return true;
  }
}

/** Reads an index file; undefined if there is none. */
export function readIndex(disk: Disk, path: string): ReturnType<typeof SegmentIndex.decode> | undefined {
  const bytes = disk.readFile(path);
  return bytes === undefined ? undefined : SegmentIndex.decode(new TextDecoder().decode(bytes));
}

/** Writes an index file. Nothing is synced: what a loss of power damages is made again. */
export function writeIndex(disk: Disk, path: string, index: SegmentIndex): void {
  const file = disk.open(`${path}.new`, "replace");
  try {
    writeAll(file, new TextEncoder().encode(index.encode()));
  } finally {
    file.close();
  }
  disk.rename(`${path}.new`, path);
}

/**
 * The bits of a key, by double hashing (Kirsch and Mitzenmacher, "Less Hashing, Same Performance", 2006) of two 32-bit
 * FNV-1a hashes with different starts.
 */
function* bitsOf(key: string, { length }: Uint8Array): Iterable<number> {
  const one = mixed(0x811c9dc5, key);
  // Odd, so that it is never 0.
  const two = mixed(0x9e3779b9, key) | 1;
  for (let n = 0; n < HASHES; n++) yield ((one + Math.imul(n, two)) >>> 0) % (length * 8);
}

function mixed(start: number, text: string): number {
  let hash = start;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  // Spreads the last characters over all bits: the finalizer of MurmurHash3.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
