/** The composition of `copy`: a plan with its whole history, from one store to another. */

import { copyJournal, refuseEmpty } from "../app/copy.ts";
import type { Log, RawJournal } from "../app/ports.ts";
import type { CopyCommand } from "../cli/copy_arguments.ts";
import type { NamedLocation, StoredLocation } from "../cli/location.ts";
import { storeKind } from "../cli/option_values.ts";
import { counted } from "../core/model/text.ts";
import { realDisk } from "../store/file/disk.ts";
import { RawDirectory } from "../store/file/raw_directory.ts";

export interface CopyParts {
  readonly location: NamedLocation;
  readonly locate: (
    named: NamedLocation & { readonly type: "data" | "database" },
    access: "read" | "create",
  ) => Promise<StoredLocation>;
  readonly log: Log;
  readonly print: (line: string) => void;
}

/** Copies, and prints what was copied; returns the exit code. */
export async function runCopy({ from, to }: CopyCommand, { location, locate, log, print }: CopyParts): Promise<number> {
  const project = location.type === "project" ? location.project : undefined;
  await using source = await openRaw(await locate(placeOf(from, project), "read"), { log, isReadOnly: true });
  await refuseEmpty(source);
  await using target = await openRaw(await locate(placeOf(to, project), "create"), { log, isReadOnly: false });
  const { records, added, hash } = await copyJournal(source, target);
  print(`Copied ${counted(added, "record")}: both have ${records} now`);
  print(`head: ${records}:${hash}`);
  return 0;
}

function placeOf(text: string, project: string | undefined): NamedLocation & { readonly type: "data" | "database" } {
  const isDatabase = /^postgres(ql)?:/.test(text);
  const kind = isDatabase ? storeKind(text) : undefined;
  return typeof kind === "object"
    ? { type: "database", url: kind.url, project }
    : { type: "data", directory: text, isInFiles: true };
}

interface OpenOptions {
  readonly log: Log;
  readonly isReadOnly: boolean;
}

async function openRaw(location: StoredLocation, { log, isReadOnly }: OpenOptions): Promise<RawJournal> {
  return location.store === "database"
    ? location.openRaw({ log, isReadOnly })
    : await RawDirectory.open({ directory: location.directory, disk: realDisk, isReadOnly });
}
