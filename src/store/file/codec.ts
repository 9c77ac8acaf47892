/**
 * The form of a record in a journal: one line of JSON. It ends with a hash over itself and the hash of the line before, so
 * that a flipped byte, a missing line and a changed history are found. This is a published format: if it changes, the
 * docs and `FORMAT_VERSION` change, too.
 *
 * Since format 3 the hash is made in two steps: over the hash before and the digest of the record. So the chain can be
 * verified although a record was redacted, as `redacted_line.ts` keeps its digest. Programs that know format 2 only take such a line for a
 * torn one, and would cut it off. Therefore the first record of format 3 in a journal has a hash in one step, over the hash
 * before and the record itself, as formats 1 and 2 have: older programs see a newer format there, and stop.
 */

import { type Draft, EVENT_TYPES, type JournalRecord } from "../../core/messages/events.ts";
import { upcast2to3 } from "../../core/messages/upcast.ts";
import { HASH_LENGTH, sha256 } from "./hash.ts";
import { readRedacted, type Redacted } from "./redacted_line.ts";

/** Version of the record format, the `v` of every record. */
export const FORMAT_VERSION = 5;

/** The first format with hashes in two steps. */
export const TWO_STEP_VERSION = 3;

/** What to do if a newer version of this program wrote the data. */
export const RESTART = "Restart this MCP server: it is older than the data; if it stays so, update the program";

/** The hash "before" the first record. */
export const GENESIS_HASH = "0".repeat(HASH_LENGTH);

/** Length of `,"hash":"…"}` at the end of a line, without the line feed. */
const HASH_SUFFIX_LENGTH = ',"hash":""}'.length + HASH_LENGTH;

/** A line and the hash in it. */
export interface EncodedRecord {
  /** With the line feed. */
  readonly line: string;
  readonly hash: string;
}

/** Why a line is not the record that belongs in its place. */
export type LineFault =
  /** Damaged, or torn by a crash. */
  | { readonly type: "invalid"; readonly why: string }
  /** A later record: lines before it are missing, which no crash can cause. */
  | { readonly type: "misplaced"; readonly why: string }
  /** Whole, but written by a newer version of this program. */
  | { readonly type: "unknown"; readonly why: string };

/** The place of a record in the journal. */
export interface Place {
  readonly seq: number;
  /** The hash of the record before. */
  readonly previous: string;
  /** Whether no record before it has format 3 or a newer one. Default: false. */
  readonly isFirstOfFormat?: boolean;
}

/** Encodes a draft as the record of a place. */
export function encodeRecord(
  { at, actor, via, request, command, groups, events }: Draft,
  { seq, previous, isFirstOfFormat = false }: Place,
): EncodedRecord {
  const body = JSON.stringify({ v: FORMAT_VERSION, seq, at, actor, via, request, command, groups, events });
  const hash = isFirstOfFormat ? sha256(previous + body) : twoStepHash(previous, sha256(body));
  return { line: `${body.slice(0, -1)},"hash":"${hash}"}\n`, hash };
}

/** The hash of a record in two steps, given the digest of its body. */
function twoStepHash(previous: string, digest: string): string {
  return sha256(previous + digest);
}

/** A line in three parts. */
export interface LineParts {
  /** The format version; 0 if there is none. */
  readonly version: number;
  /** The record without its hash, as JSON. */
  readonly body: string;
  readonly hash: string;
  /** Whether the end of the line has the form of a hash. */
  readonly hasHash: boolean;
}

/** Splits a line (without line feed). */
export function splitLine(line: string): LineParts {
  const suffix = line.slice(-HASH_SUFFIX_LENGTH);
  return {
    version: leadingVersion(line) ?? 0,
    body: line.slice(0, -HASH_SUFFIX_LENGTH) + "}",
    hash: suffix.slice(9, -2),
    hasHash: suffix.startsWith(',"hash":"') && suffix.endsWith('"}'),
  };
}

