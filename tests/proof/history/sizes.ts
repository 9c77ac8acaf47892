/** The sizes of a store and its engine that tests shrink, kept in the relation of the real ones. */

import { MAX_BATCH_BYTES } from "../../../src/app/batch.ts";
import { CHUNK_BYTES, SEGMENT_BYTES } from "../../../src/store/file/segments.ts";

/** In bytes. */
export interface Sizes {
  /** Size at which a segment is followed by the next. */
  readonly segmentBytes: number;
  /** How much of a segment is read at once. */
  readonly chunkBytes: number;
  /** Size at which a transaction takes up no further calls. */
  readonly maxBatchBytes: number;
}

/** The sizes that stand to a segment as the real ones do. */
export function sizesOf(segmentBytes: number): Sizes {
  return {
    segmentBytes,
    chunkBytes: Math.ceil(segmentBytes * CHUNK_BYTES / SEGMENT_BYTES),
    maxBatchBytes: Math.ceil(segmentBytes * MAX_BATCH_BYTES / SEGMENT_BYTES),
  };
}
