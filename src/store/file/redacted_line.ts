/**
 * The form of a redacted record in a journal (docs/data.md): its body without the texts, then `redacted`, then the hash
 * that the record has had since it was written:
 *
 *     {"v":5,"seq":12,…,"redacted":{"digest":"…","body":"…","seq":34},"hash":"…"}
 *
 * `digest` is the SHA-256 of the body as it was, of which the hash is made, so the chain can be verified. `body` is that of
 * the body as it is: a reader finds a flipped byte by it. It proves nothing, as whoever changes a body can change it, too;
 * but record `seq`, that of the redaction, has the same digest, and the chain covers that one. `verify` compares them.
 */

import { redactEvents, type Redaction } from "../../core/messages/redact.ts";
import type { Event } from "../../core/messages/events.ts";
import { sha256 } from "./hash.ts";

/** What a redacted line says beside its record. */
export interface Redacted {
  /** The record without the texts and without `redacted`, as JSON. */
  readonly body: string;
  /** The SHA-256 of `body`. */
  readonly bodyDigest: string;
  /** The SHA-256 of the body as it was; undefined where the hash was made of the body itself, in one step. */
  readonly digest?: string;
  /** The seq of the record of the redaction. */
  readonly by: number;
}

/** Reads what `formatRedacted` wrote, given a line without its hash; undefined if it is something else. */
export function readRedacted(line: string): Redacted | undefined {
  const [end, digest, bodyDigest, by] =
    /,"redacted":\{(?:"digest":"([0-9a-f]{64})",)?"body":"([0-9a-f]{64})","seq":(\d{1,15})\}\}$/.exec(
      line.slice(-MAX_END_LENGTH),
    ) ?? [];
  if (end === undefined || bodyDigest === undefined) return undefined;
  const body = line.slice(0, -end.length) + "}";
  if (sha256(body) !== bodyDigest) return undefined;
  return { body, bodyDigest, ...(digest !== undefined && { digest }), by: Number(by) };
}

/** Length of the longest `,"redacted":…}`. */
const MAX_END_LENGTH = 250;

/** The line of a redacted record, with its line feed. */
export function formatRedacted({ body, bodyDigest, digest, by }: Redacted, hash: string): string {
  const redacted = JSON.stringify({ ...(digest !== undefined && { digest }), body: bodyDigest, seq: by });
  return `${body.slice(0, -1)},"redacted":${redacted},"hash":"${hash}"}\n`;
}

/** A body without the texts; undefined if it has none of them. */
export function redactBody(body: string, redaction: Redaction): string | undefined {
  // Every body in a journal is a record, whose other fields stay as they are.
  const record = JSON.parse(body) as { readonly events: readonly Event[] };
  const events = redactEvents(record.events, redaction);
  return events === record.events ? undefined : JSON.stringify({ ...record, events });
}