/** How a hash was made of a body; undefined if it was not. */
export function stepsOf({ version, body, hash }: LineParts, previous: string): 1 | 2 | undefined {
  if (version >= TWO_STEP_VERSION && hash === twoStepHash(previous, sha256(body))) return 2;
  return hash === sha256(previous + body) ? 1 : undefined;
}

/** A record, its hash, and how it was redacted, if it was. */
export interface DecodedRecord {
  readonly record: JournalRecord;
  readonly hash: string;
  readonly redacted?: Redacted;
}

/** Decodes the line (without line feed) of the record of a place. */
export function decodeRecord(line: string, place: Pick<Place, "seq" | "previous">): DecodedRecord | LineFault {
  const parts = splitLine(line);
  const { version, hash } = parts;
  const isWhole = parts.hasHash && stepsOf(parts, place.previous) !== undefined;
  const redacted = isWhole || !parts.hasHash ? undefined : readRedacted(parts.body);
  // Without the digest of what stood there, the hash is taken on the word of the redaction.
  const isLinked = redacted !== undefined &&
    (redacted.digest === undefined || hash === twoStepHash(place.previous, redacted.digest));
  // Checked before the version, so that newer records differ from damaged ones.
  if (!isWhole && !isLinked) {
    const seq = leadingSeq(line) ?? 0;
    return seq > place.seq
      ? { type: "misplaced", why: `its seq is ${seq}, ${place.seq} is missing` }
      : { type: "invalid", why: "its hash does not match" };
  }
  if (version === 0) return { type: "invalid", why: "it is not a record" };
  if (version > FORMAT_VERSION) {
    return { type: "unknown", why: `it has format version ${version}, this program knows up to ${FORMAT_VERSION}` };
  }
  const parsed = parseBody(redacted?.body ?? parts.body);
  if (typeof parsed === "string") return { type: "unknown", why: parsed };
  if (parsed.seq !== place.seq) return { type: "invalid", why: `its seq is ${parsed.seq} instead of ${place.seq}` };
  const record = version < 3 ? upcast2to3(parsed) : parsed;
  return { record, hash, ...(redacted !== undefined && { redacted }) };
}

/** The hash at the end of a segment, given its last bytes; undefined if these do not end in a record. */
export function trailingHash(tail: string): string | undefined {
  return /,"hash":"([0-9a-f]{64})"\}\n$/.exec(tail)?.[1];
}

/** Bytes that `trailingHash` needs. */
export const TRAILING_HASH_BYTES = HASH_SUFFIX_LENGTH + 1;

/** The seq at the start of a line. */
export function leadingSeq(head: string): number | undefined {
  const seq = /^\{"v":\d+,"seq":(\d+),/.exec(head)?.[1];
  return seq === undefined ? undefined : Number(seq);
}

/** The format version at the start of a line. */
export function leadingVersion(head: string): number | undefined {
  const version = /^\{"v":(\d+),/.exec(head)?.[1];
  return version === undefined ? undefined : Number(version);
}

/** Bytes that `leadingSeq` needs. */
export const LEADING_SEQ_BYTES = 48;

const KNOWN_EVENTS: ReadonlySet<unknown> = new Set(EVENT_TYPES);

/**
 * Parses a body whose hash is right; returns a message if this program does not know its form. A right hash means that
 * this program or a newer one wrote it, so fields of known events are not checked again. No schema library, for speed:
 * every record passes here.
 */
function parseBody(body: string): JournalRecord | string {
  // Every field of the record is checked below.
  const { seq, at, actor, via, request, command, groups, events } = JSON.parse(body) as JournalRecord;
  const isRecord = Number.isSafeInteger(seq) && Number.isFinite(at) && typeof actor === "string" &&
    typeof command === "string" && Array.isArray(events);
  if (!isRecord) return "this program does not know its form";
  const unknown = events.find((event) => !KNOWN_EVENTS.has(event?.type));
  return unknown === undefined
    ? {
      seq,
      at,
      actor,
      ...(via !== undefined && { via }),
      ...(request !== undefined && { request }),
      command,
      ...(groups !== undefined && { groups }),
      events,
    }
    : `this program does not know its event ${JSON.stringify(unknown?.type)}`;
}
