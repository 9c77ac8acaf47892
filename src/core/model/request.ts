/**
 * Request ids. Each record has one. A caller may give a command an id of its own: a repeat with this id is not carried
 * out. The engine makes the ids of all other records; these begin with `#`.
 */

import { Refusal } from "./refusal.ts";
import { checkId } from "./values.ts";

/** The request of a caller. */
export interface CallerRequest {
  /** The id that the caller gave. */
  readonly id: string;
  /** The fingerprint of what the caller sent. */
  readonly fingerprint: string;
}

/** A request that was carried out. */
export interface PastRequest extends CallerRequest {
  /** The name of the caller, and of its token, if it had one. */
  readonly caller: string;
  readonly token?: string;
  /** Seq of its record. */
  readonly seq: number;
  /** The task that it claimed. */
  readonly claimed?: string;
}

/** Separates the id from the fingerprint in a record, and begins the ids that the engine makes. */
const SEPARATOR = "#";

/**
 * The request of a command.
 *
 * @param sent what the caller sent: the same for a repeat
 * @throws Refusal if the id is malformed, or has the form of those that the engine makes
 */
export function callerRequest(id: string, sent: unknown): CallerRequest {
  checkId(id, "Request id");
  if (id.startsWith(SEPARATOR)) {
    throw new Refusal("invalid_value", `Request id ${id} begins with #, as those of the server do: use another one`);
  }
  return { id, fingerprint: fingerprintOf(sent) };
}

/** A request in the form that records have: `ID#FINGERPRINT`. */
export function formatRequest({ id, fingerprint }: CallerRequest): string {
  return id + SEPARATOR + fingerprint;
}

/** The caller's request of a record; undefined if the engine made its id. */
export function parseRequest(request: string): CallerRequest | undefined {
  const end = request.lastIndexOf(SEPARATOR);
  return end <= 0 ? undefined : { id: request.slice(0, end), fingerprint: request.slice(end + SEPARATOR.length) };
}

/** A request id that the engine makes: `prefix` is unique to it, `number` to the command. */
export function engineRequest(prefix: string, number: number): string {
  return `${SEPARATOR}${prefix}-${number}`;
}

/**
 * The same for two calls that have the same values, whatever the order of their fields; for others almost certainly not. It is in the journal, so it never changes.
 *
 * FNV-1a with 32 bits (Fowler, Noll, Vo) over the UTF-16 code units of the JSON with sorted keys, forwards and backwards.
 * It finds mistakes of one caller, so it need not resist attacks.
 */
export function fingerprintOf(sent: unknown): string {
  const json = JSON.stringify(sent, sortKeys);
  let forwards = FNV_BASIS;
  let backwards = FNV_BASIS;
  for (let index = 0; index < json.length; index++) {
    forwards = Math.imul(forwards ^ json.charCodeAt(index), FNV_PRIME);
    backwards = Math.imul(backwards ^ json.charCodeAt(json.length - 1 - index), FNV_PRIME);
  }
  return hex(forwards) + hex(backwards);
}

const FNV_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

function hex(bits: number): string {
  return (bits >>> 0).toString(16).padStart(8, "0");
}

/** For `JSON.stringify`: the keys of an object in one order. Those that are integers come first in any object. */
function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1));
}
