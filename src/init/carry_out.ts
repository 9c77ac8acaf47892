/** Shows a change, asks, writes it, and keeps what was there before. */

import { Unavailable } from "../app/ports.ts";
import type { Start, UserPlaces } from "./clients.ts";
import { type ConfigFiles, PRIVATE_DIRECTORY_MODE, PRIVATE_MODE } from "./config_files.ts";
import { diffOf } from "./diff.ts";
import { type Edit, originalOf, type Place, type Planned, type PlanParts } from "./plan.ts";
import {
  formatRecord,
  type InitRecord,
  keptChange,
  MAX_KEPT_CHARACTERS,
  parseRecord,
  withChange,
  withoutChange,
} from "./record.ts";

export interface InitRequest {
  /** Whether nothing is asked. */
  readonly yes: boolean;
  readonly remove: boolean;
}

export interface InitParts {
  readonly places: UserPlaces;
  /** The project: the working directory. */
  readonly project: string;
  /** The directory of this program in the one for the user's data, for the record of what was changed. */
  readonly recordDirectory: string;
  /** How clients start the server. */
  readonly start: Start;
  /** Whether the server finds its plan by the directory that it is started in. */
  readonly findsProject: boolean;
  /** Whether the project is in no git repository, so that no plan is found by it. */
  readonly isOutsideGit: boolean;
  readonly files: ConfigFiles;
  /** SHA-256 of a text. */
  readonly digest: (text: string) => string;
  /** Prints a line without its control characters. */
  readonly print: (line: string) => void;
  /** Asks yes or no; undefined if there is no terminal. */
  readonly confirm: ((question: string) => boolean) | undefined;
}

/** `left`: the user did not confirm the change. `same`: it is to stay as it is. `failed`: it cannot be changed. */
export type Outcome = "written" | "left" | "same" | "failed";

/** The record in its directory. */
export const RECORD_FILE = "init.json";

/** Shows a change and writes it if that is wanted. */
export function carryOut(planned: Planned, { yes, remove }: InitRequest, parts: InitParts): Outcome {
  const { print, confirm } = parts;
  print(`${planned.title}: ${planned.path}`);
  if ("why" in planned) {
    print(`  stays as it is: ${planned.why}`);
    return planned.isFault === true ? "failed" : "same";
  }
  if (planned.after === undefined) print("  Nothing else is in this file, which init made: it is deleted.");
  for (const line of diffOf(planned.before ?? "", planned.after ?? "")) print(`  ${line}`);
  if (!yes && confirm?.(planned.after === undefined ? "Delete this file?" : "Write this?") !== true) return "left";
  if (parts.files.read(planned.path) !== planned.before) {
    throw new Unavailable(
      "storage_failed",
      `${planned.path} has changed meanwhile, and was left as it is: start init again`,
    );
  }
  if (remove) restore(planned, parts);
  else write(planned, parts);
  return "written";
}

export function planParts(parts: InitParts): PlanParts {
  return { files: parts.files, digest: parts.digest, record: readRecord(parts) };
}

/** What init has changed so far. */
export function readRecord({ files, recordDirectory }: Pick<InitParts, "files" | "recordDirectory">): InitRecord {
  const path = `${recordDirectory}/${RECORD_FILE}`;
  return recordIn(files.read(path), path);
}

function recordIn(text: string | undefined, path: string): InitRecord {
  if (text === undefined) return { directories: [], changes: [] };
  try {
    return parseRecord(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new Unavailable(
      "storage_failed",
      `Cannot read ${path}, which keeps what init has changed: ${cause.message}. Move it away: init --remove then finds ` +
        "its entries by their text",
      { cause },
    );
  }
}

/** Drops what is remembered of a part that is no longer there, with the directories that were made for it. */
export function forget({ path, kind }: Omit<Place, "title">, parts: InitParts): void {
  const record = readRecord(parts);
  const kept = keptChange(record, path, kind);
  if (kept === undefined) return;
  for (const directory of kept.directories.toReversed()) parts.files.removeEmptyDirectory(directory);
  changeRecord((record) => withoutChange(record, path, kind), parts);
}

function write(edit: Edit, parts: InitParts): void {
  const { path, kind, after = "" } = edit;
  const { files, digest, print } = parts;
  const record = readRecord(parts);
  const original = originalOf(edit, { record, digest });
  const directory = path.replace(/[/\\][^/\\]*$/, "");
  const missing = files.missingDirectories(directory);
  const isKept = original === null || original.length <= MAX_KEPT_CHARACTERS;
  // Before the change itself: a record of one that was not made does no harm.
  const change = (now: InitRecord) =>
    withChange(now, {
      path,
      kind,
      ...(isKept && { before: original }),
      written: digest(after),
      directories: [...keptChange(now, path, kind)?.directories ?? [], ...missing],
    });
  changeRecord(change, parts);
  files.makeDirectory(directory);
  files.replace(path, after);
  if (!isKept) print(`  Written. The file is longer than ${MAX_KEPT_CHARACTERS} characters, so no copy of it is kept.`);
  else print("  Written.");
}

function restore({ path, kind, after }: Edit, parts: InitParts): void {
  const { files, print } = parts;
  if (after === undefined) files.removeFile(path);
  else files.replace(path, after);
  forget({ path, kind }, parts);
  print(after === undefined ? "  Deleted." : "  Written.");
}

/** Changes what is remembered, whatever another init has added to it meanwhile. */
function changeRecord(change: (record: InitRecord) => InitRecord, { files, recordDirectory }: InitParts): void {
  const path = `${recordDirectory}/${RECORD_FILE}`;
  const made = files.missingDirectories(recordDirectory);
  files.makeDirectory(recordDirectory, PRIVATE_DIRECTORY_MODE);
  let emptied: readonly string[] = [];
  files.update(path, (text) => {
    const { directories: before, changes } = change(recordIn(text, path));
    const directories = [...before, ...made];
    emptied = changes.length === 0 ? directories : [];
    return changes.length === 0 ? undefined : formatRecord({ directories, changes });
  }, PRIVATE_MODE);
  for (const directory of emptied.toReversed()) files.removeEmptyDirectory(directory);
}
