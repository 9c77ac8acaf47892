/** Splits a stream of bytes into lines. */

/** Bytes kept of each end of an over-long message, to find its id. */
const KEPT_BYTES = 256;

const LINE_FEED = 10;

/** A line without its line feed. */
export interface Line {
  readonly bytes: Uint8Array;
  /** Whether the line exceeds the bound: `bytes` then has only its beginning and its end. */
  readonly isTooLong: boolean;
}

/** Splits in time linear in the bytes, and keeps at most `maxBytes` and a chunk. */
export class LineSplitter {
  readonly #maxBytes: number;
  #parts: Uint8Array[] = [];
  #length = 0;

  /** @param maxBytes of a longer line, only the beginning and the end are kept */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that end in this chunk. */
  *push(chunk: Uint8Array): Iterable<Line> {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      this.#add(chunk.subarray(start, end));
      yield this.#take();
      start = end + 1;
    }
    if (start < chunk.length) this.#add(chunk.slice(start));
  }

  #add(part: Uint8Array): void {
    this.#length += part.length;
    this.#parts.push(part);
    if (this.#length <= this.#maxBytes) return;
    const all = concat(this.#parts);
    this.#parts = [all.slice(0, KEPT_BYTES), all.slice(-KEPT_BYTES)];
  }

  #take(): Line {
    const line = { bytes: concat(this.#parts), isTooLong: this.#length > this.#maxBytes };
    this.#parts = [];
    this.#length = 0;
    return line;
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1 && parts[0] !== undefined) return parts[0];
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}
