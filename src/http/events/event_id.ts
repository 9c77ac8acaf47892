/**
 * The ids of a stream's events: those of the notifications. A repair of the journal gives seqs away a second time, so after
 * one they end in `@` and the epoch: a client that continues after an event that was cut off is told so.
 */

/** A place in a stream: after a notification, or after a whole record. */
export interface EventPlace {
  readonly seq: number;
  readonly index?: number;
}

/** The id of an event, or of the end of a record, in an epoch of the journal. */
export function formatEventId(id: string, epoch: number): string {
  return epoch === 0 ? id : `${id}@${epoch}`;
}

/** The place that an id names; undefined if it is none. An id without epoch is of any that has the record. */
export function parseEventId(
  text: string,
): { readonly after: EventPlace; readonly epoch?: number } | undefined {
  const [, seq, index, epoch] = /^(\d{1,15})(?:\.(\d{1,15}))?(?:@(\d{1,15}))?$/.exec(text) ?? [];
  if (seq === undefined) return undefined;
  return {
    after: { seq: Number(seq), ...(index !== undefined && { index: Number(index) }) },
    ...(epoch !== undefined && { epoch: Number(epoch) }),
  };
}

/** The epoch in the name of a journal: its last part. That of a journal without a record is 0. */
export function epochOf(source: string | undefined): number {
  return source === undefined ? 0 : Number(source.slice(source.lastIndexOf("/") + 1));
}
