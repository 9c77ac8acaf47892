/** What init would change: each change of a file whole, before anything is written. Reads files only. */

import { Unavailable } from "../app/ports.ts";
import { type Start, startOn, type UserPlaces } from "./clients.ts";
import { type ConfigFiles, DanglingLink } from "./config_files.ts";
import { ConfigFault } from "./config_format.ts";
import { placeIn } from "./diff.ts";
import { findPart, isBlank, type PartKind, putEntry, putParagraph, takePart } from "./part.ts";
import { type InitRecord, keptChange } from "./record.ts";
import type { Target } from "./targets.ts";

/** A part of a file. */
export interface Place {
  /** The name of the client or of the part, shown before the change. */
  readonly title: string;
  /** The real path. */
  readonly path: string;
  readonly kind: PartKind;
}

/** A change of one part of a file. */
export interface Edit extends Place {
  /** Undefined: there is no file. */
  readonly before: string | undefined;
  /** Undefined: the file goes. */
  readonly after: string | undefined;
}

/** A part that stays as it is. */
export interface Kept extends Place {
  readonly why: string;
  /** Whether it should not: the file cannot be changed. */
  readonly isFault?: true;
}

export type Planned = Edit | Kept;

export interface PlanParts {
  readonly files: ConfigFiles;
  readonly record: InitRecord;
  /** SHA-256 of a text. */
  readonly digest: (text: string) => string;
}

export interface EntryOptions {
  readonly name: string;
  readonly start: Start;
  readonly places: UserPlaces;
  /** The directory that clients are to be told which do not start servers in the one of the project; undefined: none. */
  readonly told: string | undefined;
  /** Whether that directory is in no git repository: no server would find a plan by it. */
  readonly isOutsideGit: boolean;
}

/** The entry in the file of a client. */
export function planEntry(target: Target, options: EntryOptions, { files }: PlanParts): Planned {
  const { client, scope } = target;
  const { name, start, places, told, isOutsideGit } = options;
  const file = target.files.find((file) => files.exists(file)) ?? target.files[0];
  const isTold = told !== undefined && scope === "user" && !client.isAtProject;
  const full = startOn(places.os, isTold ? { ...start, env: { ...start.env, ORCHESTRATOR_PROJECT: told } } : start);
  const kind = { type: "entry", format: client.format, container: client.container, name } as const;
  const title = isTold
    ? `${client.title}, for ${told} alone, as it does not tell servers which project is open`
    : client.title;
  if (isTold && isOutsideGit) {
    const why = `${told} is in no git repository. Start init in the one that it is to work on, or with --project NAME`;
    return { title: client.title, path: file, kind, why, isFault: true };
  }
  return planPut({ title, path: file, kind }, files, (text) => putEntry(text, kind, client.entry(full)));
}

/** The paragraph in a file with instructions. */
export function planParagraph(file: string, server: string, { files }: PlanParts): Planned {
  const place = { title: "A paragraph for agents", path: file, kind: { type: "paragraph" } } as const;
  return planPut(place, files, (text) => putParagraph(text, server));
}

/** Takes a part out of a file; undefined if it has none of ours. */
export function planRemoval(
  { title, path, kind }: Place,
  { files, record, digest }: PlanParts,
): Edit | undefined {
  const text = files.read(path);
  if (text === undefined) return undefined;
  return reading(path, text, () => {
    const kept = keptChange(record, path, kind);
    const isUntouched = kept?.before !== undefined && kept.written === digest(text);
    if (!isUntouched && findPart(text, kind) !== "ours") return undefined;
    const rest = isUntouched ? kept.before ?? undefined : takePart(text, kind, kept?.before);
    const isGone = rest === undefined || (kept?.before === null && isBlank(rest));
    return { title, path, kind, before: text, after: isGone ? undefined : rest };
  });
}

/**
 * What a file is to be when the part is taken back: as it was before the first change, or, where it has been changed since,
 * as it is without the part; null if there is to be none.
 */
export function originalOf({ path, kind, before }: Edit, { record, digest }: Omit<PlanParts, "files">): string | null {
  const kept = keptChange(record, path, kind);
  if (before === undefined) return null;
  if (kept?.before !== undefined && kept.written === digest(before)) return kept.before;
  const rest = takePart(before, kind, kept?.before);
  return kept?.before === null && isBlank(rest) ? null : rest;
}

/** @param named by a path that may lead through symbolic links */
function planPut(
  named: Place,
  files: ConfigFiles,
  put: (text: string) => string,
): Planned {
  const { kind } = named;
  const path = realPathOf(named.path, files);
  if (typeof path !== "string") return { ...named, why: path.message, isFault: true };
  const place = { ...named, path };
  const before = files.read(path);
  return reading(path, before ?? "", () => {
    const found = findPart(before ?? "", kind);
    if (typeof found === "object") return { ...place, why: found.foreign };
    const after = put(before ?? "");
    return after === before ? { ...place, why: "it has this already" } : { ...place, before, after };
  });
}

function realPathOf(path: string, files: ConfigFiles): string | DanglingLink {
  try {
    return files.realPath(path);
  } catch (error) {
    if (error instanceof DanglingLink) return error;
    throw error;
  }
}

/** The path with symbolic links followed; its own, if one of them has no target, so that nothing is there. */
export function pathOfFile(path: string, files: ConfigFiles): string {
  const real = realPathOf(path, files);
  return typeof real === "string" ? real : path;
}

function reading<T>(path: string, text: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    // The stack is used up.
    const cause = error instanceof RangeError ? new ConfigFault(0, "it is nested too deeply to be read") : error;
    if (!(cause instanceof ConfigFault)) throw cause;
    const { line, column } = placeIn(text, cause.offset);
    throw new Unavailable(
      "storage_failed",
      `Cannot change ${path}: line ${line}, column ${column}: ${cause.message}. Nothing was changed. Mend the file, or ` +
        "name other clients with --client",
      { cause },
    );
  }
}
