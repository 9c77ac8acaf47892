/**
 * What init has changed on this machine, and what each file was before: so all of it can be taken back, byte for byte where
 * nobody has changed a file since. A lost record loses only that. Pure.
 */

import * as z from "zod";
import type { PartKind } from "./part.ts";

/** Most changes that are kept; the oldest are forgotten, and then taken back by their text alone. */
export const MAX_CHANGES = 200;

/** Longest text that is kept of a file, in UTF-16 code units. */
export const MAX_KEPT_CHARACTERS = 1024 * 1024;

const kind = z.union([
  z.object({
    type: z.literal("entry"),
    format: z.enum(["json", "toml"]),
    container: z.string(),
    name: z.string(),
  }),
  z.object({ type: z.literal("paragraph") }),
]);

const change = z.object({
  path: z.string(),
  kind,
  /** The text before; null if there was no file, absent if it was too long to keep. */
  before: z.string().nullable().optional(),
  /** SHA-256 of the text that init wrote. */
  written: z.string(),
  /** The directories that were made for it, the outermost first. */
  directories: z.array(z.string()),
});

const record = z.object({
  version: z.literal(1),
  /** The directories that were made for the record itself, the outermost first. */
  directories: z.array(z.string()),
  /** The oldest first. */
  changes: z.array(change),
});

export type KeptChange = Readonly<z.infer<typeof change>>;

export interface InitRecord {
  readonly directories: readonly string[];
  readonly changes: readonly KeptChange[];
}

/** @throws SyntaxError if it is no record, or one of a newer version */
export function parseRecord(text: string): InitRecord {
  const { data } = record.safeParse(JSON.parse(text));
  if (data === undefined) throw new SyntaxError("it is no record of this version of init");
  const { directories, changes } = data;
  return { directories, changes };
}

export function formatRecord({ directories, changes }: InitRecord): string {
  return JSON.stringify({ version: 1, directories, changes }, undefined, 2) + "\n";
}

/** The change that is kept of a part of a file; undefined if there is none. */
export function keptChange({ changes }: InitRecord, path: string, kind: PartKind): KeptChange | undefined {
  return changes.find((change) => change.path === path && isSame(change.kind, kind));
}

/** The record with one change more, which takes the place of an earlier one of the same part. */
export function withChange(record: InitRecord, change: KeptChange): InitRecord {
  const { changes } = withoutChange(record, change.path, change.kind);
  return { ...record, changes: [...changes, change].slice(-MAX_CHANGES) };
}

export function withoutChange(record: InitRecord, path: string, kind: PartKind): InitRecord {
  const changes = record.changes.filter((change) => change.path !== path || !isSame(change.kind, kind));
  return { ...record, changes };
}

function isSame(one: PartKind, other: PartKind): boolean {
  if (one.type === "paragraph" || other.type === "paragraph") return one.type === other.type;
  return one.container === other.container && one.name === other.name;
}
